//! Vitals on disk: JSON for people and other programs, a compact binary form for files.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use crate::sketch::{Histogram, Moments, Unit};
use crate::{LayerVitals, Vitals, VitalsError};

/// What a binary file begins with, followed by the version in four bytes, lowest first.
const MAGIC: &[u8] = b"\x89excite vitals\n";
/// Counts beyond this are damage: the sum of such counts over 65,536 units still is a u64.
const MOST: u64 = 1 << 48;
/// Sums beyond this are damage: the largest f32 times `MOST`, squared, is less, and sums of many files stay finite.
const LARGEST_SUM: f64 = 1e250;

impl Vitals {
    /// As JSON.
    ///
    /// # Errors
    /// None that is known: all figures are finite.
    pub fn to_json(&self) -> Result<String, VitalsError> {
        serde_json::to_string(self).map_err(|error| format(&error.to_string()))
    }

    /// As the binary form: about a quarter of the JSON.
    ///
    /// # Errors
    /// None that is known.
    pub fn to_bytes(&self) -> Result<Vec<u8>, VitalsError> {
        let head = [MAGIC, &Self::VERSION.to_le_bytes()].concat();
        postcard::to_extend(self, head).map_err(|error| format(&error.to_string()))
    }

    /// From either form.
    ///
    /// ```
    /// use excite_vitals::{LayerVitals, Vitals};
    /// let vitals = Vitals::new("mlp", vec![LayerVitals::new("fc1", "relu".parse()?, 2)]);
    /// assert_eq!(Vitals::from_bytes(&vitals.to_bytes()?)?, vitals);
    /// assert_eq!(Vitals::from_bytes(vitals.to_json()?.as_bytes())?, vitals);
    /// assert!(Vitals::from_bytes(b"\x89PNG").unwrap_err().to_string().starts_with("not readable as vitals"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If they are neither form, cut off, damaged, or of another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VitalsError> {
        let vitals: Self = if let Some(rest) = bytes.strip_prefix(MAGIC) {
            let Some((version, rest)) = rest.split_first_chunk() else { return Err(format("the file is cut off")) };
            check_version(u32::from_le_bytes(*version))?;
            let (vitals, rest) =
                postcard::take_from_bytes(rest).map_err(|_| format("the file is cut off or damaged"))?;
            if !rest.is_empty() {
                return Err(format(&std::format!("{} bytes follow after the end", rest.len())));
            }
            vitals
        } else if bytes.trim_ascii_start().starts_with(b"{") {
            #[derive(serde::Deserialize)]
            struct Version {
                version: u32,
            }
            let bad = |error: serde_json::Error| format(&error.to_string());
            check_version(serde_json::from_slice::<Version>(bytes).map_err(bad)?.version)?;
            serde_json::from_slice(bytes).map_err(bad)?
        } else {
            return Err(format("neither the JSON nor the binary form"));
        };
        vitals.check()?;
        Ok(vitals)
    }

    /// Reads a file of either form.
    ///
    /// # Errors
    /// If it cannot be read, or is not vitals.
    pub fn read(path: &Path) -> Result<Self, VitalsError> {
        let file = |error: io::Error| VitalsError::File { path: path.display().to_string(), error };
        let bytes = fs::read(path).map_err(file)?;
        Self::from_bytes(&bytes).map_err(|error| file(io::Error::new(io::ErrorKind::InvalidData, error.to_string())))
    }

    /// Writes a file: JSON if its name ends in `.json`, or else the binary form. The file is either written whole or left as it was.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), VitalsError> {
        let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        let bytes = if is_json { self.to_json()?.into_bytes() } else { self.to_bytes()? };
        write_file(path, &bytes).map_err(|error| VitalsError::File { path: path.display().to_string(), error })
    }

    /// Whether what was read can be: what a type alone does not say.
    fn check(&self) -> Result<(), VitalsError> {
        check_version(self.version)?;
        if self.runs > MOST {
            return Err(format("the number of runs is impossible"));
        }
        let features = self.input.iter().flat_map(|input| &input.features);
        if !features.into_iter().all(are_possible) {
            return Err(format("the figures of the inputs are impossible"));
        }
        for layer in &self.layers {
            layer.check()?;
        }
        Ok(())
    }
}

impl LayerVitals {
    fn check(&self) -> Result<(), VitalsError> {
        let fault = |fault: &str| Err(format(&std::format!("layer `{}`: {fault}", self.name())));
        if self.version() != Self::VERSION {
            return fault(&format!("version {}, this program reads {}", self.version(), Self::VERSION));
        }
        if self.samples() > MOST || !self.units().iter().all(is_possible) || !self.parameters_are_possible() {
            return fault("its figures are impossible");
        }
        let means_are_possible = self.means().all(|(count, sum)| count <= MOST && is_sum(sum));
        if !self.saturation().is_finite() || !means_are_possible {
            return fault("its figures are impossible");
        }
        let Histogram { counts, below, above, nan } = self.histogram();
        if counts.len() != Histogram::BINS || counts.iter().chain([below, above, nan]).any(|&count| count > MOST) {
            return fault("its histogram is impossible");
        }
        Ok(())
    }
}

fn is_possible(unit: &Unit) -> bool {
    let counts = [unit.signs, unit.not_positive, unit.low, unit.high, unit.at_cap];
    [&unit.z, &unit.a, &unit.slope].into_iter().all(are_possible)
        && counts.iter().all(|&count| count <= MOST)
        && is_sum(unit.size)
        && is_sum(unit.from_middle)
}

fn is_sum(sum: f64) -> bool {
    sum.abs() <= LARGEST_SUM
}

fn are_possible(moments: &Moments) -> bool {
    let Moments { count, mean, m2, min, max, nan, infinite } = *moments;
    // What comes of f32, so that sums and squares of it stay finite.
    let largest = f64::from(f32::MAX);
    [count, nan, infinite].iter().all(|&count| count <= MOST)
        && mean.abs() <= largest
        && (0.0..=4.0 * largest * largest * count as f64).contains(&m2)
        && (count == 0 || (-largest <= min && min <= max && max <= largest))
        && min.is_finite()
        && max.is_finite()
}

fn check_version(version: u32) -> Result<(), VitalsError> {
    if version == Vitals::VERSION {
        return Ok(());
    }
    Err(format(&std::format!("version {version}, this program reads version {}", Vitals::VERSION)))
}

fn format(fault: &str) -> VitalsError {
    VitalsError::Format { fault: fault.to_owned() }
}

/// Writes a file so that nobody ever finds half of it: to a temporary file beside it, which then takes its name.
///
/// # Errors
/// If it cannot be written; then what was there before is still there.
pub fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    #[cfg_attr(not(unix), expect(unused_mut, reason = "permissions are of Unix"))]
    let mut builder = tempfile::Builder::new();
    // Temporary files are for their owner alone; this is an ordinary file.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}
