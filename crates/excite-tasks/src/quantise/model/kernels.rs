//! Kernels for the activations of a model.

use excite::Function;
use excite_fixed::calibration::{Distribution, Method};
use excite_fixed::{Affine, AffineError, Code, Profile, Source};
use serde::{Deserialize, Serialize};

use super::{LayerDistribution, ModelQuantisation};
use crate::{Error, SkippedLayer};

/// The kernel of one activation.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// The kernel as source text.
    pub source: Source,
    /// What an index of several kernels says of it; its file is empty.
    pub entry: KernelEntry,
}

/// A kernel in an index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KernelEntry {
    /// The name of the activation.
    pub layer: String,
    /// Its function, with its parameters.
    pub function: String,
    /// The file that holds the kernel.
    pub file: String,
    /// The name of the kernel.
    pub name: String,
    /// The step from one input code to the next.
    pub input_scale: f32,
    /// The input code of 0.
    pub input_zero_point: i32,
    /// The step from one output code to the next.
    pub output_scale: f32,
    /// The output code of 0.
    pub output_zero_point: i32,
    /// The largest error over all codes, in steps of the output.
    pub max_error: f64,
    /// The checksum of all outputs.
    pub checksum: u32,
}

impl ModelQuantisation {
    /// The kernels of all activations in codes of 8 or 16 bits without a sign, and the activations that have none.
    ///
    /// # Errors
    /// If there are no kernels of `bits` bits, or no activation has one.
    pub fn kernels(&self, bits: u32) -> Result<(Vec<Kernel>, Vec<SkippedLayer>), Error> {
        let (mut kernels, mut skipped) = (Vec::new(), Vec::new());
        for (place, layer) in (1..).zip(&self.layers) {
            let kernel = match bits {
                8 => kernel::<u8>(layer, place),
                16 => kernel::<u16>(layer, place),
                _ => return Err(Error::KernelBits),
            };
            match kernel {
                Ok(kernel) => kernels.push(kernel),
                Err(why) => skipped.push(SkippedLayer { name: layer.name.clone(), why }),
            }
        }
        if kernels.is_empty() { Err(Error::NoKernels) } else { Ok((kernels, skipped)) }
    }
}

fn kernel<C: Code>(layer: &LayerDistribution, place: usize) -> Result<Kernel, String> {
    if matches!(layer.function, Function::Prelu(_)) {
        return Err("the slopes of a PReLU differ from unit to unit".to_owned());
    }
    if layer.units_differ {
        return Err(format!("its units have different functions, of which {} is one", layer.function));
    }
    let z = layer.z.as_ref().ok_or("all its inputs are 0")?;
    let affine = |values: &Distribution| -> Result<Affine<C>, AffineError> {
        let (low, high) = Method::Mse.range(values, C::BITS);
        Affine::spanning(low as f32, high as f32)
    };
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let (input, output) = affine(z).and_then(|input| Ok((input, affine(&layer.a)?))).map_err(|error| text(&error))?;
    let (f, profile) = (layer.function, Profile::Exact);
    let kernel = profile.kernel(f, input, output).map_err(|error| text(&error))?;
    // A formula is no name of a file.
    let function = if f.curve().is_some() { "unnamed" } else { f.name() };
    let name = format!("layer{place:02}_{function}");
    let source = Source::new(&name, &layer.name, f, profile, (input, output), &kernel).map_err(|error| text(&error))?;
    let entry = KernelEntry {
        layer: layer.name.clone(),
        function: f.to_string(),
        file: String::new(),
        name,
        input_scale: input.scale(),
        input_zero_point: input.zero_point().to_i32(),
        output_scale: output.scale(),
        output_zero_point: output.zero_point().to_i32(),
        max_error: source.max_error(),
        checksum: source.checksum(),
    };
    Ok(Kernel { source, entry })
}
