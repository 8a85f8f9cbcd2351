//! The formats that a converter chose, of a model of TensorFlow Lite: shown without running it.

use std::io::Read;
use std::path::Path;

use excite_report::number::significant;
use excite_tasks::{ConvertedLayer, ConvertedModel};

use super::Arguments;
use crate::error::Failure;
use crate::output;
use crate::table::{Column, Table};

/// Whether a file is a model of TensorFlow Lite.
pub fn is_one(path: &Path) -> bool {
    let mut first = [0; 8];
    std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut first)).is_ok() && ConvertedModel::is_one(&first)
}

pub fn run(path: &Path, arguments: &Arguments) -> Result<(), Failure> {
    let table = table();
    arguments.shown.columns.check(&table.names().map(str::to_owned).collect::<Vec<_>>())?;
    let of_running = arguments.html.is_some()
        || arguments.emit.is_some()
        || arguments.files.is_any()
        || arguments.choice.has_budget();
    if of_running {
        return Err(Failure::Usage(format!(
            "{} is a model of TensorFlow Lite, which excite reads and does not run: give --json or nothing, or the ONNX model that it was \
             made of",
            path.display()
        )));
    }
    let model = ConvertedModel::read(path)?;
    if arguments.shown.json {
        return output::print(&output::json(&model)?);
    }
    let mut table = table;
    model.layers.iter().for_each(|layer| table.add(row(layer)));
    let about = "The formats that the converter chose. excite does not run such files: give the ONNX model and data to see what each costs.";
    let mut text = format!(
        "{}{}\n\n{}",
        output::headline(&model.headline),
        output::wrapped(about, output::text_width()),
        table.drawn(&arguments.shown.columns)
    );
    for layer in model.layers.iter().filter(|layer| !layer.note.is_empty()) {
        text += &output::wrapped(&format!("{}: {}", layer.name, layer.note), output::text_width());
        text.push('\n');
    }
    output::print(&text)
}

fn table() -> Table {
    Table::new([
        Column::path("layer"),
        Column::text("function").ranked(1),
        Column::text("type").ranked(2),
        Column::figure("scale").ranked(2),
        Column::figure("zero point").ranked(3),
        Column::figure("from").ranked(4).noted("from, to: least and largest number that the codes hold"),
        Column::figure("to").ranked(4),
        Column::figure("weight scales").ranked(6).noted("weight scales: 1, or one for each unit"),
        Column::text("operator").ranked(7),
    ])
}

fn row(layer: &ConvertedLayer) -> [String; 9] {
    let none = || "–".to_owned();
    let number = |value: Option<f64>| value.map_or_else(none, significant);
    [
        layer.name.clone(),
        layer.function.clone(),
        layer.r#type.clone(),
        number(layer.scale.map(f64::from)),
        layer.zero_point.map_or_else(none, |code| code.to_string()),
        number(layer.low),
        number(layer.high),
        layer.weight_scales.map_or_else(none, |count| count.to_string()),
        layer.operator.clone(),
    ]
}
