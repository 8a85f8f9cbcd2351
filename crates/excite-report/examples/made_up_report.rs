//! Writes the report of a made-up comparison, to look at its form: `cargo run --example made_up_report -- report.html`.

#[path = "../tests/synthetic/mod.rs"]
mod synthetic;

use std::path::Path;

fn main() -> std::io::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "report.html".to_owned());
    let comparison = synthetic::comparison(&synthetic::Shape::default());
    excite_report::write_file(Path::new(&path), &excite_report::comparison_page(&comparison))
}
