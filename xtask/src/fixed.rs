//! `cargo xtask fixed`: compares the fixed-point kernels with the vectors of other libraries and with the f64 definition, and writes down
//! in docs/fixed-point.md how far they differ.

#[path = "../../crates/excite-fixed/golden/vectors.rs"]
mod vectors;

use std::fmt::Write;
use std::process::ExitCode;

use clap::Args;
use excite::Function;
use excite_fixed::{Affine, Code, Kernel, Profile, codes};
use excite_vitals::in_words::thousands;
use rayon::prelude::*;

use crate::generated::{self, Files, Mode};
use vectors::Agreement;

/// Writes docs/fixed-point.md, from the code.
#[derive(Args)]
pub struct Fixed {
    #[command(flatten)]
    mode: Mode,
}

impl Fixed {
    pub fn run(&self) -> ExitCode {
        generated::run(&self.mode, "cargo xtask fixed", &files())
    }
}

fn files() -> Files {
    vec![("fixed-point.md".to_owned(), page())]
}

/// What half the codes of the inputs reach to.
const REACHES: [f32; 10] = [0.5, 1.0, 2.0, 4.0, 6.0, 8.0, 12.0, 16.0, 32.0, 60.0];

fn page() -> String {
    let mut page = BEFORE.to_owned();
    for profile in vectors::PROFILES {
        agreement(&mut page, profile);
    }
    page += OTHERS;
    page += ERRORS;
    let rows: Vec<String> = Function::ALL.par_iter().map(|&f| error_row(f)).collect();
    page + &rows.concat() + AFTER
}

/// The table of a profile, a row for each function.
fn agreement(page: &mut String, profile: Profile) {
    let all = vectors::compare(profile);
    write!(page, "\n### `{profile}`\n\n{}\n\n| function | types | scales | outputs compared | that differ |\n|---|---|---|---|---|\n", about(profile))
        .expect("a string takes all");
    let mut names: Vec<&str> = Vec::new();
    for agreement in &all {
        if !names.contains(&agreement.function.as_str()) {
            names.push(&agreement.function);
        }
    }
    for name in names {
        let of_name: Vec<&Agreement> = all.iter().filter(|agreement| agreement.function == name).collect();
        let types: Vec<&str> = of_name.iter().map(|agreement| agreement.code.as_str()).collect();
        let sum = |of: fn(&Agreement) -> usize| of_name.iter().map(|agreement| of(agreement)).sum::<usize>();
        writeln!(
            page,
            "| {name} | {} | {} | {} | {} |",
            types.join(", "),
            sum(|agreement| agreement.scales),
            thousands(sum(|agreement| agreement.outputs) as u64),
            thousands(sum(|agreement| agreement.differing) as u64),
        )
        .expect("a string takes all");
    }
}

fn about(profile: Profile) -> &'static str {
    match profile {
        Profile::Tflite => {
            "ai-edge-litert 2.3.0, reference kernels (ELU: the built-in one). Tables of 16 bits for GELU are made with the C library's \
             erfcf and tanhf, here glibc's before 2.41, whose last digits other C libraries do not share."
        }
        Profile::Litert => {
            "ai-edge-litert 2.3.0, a plain `Interpreter()`: leaky ReLU of 8 bits is XNNPACK's, with factors in steps of 1/256, and sigmoid and \
             tanh of 16 bits are gemmlowp's at a scale of 2^-12 (tanh at 2^-11 too), up to 7 and 12 steps from those of `tflite`."
        }
        Profile::Onnx => {
            "onnxruntime 1.32.0: DequantizeLinear, the function and QuantizeLinear without graph optimisation; for sigmoid and leaky ReLU \
             QLinearSigmoid and QLinearLeakyRelu too. In 16 bits curves are left out: the last digits of its f32 decide there."
        }
        Profile::Pytorch => "torch 2.15.0, engine fbgemm, on x86-64 with vectors.",
        Profile::Tflm => {
            "tflite-micro 0.dev20261023182759. Its ReLU6 of 8 and 16 bits ignores the output's scale, and so does this profile."
        }
        Profile::CmsisNn => {
            "CMSIS-NN 99f736a, its portable C. ReLU and ReLU6 take raw codes: 6 is the code 6, whatever the scale. Sigmoid and tanh have a left shift and no \
             multiplier: other scales are refused. A softmax of 16 bits of a row of one is -32768, not 32767."
        }
        Profile::CmsisNnSingle => {
            "The same built with CMSIS_NN_USE_SINGLE_ROUNDING: softmax of 16 bits differs by 1 here and there."
        }
        Profile::Exact | Profile::TflmSource => "",
    }
}

/// The largest errors of one function with the profile `exact`.
#[derive(Clone, Copy, Default)]
struct Errors {
    bits8: f64,
    bits16: f64,
    /// The largest reach with which 16 bits are within a step.
    reach: f32,
}

