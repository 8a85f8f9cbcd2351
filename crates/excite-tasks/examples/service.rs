//! Checks models in a service: a client sends the path of an ONNX file in a line, and gets the health of its activations in a line of JSON.
//!
//! `cargo run --release -p excite-tasks --example service -- DATA.npz 127.0.0.1:7070`, and then for example `nc localhost 7070`.

use std::error::Error;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use excite_tasks::{CheckOptions, Data, InputOptions, NamedModel, Watcher, check};
use serde_json::{Value, json};

/// The longest that one request may take.
const PATIENCE: Duration = Duration::from_mins(1);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data, address] = &arguments[..] else { return Err("usage: service DATA.npz ADDRESS:PORT".into()) };
    let data = Data::files(&[data.into()], InputOptions::default())?;
    for stream in TcpListener::bind(address)?.incoming() {
        // A client that has gone is no reason to end the service.
        if let Err(error) = stream.and_then(|stream| answer(&stream, &data)) {
            eprintln!("{error}");
        }
    }
    Ok(())
}

/// Answers every line of a client.
fn answer(stream: &TcpStream, data: &Data) -> io::Result<()> {
    for line in BufReader::new(stream).lines() {
        let reply = health(&line?.into(), data).unwrap_or_else(|error| json!({ "error": error.to_string() }));
        writeln!(&mut &*stream, "{reply}")?;
    }
    Ok(())
}

/// What is known of the activations of a model.
fn health(model: &PathBuf, data: &Data) -> Result<Value, excite_tasks::Error> {
    let model = NamedModel::open(model)?;
    let checked = check(&model, data, &CheckOptions::default(), &Deadline(Instant::now() + PATIENCE))?;
    let judgement = &checked.diagnosis.judgement;
    Ok(json!({ "model": model.name(), "health": judgement.health, "headline": judgement.headline }))
}

/// Stops a check that takes too long.
struct Deadline(Instant);

impl Watcher for Deadline {
    fn is_stopping(&self) -> bool {
        Instant::now() > self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../excite-onnx/tests/models");

    #[test]
    fn a_client_gets_a_line_for_each_of_its_models() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let service = std::thread::spawn(move || {
            let data = Data::files(&[format!("{MODELS}/nmp.chords.npz").into()], InputOptions::default()).unwrap();
            answer(&listener.accept().unwrap().0, &data).unwrap();
        });
        let mut client = TcpStream::connect(address).unwrap();
        writeln!(client, "{MODELS}/nmp.onnx\nnowhere.onnx").unwrap();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        let replies: Vec<Value> =
            BufReader::new(client).lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
        service.join().unwrap();
        assert_eq!((&replies[0]["model"], &replies[0]["health"]), (&json!("nmp.onnx"), &json!("sound")));
        assert!(replies[1]["error"].as_str().unwrap().starts_with("nowhere.onnx: "), "{}", replies[1]);
    }
}
