//! Kernels for the activations of a model: of the int32 sums of each layer, as firmware computes them.

mod calls;
mod run;

use excite::Function;
use excite_fixed::arithmetic::RoundingSteps;
use excite_fixed::calibration::Grid;
use excite_fixed::{Affine, Code, Source, SumKernel};
use serde::{Deserialize, Serialize};

use super::candidates::candidates;
use super::{LayerDistribution, ModelQuantisation};
use crate::{Error, NamedModel, SkippedLayer};

/// The kernels of a model: as many as differ, and which of them each layer calls.
#[derive(Clone, Debug)]
pub struct ModelKernels {
    /// The kernels that differ, as source texts. Each is named after the first layer that has it.
    pub sources: Vec<Source>,
    /// The layers, in the order of the network.
    pub layers: Vec<KernelEntry>,
    /// The activations that have none.
    pub skipped: Vec<SkippedLayer>,
    rounding: RoundingSteps,
    /// By the place of each activation in the model.
    at: Vec<Option<LayerKernel>>,
}

/// What a layer calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KernelEntry {
    /// The name of the activation.
    pub layer: String,
    /// Its function, with its parameters.
    pub function: String,
    /// The function to call for a sum of this layer.
    pub call: String,
    /// The kernel that it calls, which layers may share.
    pub kernel: String,
    /// The file that holds the kernel.
    pub file: String,
    /// The step of the int32 sums, for which the multiplier holds: another convolution has multipliers of its own.
    pub sum_scale: f32,
    /// The multiplier of the sums.
    pub multiplier: i32,
    /// The shift of the sums: positive to the left.
    pub shift: i32,
    /// The step of the 16-bit code in between; None where there is none, as in a ReLU.
    pub between_scale: Option<f32>,
    /// The type of the output codes.
    pub r#type: String,
    /// The step from one output code to the next.
    pub output_scale: f32,
    /// The output code of 0.
    pub output_zero_point: i32,
    /// The lowest output code.
    pub least: i32,
    /// The highest output code.
    pub largest: i32,
    /// The largest error over the sums of the self-test, in steps of the output.
    pub max_error: f64,
    /// The checksum of the outputs of the self-test.
    pub checksum: u32,
}

/// The kernel of a layer, whatever the type of its codes.
#[derive(Clone, Debug)]
enum LayerKernel {
    Int8(SumKernel<i8>),
    Uint8(SumKernel<u8>),
    Int16(SumKernel<i16>),
    Uint16(SumKernel<u16>),
}

/// Sums of a layer reach to 2 to this power steps: a 128th of what 32 bits hold, in which data that were not seen have room.
const SUM_BITS: i32 = 24;

/// The codes of a layer.
struct Format {
    bits: u32,
    grid: Grid,
}

impl ModelQuantisation {
    /// The kernels of all activations, in the formats that are recommended; where nothing was simulated, in those of `bits` bits whose own
    /// values lose least. `signed` asks for codes with a sign, or without; None leaves it to the formats. Sums are rescaled with one rounding
    /// or with two, as the convolutions of the firmware do it.
    ///
    /// # Errors
    /// If no activation has a kernel.
    pub fn kernels(
        &self,
        model: &NamedModel,
        bits: u32,
        signed: Option<bool>,
        rounding: RoundingSteps,
    ) -> Result<ModelKernels, Error> {
        let model = model.model();
        let mut kernels = ModelKernels {
            sources: Vec::new(),
            layers: Vec::new(),
            skipped: Vec::new(),
            rounding,
            at: vec![None; model.sites().len()],
        };
        for (place, layer) in (1..).zip(&self.layers) {
            let added = self.format(layer, bits).and_then(|format| kernels.add(place, layer, &format, signed));
            match added {
                Ok(kernel) => {
                    let same = (0..kernels.at.len()).filter(|&site| model.layer_of(site) == model.layer_of(layer.site));
                    same.for_each(|site| kernels.at[site] = Some(kernel.clone()));
                }
                Err(why) => kernels.skipped.push(SkippedLayer { name: layer.name.clone(), why }),
            }
        }
        // Functions of rows are none of the layers.
        for (site, name) in model.sites().iter().zip(model.site_names()) {
            if site.function.each().is_none() {
                let why = format!("a {} of rows: --function softmax writes one", site.function.name());
                kernels.skipped.push(SkippedLayer { name, why });
            }
        }
        if kernels.layers.is_empty() { Err(Error::NoKernels) } else { Ok(kernels) }
    }

