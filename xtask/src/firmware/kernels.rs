//! The kernels that are measured.

use std::path::{Path, PathBuf};

use excite_fixed::arithmetic::RoundingSteps;
use excite_fixed::{Affine, Code, Profile, Source, SumKernel};

use super::machines::{Machine, write};

/// A program's kernel, and how it is called.
pub struct Measured {
    pub title: &'static str,
    /// Its largest error in steps of the output, where it is known.
    pub error: Option<f64>,
    /// The bytes of flash that its head states.
    pub stated: Option<u64>,
    /// The types of what goes in and comes out in C.
    types: [&'static str; 2],
    /// The definition of what is called: `measured.h`.
    calls: String,
    files: Vec<(String, String)>,
    /// The sources to compile, in its folder or elsewhere.
    pub sources: Vec<PathBuf>,
    pub includes: Vec<PathBuf>,
    /// Functions of the sources that are another kernel's.
    pub unused: &'static [&'static str],
    for_avr: bool,
}

impl Measured {
    pub fn is_for(&self, machine: &Machine) -> bool {
        self.for_avr || !machine.is_avr()
    }

    /// Writes the files of the program.
    pub fn write(&self, folder: &Path) -> Result<(), String> {
        let [input, output] = self.types;
        // The upper bits of random numbers: sums of all that is of interest are smaller.
        let shift = match input {
            "int8_t" => 24,
            "int16_t" => 16,
            _ => 8,
        };
        let calls =
            format!("{}\n#define INPUT {input}\n#define OUTPUT {output}\n#define INPUT_SHIFT {shift}\n", self.calls);
        write(folder, "measured.h", &calls)?;
        self.files.iter().try_for_each(|(name, text)| write(folder, name, text))
    }

    fn of(title: &'static str, types: [&'static str; 2], source: &Source) -> Self {
        let name = source.name();
        let [header, body] = source.c_pair();
        Self {
            title,
            error: Some(source.max_error()),
            stated: Some(source.flash_bytes() as u64),
            types,
            calls: format!("#include \"{name}.h\"\n#define APPLY {name}_apply\n#define SELF_TEST {name}_self_test"),
            files: vec![(format!("{name}.h"), header), (format!("{name}.c"), body)],
            sources: vec![PathBuf::from(format!("{name}.c"))],
            includes: Vec::new(),
            unused: &[],
            for_avr: true,
        }
    }
}

fn affine<C: Code>((scale, zero_point): (f32, i32)) -> Affine<C> {
    Affine::new(scale, zero_point).expect("a sound quantisation")
}

fn of_codes<C: Code>(
    title: &'static str,
    profile: Profile,
    f: &str,
    input: (f32, i32),
    output: (f32, i32),
) -> Measured {
    let (f, input, output) = (f.parse().expect("a function"), affine::<C>(input), affine::<C>(output));
    let kernel = profile.kernel(f, input, output).expect("the profile has it");
    let source = Source::new("kernel", "", f, profile, (input, output), &kernel).expect("a kernel of integers");
    let ty = if C::BITS == 8 { "int8_t" } else { "int16_t" };
    Measured::of(title, [ty, ty], &source)
}

fn of_sums<C: Code>(title: &'static str, rounding: RoundingSteps, f: &str, output: (f32, i32)) -> Measured {
    let input = affine::<i16>((8.0 / 32768.0, 0));
    let f = f.parse().expect("a function");
    let kernel = SumKernel::new(f, &[1e-6], Some(input), affine::<C>(output), rounding).expect("a kernel of sums");
    let ty = if C::BITS == 8 { "int8_t" } else { "int16_t" };
    Measured::of(title, ["int32_t", ty], &Source::of_sums("kernel", "", &kernel))
}

