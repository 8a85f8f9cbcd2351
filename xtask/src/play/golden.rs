//! The bits of the catalogue in WebAssembly, under Node.

use excite::Function;
use excite_play::Session;
use serde_json::json;

use super::browser::Tools;
use super::catalogue::inputs;
use super::file;

/// Asks the page's code for the value and the gradient of every function at the inputs of the golden bits, and compares them with the
/// library's.
pub fn check(tools: &Tools) -> Result<(), String> {
    let x: Vec<u32> = inputs::groups::<f32>().iter().flat_map(|group| &group.x).map(|x| x.to_bits()).collect();
    let request = |f: &Function| json!({ "ask": "function_bits", "function": f.name(), "inputs": x }).to_string();
    let requests: Vec<String> = Function::ALL.iter().map(request).collect();
    let page = file();
    let answers = tools.node("golden.mjs", &[page.as_os_str()], &json!(requests).to_string())?;
    let answers: Vec<String> =
        serde_json::from_str(&answers).map_err(|error| format!("Node's answers cannot be read: {error}"))?;
    let mut session = Session::default();
    let differs = requests.iter().zip(&answers).position(|(request, answer)| session.answer(request) != *answer);
    match differs {
        Some(index) => Err(format!("{}: other bits in WebAssembly", Function::ALL[index].name())),
        None if answers.len() != requests.len() => Err("Node did not answer for every function".to_owned()),
        None => {
            println!("{} functions at {} inputs: the same bits in WebAssembly", requests.len(), x.len());
            Ok(())
        }
    }
}