    fn format(&self, layer: &LayerDistribution, bits: u32) -> Result<Format, String> {
        if let Some(recommended) = &self.record.recommended
            && let Some(format) = recommended.layers.iter().find(|format| format.layer == layer.name)
        {
            let grid = Grid::new(format.scale as f32, format.zero_point, format.least_code, format.largest_code);
            return Ok(Format { bits: format.bits, grid: grid.map_err(|error| error.to_string())? });
        }
        let all = candidates(layer, bits, false);
        let best =
            all.iter().reduce(|a, b| if b.quality.signal_to_noise() > a.quality.signal_to_noise() { b } else { a });
        let best = best.ok_or("no scale fits its values")?;
        Ok(Format { bits, grid: best.grid })
    }
}

impl ModelKernels {
    /// Adds a layer, and its kernel unless there is such a one.
    fn add(
        &mut self,
        place: usize,
        layer: &LayerDistribution,
        format: &Format,
        signed: Option<bool>,
    ) -> Result<LayerKernel, String> {
        if matches!(layer.function, Function::Prelu(_)) {
            return Err("the slopes of a PReLU differ from unit to unit".to_owned());
        }
        if layer.units_differ {
            return Err(format!("its units have different functions, of which {} is one", layer.function));
        }
        let signed = signed.unwrap_or(format.grid.codes().0 < 0);
        match (format.bits, signed) {
            (..=8, true) => self.add_of(place, layer, format, LayerKernel::Int8),
            (..=8, false) => self.add_of(place, layer, format, LayerKernel::Uint8),
            (_, true) => self.add_of(place, layer, format, LayerKernel::Int16),
            (_, false) => self.add_of(place, layer, format, LayerKernel::Uint16),
        }
    }

    fn add_of<C: Code>(
        &mut self,
        place: usize,
        layer: &LayerDistribution,
        format: &Format,
        wrap: fn(SumKernel<C>) -> LayerKernel,
    ) -> Result<LayerKernel, String> {
        let z = layer.z.as_ref().ok_or("all its inputs are 0")?;
        let f = layer.function;
        // Codes without a sign become those of a type with one, and the other way round, by half of their number.
        let (least, largest) = format.grid.codes();
        let shift = match (least < 0, C::MIN_CODE < 0) {
            (false, true) => i64::from(C::MIN_CODE),
            (true, false) => i64::from((C::MAX_CODE + 1) / 2),
            _ => 0,
        };
        let code = |code: i64| (code + shift) as i32;
        let output = Affine::<C>::new(format.grid.scale() as f32, code(format.grid.zero_point()))
            .map_err(|error| error.to_string())?;
        let reach = power_above(z.largest().max(-z.least()));
        let sum_scale = scale_of(reach, SUM_BITS);
        // The 16-bit code of a curve holds what was seen, and all that the output tells apart.
        let most = format.grid.high().abs().max(format.grid.low().abs());
        let held = reach.max(if layer.bounds.is_some() { 3 } else { power_above(most) });
        let input = Affine::<i16>::new(scale_of(held, 15), 0).map_err(|error| error.to_string())?;
        let kernel = SumKernel::new(f, &[sum_scale], Some(input), output, self.rounding)
            .map_err(|error| error.to_string())?
            .within(C::saturated(code(least)), C::saturated(code(largest)));
        // A formula is no name of a file.
        let function = if f.curve().is_some() { "unnamed" } else { f.name() };
        let source = Source::of_layers(&format!("layer{place:02}_{function}"), "", &kernel);
        let source = match self.sources.iter().find(|known| known.is_same_kernel(&source)) {
            Some(known) => known.clone(),
            None => {
                self.sources.push(source.clone());
                source
            }
        };
        let factor = kernel.channels()[0];
        self.layers.push(KernelEntry {
            layer: layer.name.clone(),
            function: f.to_string(),
            call: format!("layer{place:02}"),
            kernel: source.name().to_owned(),
            file: String::new(),
            sum_scale,
            multiplier: factor.mantissa,
            shift: factor.shift,
            between_scale: (!kernel.is_clamp()).then(|| input.scale()),
            r#type: C::NAME.to_owned(),
            output_scale: output.scale(),
            output_zero_point: output.zero_point().to_i32(),
            least: code(least),
            largest: code(largest),
            max_error: source.max_error(),
            checksum: source.checksum(),
        });
        Ok(wrap(kernel))
    }
}

/// The exponent of the least power of two that is not below a size.
fn power_above(size: f64) -> i32 {
    if size > 0.0 { (size.log2().ceil() as i32).clamp(-60, 60) } else { -60 }
}

/// The scale with which 2^`bits` steps reach to 2^`power`.
fn scale_of(power: i32, bits: i32) -> f32 {
    2.0_f32.powi(power - bits)
}