/// The kernels that excite writes.
pub fn all() -> Vec<Measured> {
    let (exact, q15) = (Profile::Exact, (1.0 / 32768.0, 0));
    let (single, double) = (RoundingSteps::Single, RoundingSteps::Double);
    vec![
        of_codes::<i8>("ReLU int8, one scale", exact, "relu", (0.05, -128), (0.05, -128)),
        of_codes::<i8>("sigmoid int8", exact, "sigmoid", (0.05, 3), (1.0 / 256.0, -128)),
        of_codes::<i16>("ReLU6 int16", exact, "relu6", (0.001, 0), (6.0 / 32767.0, 0)),
        of_codes::<i16>("leaky ReLU int16", exact, "leaky_relu(0.1)", (0.001, 0), (0.0007, 0)),
        of_codes::<i16>("sigmoid int16, ±8", exact, "sigmoid", (1.0 / 4096.0, 0), q15),
        of_codes::<i16>("tanh int16, ±8", exact, "tanh", (1.0 / 4096.0, 0), q15),
        of_codes::<i16>("GELU int16, ±8", exact, "gelu", (1.0 / 4096.0, 0), (1.0 / 4096.0, 0)),
        of_codes::<i16>("hard swish int16, ±8", exact, "hard_swish", (1.0 / 4096.0, 0), (1.0 / 4096.0, 0)),
        of_codes::<i16>("sigmoid int16 of `cmsis-nn`", Profile::CmsisNn, "sigmoid", (1.0 / 4096.0, 0), q15),
        of_codes::<i16>("tanh int16 of `cmsis-nn`", Profile::CmsisNn, "tanh", (1.0 / 4096.0, 0), q15),
        of_sums::<i8>("int32 sum to ReLU6 int8, rounded twice", double, "relu6", (6.0 / 255.0, -128)),
        of_sums::<i8>("int32 sum to ReLU6 int8, rounded once", single, "relu6", (6.0 / 255.0, -128)),
        of_sums::<i8>("int32 sum to GELU int8", double, "gelu", (0.03, -120)),
        of_sums::<i16>("int32 sum to tanh int16", double, "tanh", q15),
        of_rows::<i8>("softmax int8 of `tflm`", 0.1, (1.0 / 256.0, -128)),
        of_rows::<i16>("softmax int16 of `tflm`", 3e-4, q15),
    ]
}

fn of_rows<C: Code>(title: &'static str, scale: f32, output: (f32, i32)) -> Measured {
    let (input, output) = (affine::<C>((scale, 0)), affine::<C>(output));
    let kernel = Profile::Tflm.softmax(1.0, input, output).expect("the profile has it");
    let source = Source::of_rows("kernel", "", Profile::Tflm, (input, output), &kernel).expect("a kernel of integers");
    let ty = if C::BITS == 8 { "int8_t" } else { "int16_t" };
    let measured = Measured::of(title, [ty, ty], &source);
    Measured { calls: measured.calls.replace("kernel_apply", "kernel"), ..measured }
}

/// What else is in the file of CMSIS-NN's tables.
const OTHERS: &[&str] = &["exp_on_neg_values"];

/// The functions of CMSIS-NN, from a checkout of its sources.
pub fn of_cmsis_nn(folder: &Path) -> Vec<Measured> {
    let source = |name: &str| folder.join("Source").join(name);
    let measured = |title, types, error, call: &str, sources: Vec<PathBuf>, unused| Measured {
        title,
        error,
        stated: None,
        types,
        calls: format!(
            "#include \"arm_nnfunctions.h\"\n#include \"arm_nnsupportfunctions.h\"\n{call}\n#define SELF_TEST() 0"
        ),
        files: Vec::new(),
        sources,
        includes: vec![folder.join("Include")],
        unused,
        for_avr: false,
    };
    let activation =
        |kind: &str| format!("#define APPLY(x, y, n) arm_nn_activation_s16(x, y, (int32_t)(n), 0, {kind})");
    let activations =
        || vec![source("ActivationFunctions/arm_nn_activation_s16.c"), source("NNSupportFunctions/arm_nntables.c")];
    let requantise = "\
static inline void requantise(const int32_t *x, int8_t *y, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) {
        const int32_t code = arm_nn_requantize(x[i], 1461877803, -14) - 128;
        y[i] = (int8_t)MIN(MAX(code, -128), 127);
    }
}
#define APPLY requantise";
    vec![
        measured(
            "arm_nn_activation_s16, sigmoid",
            ["int16_t"; 2],
            Some(1.02),
            &activation("ARM_SIGMOID"),
            activations(),
            OTHERS,
        ),
        measured(
            "arm_nn_activation_s16, tanh",
            ["int16_t"; 2],
            Some(1.48),
            &activation("ARM_TANH"),
            activations(),
            OTHERS,
        ),
        measured("arm_nn_requantize, offset and clamp", ["int32_t", "int8_t"], None, requantise, Vec::new(), &[]),
    ]
}
