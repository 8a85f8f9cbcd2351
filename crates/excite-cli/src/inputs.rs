//! Models and what goes into them, as the command line names them.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::ArgPredicate;
use excite_tasks::{Data, EngineChoice, EngineOptions, InputOptions, NamedModel, Pictures, Raw, UnitAxis};

use crate::error::Failure;
use crate::number::{count, finite, positive};

/// On which data a model is run.
#[derive(Args)]
#[command(next_help_heading = "Inputs")]
pub struct InputArguments {
    /// Files or folders with inputs [default: random numbers, which say little]
    #[arg(long, short, value_name = "PATH", num_args = 1..)]
    input: Vec<PathBuf>,
    /// Use at most N samples [default: all of them; 16 of random inputs]
    #[arg(long, value_name = "N", value_parser = count)]
    samples: Option<usize>,
    /// Batch size, for models whose batch axis is dynamic
    #[arg(long, value_name = "N", default_value = "8", value_parser = count)]
    batch: usize,

    /// Resize pictures to this size, where the model leaves it open
    #[arg(long, value_name = "HEIGHTxWIDTH", value_parser = size, help_heading = "Pictures")]
    resize: Option<(usize, usize)>,
    /// Use the mean and the standard deviation of ImageNet
    #[arg(long, conflicts_with_all = ["mean", "std"], help_heading = "Pictures")]
    imagenet: bool,
    /// Subtract this mean from the colours, which go from 0 to 1 [default: 0,0,0]
    #[arg(long, value_name = "R,G,B", value_parser = mean_of_colours, allow_hyphen_values = true, help_heading = "Pictures")]
    mean: Option<[f32; 3]>,
    /// Then divide by this standard deviation [default: 1,1,1]
    #[arg(long, value_name = "R,G,B", value_parser = deviation_of_colours, help_heading = "Pictures")]
    std: Option<[f32; 3]>,

    /// Shape of the numbers in a raw file, which has none of the known endings; a first size of 0 is as long as the file allows
    #[arg(long, value_name = "N,...", value_parser = shape, help_heading = "Raw and random numbers")]
    shape: Option<Shape>,
    /// Type of the numbers in a raw file: float32, float64, int64, int32, int16, int8 or uint8
    #[arg(
        long,
        value_name = "TYPE",
        default_value = "float32",
        requires = "shape",
        help_heading = "Raw and random numbers"
    )]
    dtype: String,
    /// Size of a dynamic axis for random inputs, by the name of the axis in the model
    #[arg(long, value_name = "NAME=N", value_parser = named_size, help_heading = "Raw and random numbers")]
    size: Vec<(String, usize)>,
    /// Seed of random inputs
    #[arg(long, value_name = "N", default_value = "0", help_heading = "Raw and random numbers")]
    seed: u64,

    /// Axis that holds the units (channels, features) of all layers or of one; -1 is the last [default: inferred from the graph]
    #[arg(long, value_name = "[LAYER=]AXIS", value_parser = unit_axis, allow_hyphen_values = true, help_heading = "Model")]
    unit_axis: Vec<(Option<String>, UnitAxis)>,
    /// Engine that runs the model: embedded, onnxruntime, or auto, which is ONNX Runtime if it is installed
    #[arg(
        long,
        default_value = "auto",
        default_value_if("onnxruntime", ArgPredicate::IsPresent, "onnxruntime"),
        help_heading = "Model"
    )]
    engine: EngineChoice,
    /// Shared library of ONNX Runtime, or its folder [default: ORT_DYLIB_PATH, or the package in the Python environment]
    #[arg(long, value_name = "PATH", help_heading = "Model")]
    onnxruntime: Option<PathBuf>,
}

impl InputArguments {
    /// Reads a model, with the axes of units that are given.
    pub fn open(&self, path: &Path) -> Result<NamedModel, Failure> {
        let options = EngineOptions { choice: self.engine, onnxruntime: self.onnxruntime.clone() };
        let mut model = NamedModel::open_with(path, &options)?;
        let engine = model.model().engine();
        if engine.name != "embedded" {
            eprintln!("Runs on {engine}.");
        }
        if let Some(note) = &engine.note {
            eprintln!("Note: {note}");
        }
        for (layer, axis) in &self.unit_axis {
            model.set_unit_axis(layer.as_deref(), *axis)?;
        }
        Ok(model)
    }

