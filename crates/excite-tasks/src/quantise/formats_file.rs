//! The formats of a model's layers as a file, which people read and change: TOML.

use std::path::Path;

use excite_fixed::QFormat;
use excite_fixed::calibration::Grid;
use serde::{Deserialize, Serialize};

use super::record::LayerFormat;
use crate::Error;

/// The formats of the layers of a model.
///
/// ```
/// use excite_tasks::FormatsFile;
/// let text = "version = 1\n[[layer]]\nname = \"conv1\"\nformat = \"UQ3.5\"\n";
/// let formats = FormatsFile::parse(text)?;
/// assert_eq!(formats.layer[0].grid()?.high(), 7.96875);
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormatsFile {
    /// The version of this form.
    pub version: u32,
    /// The model that they were chosen for; it may be empty.
    #[serde(default)]
    pub model: String,
    /// The layers, each by its name.
    #[serde(default)]
    pub layer: Vec<GivenFormat>,
}

/// The format of a layer: a Q format, or bits with a scale and a zero point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenFormat {
    /// The layer's name.
    pub name: String,
    /// The number of bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits: Option<u32>,
    /// The step from one code to the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<f32>,
    /// The code of 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zero_point: Option<i64>,
    /// Whether the codes have a sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<bool>,
    /// A Q format, as `UQ3.5`, in place of the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
}

impl FormatsFile {
    /// The version of the form.
    pub const VERSION: u32 = 1;

    /// The formats of a recommendation.
    pub fn of(model: &str, layers: &[LayerFormat]) -> Self {
        let given = |layer: &LayerFormat| match layer.format {
            Some(format) => GivenFormat {
                name: layer.layer.clone(),
                bits: None,
                scale: None,
                zero_point: None,
                signed: None,
                format: Some(format.to_string()),
            },
            None => GivenFormat {
                name: layer.layer.clone(),
                bits: Some(layer.bits),
                scale: Some(layer.scale as f32),
                zero_point: Some(layer.zero_point),
                signed: Some(layer.least_code < 0),
                format: None,
            },
        };
        Self { version: Self::VERSION, model: model.to_owned(), layer: layers.iter().map(given).collect() }
    }

    /// The file's text.
    ///
    /// # Panics
    /// Never: every such value has a text.
    pub fn to_text(&self) -> String {
        let text = toml::to_string(self).expect("plain values in tables");
        format!(
            "# The format of each layer's activations: a number is scale · (code − zero_point). Read it back with\n\
             # excite quantise MODEL --input DATA --formats THIS_FILE. A layer that is left out stays in floats.\n{text}"
        )
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// If it is no such text, with the line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: Self = toml::from_str(text).map_err(|error| {
            let before = error.span().map_or("", |span| &text[..span.start.min(text.len())]);
            let line = 1 + before.matches('\n').count();
            format!("line {line}: {}", error.message().trim_end_matches('\n').replace('\n', ", "))
        })?;
        if file.version != Self::VERSION {
            return Err(format!("it has version {}, and this excite reads version {}", file.version, Self::VERSION));
        }
        for layer in &file.layer {
            layer.grid()?;
        }
        Ok(file)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, or is no such file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let fault = |fault: String| Error::Formats { path: path.to_owned(), fault };
        let text = std::fs::read_to_string(path).map_err(|error| fault(error.to_string()))?;
        Self::parse(&text).map_err(fault)
    }
}

impl GivenFormat {
    /// The numbers that the format holds.
    ///
    /// # Errors
    /// If it is no format.
    pub fn grid(&self) -> Result<Grid, String> {
        let wrong = |what: String| format!("the layer `{}`: {what}", self.name);
        if let Some(format) = &self.format {
            if self.bits.is_some() || self.scale.is_some() || self.zero_point.is_some() || self.signed.is_some() {
                return Err(wrong("give either a format or bits, scale and zero_point".to_owned()));
            }
            let format: QFormat = format.parse().map_err(|error| wrong(format!("{error}")))?;
            if !Grid::BITS.contains(&format.bits()) {
                return Err(wrong(format!("{format} has {} bits, and 2 to 16 can be simulated", format.bits())));
            }
            return Ok(format.into());
        }
        let (Some(bits), Some(scale)) = (self.bits, self.scale) else {
            return Err(wrong("it needs a format, as \"UQ3.5\", or bits and a scale".to_owned()));
        };
        if !Grid::BITS.contains(&bits) {
            return Err(wrong(format!("bits must be from 2 to 16, not {bits}")));
        }
        let half = 1_i64 << (bits - 1);
        let (least, largest) = if self.signed.unwrap_or(false) { (-half, half - 1) } else { (0, 2 * half - 1) };
        let zero_point = self.zero_point.unwrap_or(0);
        if !(least..=largest).contains(&zero_point) {
            return Err(wrong(format!("zero_point must be from {least} to {largest}, not {zero_point}")));
        }
        Grid::new(scale, zero_point, least, largest).map_err(|error| wrong(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_and_their_faults_named() {
        let good = "version = 1\n[[layer]]\nname = \"a\"\nbits = 8\nscale = 0.1\nzero_point = 3\n";
        let file = FormatsFile::parse(good).unwrap();
        let grid = file.layer[0].grid().unwrap();
        assert_eq!((grid.codes(), grid.zero_point(), grid.scale()), ((0, 255), 3, f64::from(0.1_f32)));
        assert_eq!(FormatsFile::parse(&file.to_text()).unwrap(), file);
        let layer =
            |more: &str| FormatsFile::parse(&format!("version = 1\n[[layer]]\nname = \"a\"\n{more}")).unwrap_err();
        for (more, says) in [
            ("", "needs a format"),
            ("bits = 17\nscale = 0.1", "from 2 to 16, not 17"),
            ("bits = 8\nscale = -1.0", "negative"),
            ("bits = 8\nscale = 0.1\nzero_point = 256", "from 0 to 255, not 256"),
            ("bits = 8\nscale = 0.1\nsigned = true\nzero_point = 128", "from -128 to 127"),
            ("format = \"Q9\"", "not a Q format"),
            ("format = \"UQ3.5\"\nbits = 8", "either"),
            ("bitz = 8", "line 4"),
        ] {
            assert!(layer(more).contains(says), "{more}: {}", layer(more));
        }
        assert!(FormatsFile::parse("version = 2").unwrap_err().contains("version 2"));
        assert!(FormatsFile::parse("x").unwrap_err().contains("line 1"));
    }
}
