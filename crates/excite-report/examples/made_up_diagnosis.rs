//! Writes the report of a made-up network, to look at its form: `cargo run --example made_up_diagnosis -- report.html [layers units]`.

#[path = "../tests/made_up/mod.rs"]
mod made_up;

use std::path::Path;

use excite_report::{Origin, diagnosis_page};
use excite_vitals::Diagnosis;

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let path = arguments.first().map_or("report.html", String::as_str);
    let number = |at: usize, default: usize| arguments.get(at).and_then(|text| text.parse().ok()).unwrap_or(default);
    let default = made_up::Shape::default();
    let shape = made_up::Shape { layers: number(1, default.layers), units: number(2, default.units), ..default };
    let vitals = made_up::vitals(&shape);
    let origin = Origin {
        command: "excite check network.onnx --input photos.npz --html report.html".to_owned(),
        data: "320 samples of photos.npz".to_owned(),
        not_seen: vec![("head/softmax".to_owned(), "softmax is a function of rows".to_owned())],
        ablations: vec!["With the one unit of dead-units set to 0, `y` does not change.".to_owned()],
        training: None,
    };
    excite_report::write_file(Path::new(path), &diagnosis_page(&vitals, &Diagnosis::of(&vitals), &origin))
}