    /// Looks for the inputs.
    pub fn data(&self) -> Result<Data, Failure> {
        let defaults = if self.imagenet { Pictures::imagenet() } else { Pictures::default() };
        let options = InputOptions {
            pictures: Pictures {
                mean: self.mean.unwrap_or(defaults.mean),
                deviation: self.std.unwrap_or(defaults.deviation),
                size: self.resize,
            },
            raw: self.shape.as_ref().map(|shape| Raw { shape: shape.0.clone(), dtype: self.dtype.clone() }),
            sizes: self.size.iter().cloned().collect(),
        };
        let data = match &self.input[..] {
            [] => Data::random_of_sizes(self.seed, options),
            paths => Data::files(paths, options)?,
        };
        let data = data.with_batch(self.batch);
        Ok(if let Some(samples) = self.samples { data.with_samples(samples) } else { data })
    }
}

/// The shape of raw numbers.
#[derive(Clone)]
struct Shape(Vec<usize>);

fn shape(text: &str) -> Result<Shape, String> {
    let sizes = text.split(',').map(|size| size.trim().parse().ok()).collect::<Option<_>>();
    sizes.map(Shape).ok_or_else(|| "it must be whole numbers with commas between, as 0,3,224,224".to_owned())
}

fn size(text: &str) -> Result<(usize, usize), String> {
    let parse = |text: &str| count(text).ok();
    let sizes = match text.split_once(['x', '×']) {
        Some((height, width)) => parse(height).zip(parse(width)),
        None => parse(text).map(|size| (size, size)),
    };
    sizes.ok_or_else(|| "it must be a height and a width in pixels, as 224x224".to_owned())
}

fn colours(text: &str, parse: fn(&str) -> Result<f64, String>) -> Result<[f32; 3], String> {
    let numbers: Vec<f32> = text.split(',').map(|n| parse(n.trim()).map(|n| n as f32)).collect::<Result<_, _>>()?;
    match numbers[..] {
        [one] => Ok([one; 3]),
        [red, green, blue] => Ok([red, green, blue]),
        _ => Err("it must be three numbers, of red, green and blue, or one for all".to_owned()),
    }
}

fn mean_of_colours(text: &str) -> Result<[f32; 3], String> {
    colours(text, finite)
}

fn deviation_of_colours(text: &str) -> Result<[f32; 3], String> {
    colours(text, positive)
}

fn named_size(text: &str) -> Result<(String, usize), String> {
    let (name, size) = text.rsplit_once('=').ok_or("it must be a name and a size, as sequence_length=64")?;
    Ok((name.to_owned(), count(size)?))
}

fn unit_axis(text: &str) -> Result<(Option<String>, UnitAxis), String> {
    let (layer, axis) = match text.rsplit_once('=') {
        Some((layer, axis)) => (Some(layer.to_owned()), axis),
        None => (None, text),
    };
    let axis: isize = axis.parse().map_err(|_| "the axis must be a whole number, as 1 or -1")?;
    let axis = match usize::try_from(axis) {
        Ok(axis) => UnitAxis::Front(axis),
        Err(_) => UnitAxis::Back(axis.unsigned_abs() - 1),
    };
    Ok((layer, axis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_colours_and_axes_are_read() {
        assert_eq!((size("224"), size("20x30")), (Ok((224, 224)), Ok((20, 30))));
        assert!(["", "0x3", "x", "3x", "a"].iter().all(|text| size(text).is_err()));
        assert_eq!(mean_of_colours("0.5"), Ok([0.5; 3]));
        assert_eq!(mean_of_colours("-1, 0,1"), Ok([-1.0, 0.0, 1.0]));
        assert!(mean_of_colours("1,2").is_err() && deviation_of_colours("0,1,1").is_err());
        assert_eq!(unit_axis("-1"), Ok((None, UnitAxis::Back(0))));
        assert_eq!(unit_axis("/a=b/Relu=2"), Ok((Some("/a=b/Relu".into()), UnitAxis::Front(2))));
        assert!(unit_axis("x=").is_err() && named_size("n").is_err() && shape("1,x").is_err());
    }
}
