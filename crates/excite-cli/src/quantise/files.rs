//! The recommended setting written down.

use std::path::{Path, PathBuf};

use clap::Args;
use excite_tasks::ModelQuantisation;

use crate::error::Failure;
use crate::output;

/// Files that hold the recommended setting.
#[derive(Args)]
#[command(next_help_heading = "Output")]
pub struct Files {
    /// Write the model with QuantizeLinear and DequantizeLinear after each activation (QDQ), which ONNX Runtime runs
    #[arg(long, value_name = "FILE", conflicts_with = "function")]
    write_model: Option<PathBuf>,
    /// Write the format of each layer as TOML, which --formats reads
    #[arg(long, value_name = "FILE", conflicts_with = "function")]
    write_formats: Option<PathBuf>,
    /// Write the formats as JSON for ONNX Runtime's quantiser, its option TensorQuantOverrides
    #[arg(long, value_name = "FILE", conflicts_with = "function")]
    write_overrides: Option<PathBuf>,
    /// Write the table of the layers as CSV
    #[arg(long, value_name = "FILE", conflicts_with = "function")]
    csv: Option<PathBuf>,
}

impl Files {
    /// Refuses places that cannot be written, and files that nothing would be in, before anything runs.
    pub fn check(&self, no_simulation: bool) -> Result<(), Failure> {
        let named = [
            ("--write-model", &self.write_model),
            ("--write-formats", &self.write_formats),
            ("--write-overrides", &self.write_overrides),
            ("--csv", &self.csv),
        ];
        for (flag, path) in named {
            let Some(path) = path else { continue };
            if no_simulation {
                return Err(Failure::Usage(format!(
                    "{flag} writes the recommended setting, which --no-simulation leaves unknown: leave out one of them"
                )));
            }
            output::prepare_page(path)?;
        }
        Ok(())
    }

    /// Whether any was asked for.
    pub fn is_any(&self) -> bool {
        [&self.write_model, &self.write_formats, &self.write_overrides, &self.csv].into_iter().any(Option::is_some)
    }

    /// Writes what was asked for.
    pub fn write(&self, quantised: &ModelQuantisation) -> Result<(), Failure> {
        if let Some(path) = &self.write_model {
            write(path, &quantised.quantised_model()?)?;
        }
        if let Some(path) = &self.write_formats {
            write(path, quantised.formats_file()?.to_text().as_bytes())?;
        }
        if let Some(path) = &self.write_overrides {
            write(path, output::json(&quantised.tensor_quant_overrides()?)?.as_bytes())?;
        }
        if let Some(path) = &self.csv {
            write(path, quantised.table()?.as_bytes())?;
        }
        Ok(())
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    output::write_bytes(path, bytes)?;
    output::notice(&format!("wrote {}", path.display()));
    Ok(())
}