fn error_row(f: Function) -> String {
    let mut errors = Errors::default();
    for reach in REACHES {
        errors.bits8 = errors.bits8.max(largest_error::<i8>(f, reach)).max(largest_error::<u8>(f, reach));
        let bits16 = largest_error::<i16>(f, reach).max(largest_error::<u16>(f, reach));
        errors.bits16 = errors.bits16.max(bits16);
        if bits16 <= 1.0 {
            errors.reach = reach;
        }
    }
    let Errors { bits8, bits16, reach } = errors;
    let within = if bits16 <= 1.0 { "all".to_owned() } else { format!("up to ±{reach}") };
    format!("| {} | {bits8:.3} | {bits16:.3} | {within} |\n", f.name())
}

/// The largest distance of an output from the plain formula in f64, clamped to what codes can be, in steps of the output: over all codes,
/// and outputs that span what the function gives, that are symmetric about 0, or that are quantised as the input.
fn largest_error<C: Code>(f: Function, reach: f32) -> f64 {
    let half = (1_i64 << (C::BITS - 1)) as f32;
    let middle = (C::MIN_CODE + C::MAX_CODE + 1) / 2;
    let input = Affine::<C>::new(reach / half, middle).expect("a positive scale");
    let values: Vec<f64> = codes().filter_map(|code| f.reference(input.value(code))).collect();
    let (least, largest) = values.iter().fold((0.0_f64, 0.0_f64), |(least, most), &y| (least.min(y), most.max(y)));
    let symmetric = Affine::new((largest.max(-least) as f32 / half).max(f32::MIN_POSITIVE), middle);
    let spanning = Affine::spanning(least as f32, largest as f32);
    [Ok(input), symmetric, spanning]
        .into_iter()
        // A function that gives 0 alone spans nothing.
        .flatten()
        .map(|output| {
            let kernel = Profile::Exact.kernel(f, input, output).expect("exact has all functions");
            distance(&kernel, &values, output)
        })
        .fold(0.0, f64::max)
}

fn distance<C: Code>(kernel: &Kernel<C>, values: &[f64], output: Affine<C>) -> f64 {
    let zero_point = f64::from(output.zero_point().to_i32());
    let steps = values.iter().map(|y| y / f64::from(output.scale()) + zero_point);
    let clamped = steps.map(|steps| steps.clamp(f64::from(C::MIN_CODE), f64::from(C::MAX_CODE)));
    codes::<C>()
        .zip(clamped)
        .map(|(code, steps)| (f64::from(kernel.code(code).to_i32()) - steps).abs())
        .fold(0.0, f64::max)
}

const BEFORE: &str = "\
# How the fixed-point kernels agree with other libraries, and how far they err

Written by `cargo xtask fixed`, which runs every kernel. The crate is [`excite-fixed`](../crates/excite-fixed).

## Bit for bit

Each profile is compared with what the released library gave, for every code of a type and for pairs of input and output quantisations:
inputs from ±0.5 to ±60, a quarter of them powers of two, outputs from a third to three times as fine or the ones that the library demands, and zero
points anywhere. Softmax is compared on rows of 100 random codes, near-equal ones and one far above the others. \"Scales\" counts the pairs,
over all types. [The vectors](../crates/excite-fixed/golden/README.md) and the script that made them are in the repository.
";

const OTHERS: &str = "
### `tflm-source`

Not proven by vectors: it is `tflm` but for ReLU, ReLU6 and leaky ReLU, whose scales the sources of TensorFlow Lite Micro have divided in f32 since
February 2023, as `tflite` does; in 16 bits a code in ten thousand differs by 1. Firmware is built from sources.

No profile has PReLU, log-softmax or softmax from 8 to 16 bits yet.
";

const ERRORS: &str = "
## The errors of `exact`

The largest distance of an output from the function in f64, in steps of the output's scale, over all codes of int8 and uint8, and of int16 and
uint16: inputs that reach to ±0.5, 1, 2, 4, 6, 8, 12, 16, 32 and 60; outputs that span what the function gives, are symmetric about 0, or are quantised as
the input. 8 bits are tables of the nearest codes, and so is half a step their bound; 16 bits are straight lines between at most 2049 points, but
for identity, ReLU, its capped and leaky forms and hard tanh, which are a multiplication and a shift, and the nearest codes too.

| function | 8 bits | 16 bits | inputs within one step in 16 bits |
|---|---|---|---|
";

const AFTER: &str = "
Where a function has more waves than 2049 points can follow within a step, `Table16::max_error` says how far the lines err. Beside a jump every code
has a point, and the outputs there are exact. What does not fit the output's codes is clamped, and measured from there.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_what_the_code_says() {
        assert_eq!(generated::stale(&files()), None, "run `cargo xtask fixed`");
    }

    #[test]
    fn an_error_is_measured_in_steps_of_the_output() {
        let affine = Affine::<i8>::new(0.5, 0).unwrap();
        let kernel = Profile::Exact.kernel("identity".parse().unwrap(), affine, affine).unwrap();
        let shifted: Vec<f64> = codes::<i8>().map(|code| f64::from(code) * 0.5 + 0.375).collect();
        // At the upper end the value is clamped to the last code.
        assert_eq!(distance(&kernel, &shifted, affine), 0.75);
    }
}
