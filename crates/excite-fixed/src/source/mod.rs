//! Kernels as sources: C99, Rust that needs `core` alone, or JSON. They use integers only, and give the codes that the [`Kernel`] or the
//! [`SumKernel`] gives.

mod c;
mod head;
mod json;
mod rows;
mod rust;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use excite::Function;

use crate::arithmetic::{Multiplier, RoundingSteps};
use crate::kernel_numbers::{KernelNumbers, RowNumbers};
use crate::sums::Stage;
use crate::{Affine, Code, Kernel, Profile, SumKernel, codes};

/// A kernel to be written down.
///
/// ```
/// use excite_fixed::{Affine, Profile, Source};
/// let (input, output) = (Affine::<i8>::new(0.05, 0)?, Affine::<i8>::new(1.0 / 256.0, -128)?);
/// let sigmoid = "sigmoid".parse().unwrap();
/// let kernel = Profile::Exact.kernel(sigmoid, input, output).unwrap();
/// let source = Source::new("sigmoid_int8", "", sigmoid, Profile::Exact, (input, output), &kernel)?;
/// assert!(source.c().contains("static inline int8_t sigmoid_int8(int8_t x)"));
/// assert!(source.c_pair()[0].contains("int8_t sigmoid_int8(int8_t x);"));
/// assert!(source.rust().contains("pub fn sigmoid_int8(x: i8) -> i8"));
/// assert!(source.max_error() <= 0.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    name: String,
    head: Vec<String>,
    function: String,
    profile: Profile,
    /// The type of what goes in; of sums that of a curve's input.
    from: CodeType,
    to: CodeType,
    /// Scale and zero point; of sums the scales of the channels are in `what`.
    input: (f32, i32),
    output: (f32, i32),
    what: What,
    max_error: f64,
    checksum: u32,
}

/// What a kernel takes.
#[derive(Clone, Debug, PartialEq)]
enum What {
    Codes(KernelNumbers),
    Sums(SumNumbers),
    /// Rows of codes.
    Rows(RowNumbers),
}

/// A kernel of sums in numbers.
#[derive(Clone, Debug, PartialEq)]
struct SumNumbers {
    scales: Vec<f32>,
    /// None where the caller brings the multipliers.
    channels: Vec<Multiplier>,
    rounding: RoundingSteps,
    zero_point: i32,
    /// The lowest and the highest output.
    ends: (i32, i32),
    /// What the 16-bit code of a sum is looked up in.
    curve: Option<KernelNumbers>,
}

impl SumNumbers {
    /// The ends of a requantised sum from its zero point on.
    fn requantised_ends(&self) -> (i32, i32) {
        match self.curve {
            Some(_) => (i16::MIN_CODE, i16::MAX_CODE),
            None => (self.ends.0 - self.zero_point, self.ends.1 - self.zero_point),
        }
    }
}

/// The sums of each channel that a self-test tries.
const TEST_SUMS: u32 = 4096;

const INT16: CodeType = CodeType { name: i16::NAME, bits: 16, least: i16::MIN_CODE, largest: i16::MAX_CODE };

/// What a source has to know of the type of the codes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct CodeType {
    name: &'static str,
    bits: u32,
    least: i32,
    largest: i32,
}

impl CodeType {
    /// `"int8_t"`
    fn in_c(self) -> String {
        format!("{}_t", self.name)
    }

    /// What ends a constant: `"u"`
    fn suffix(self) -> &'static str {
        if self.least < 0 { "" } else { "u" }
    }

    /// `"i8"`
    fn in_rust(self) -> String {
        let sign = if self.least < 0 { "i" } else { "u" };
        format!("{sign}{}", self.bits)
    }
}

impl CodeType {
    fn of<C: Code>() -> Self {
        Self { name: C::NAME, bits: C::BITS, least: C::MIN_CODE, largest: C::MAX_CODE }
    }
}

impl Source {
    /// The source of `kernel`, which is that of `function` in `profile` between these quantisations. `name` is what the function is called
    /// in it, and `about` a word about what it is for; both may be anything, and letters that could end a comment are left out.
    ///
    /// # Errors
    /// If the kernel is computed in floats, or is one of gemmlowp's of 16 bits.
    pub fn new<C: Code>(
        name: &str,
        about: &str,
        function: Function,
        profile: Profile,
        (input, output): (Affine<C>, Affine<C>),
        kernel: &Kernel<C>,
    ) -> Result<Self, SourceError> {
        let numbers = kernel.numbers().ok_or(SourceError { profile, code: C::NAME })?;
        let outputs = || codes::<C>().map(|code| (code, kernel.code(code)));
        let source = Self {
            name: identifier(name),
            head: Vec::new(),
            function: function.to_string(),
            profile,
            from: CodeType::of::<C>(),
            to: CodeType::of::<C>(),
            input: (input.scale(), input.zero_point().to_i32()),
            output: (output.scale(), output.zero_point().to_i32()),
            what: What::Codes(numbers),
            max_error: outputs().map(|(x, y)| error(function, output, input.value(x), y)).fold(0.0, f64::max),
            checksum: checksum(outputs().map(|(_, y)| y)),
        };
        Ok(source.with_head(about))
    }

    /// The source of a kernel of sums, with the multipliers of its channels.
    pub fn of_sums<C: Code>(name: &str, about: &str, kernel: &SumKernel<C>) -> Self {
        Self::of_channels(name, about, kernel, kernel.sum_scales(), &kernel.channels)
    }

    /// The source of a kernel of sums for several layers, each of which brings the multipliers of its channels: two that differ in nothing
    /// else are one.
    pub fn of_layers<C: Code>(name: &str, about: &str, kernel: &SumKernel<C>) -> Self {
        Self::of_channels(name, about, kernel, &[], &[])
    }

    fn of_channels<C: Code>(
        name: &str,
        about: &str,
        kernel: &SumKernel<C>,
        scales: &[f32],
        channels: &[Multiplier],
    ) -> Self {
        let (function, output) = (kernel.function(), kernel.output());
        let curve = match &kernel.stage {
            Stage::Clamp => None,
            Stage::Curve { table, .. } => Some(table.numbers()),
        };
        let scale = f64::from(kernel.requantised_scale());
        let outputs = || {
            (0..TEST_SUMS * channels.len().max(1) as u32).map(|i| {
                let sum = test_sum(i);
                let factor = channels.get((i / TEST_SUMS) as usize).copied().unwrap_or_else(|| test_factor(i));
                let value = f64::from(sum) * libm::ldexp(f64::from(factor.mantissa), factor.shift - 31) * scale;
                (value, kernel.code_by(sum, factor))
            })
        };
        let errors = outputs().map(|(x, y)| error_between(function, output, x, y, kernel.ends));
        let source = Self {
            name: identifier(name),
            head: Vec::new(),
            function: function.to_string(),
            profile: Profile::Exact,
            from: INT16,
            to: CodeType::of::<C>(),
            input: (kernel.requantised_scale(), 0),
            output: (output.scale(), output.zero_point().to_i32()),
            what: What::Sums(SumNumbers {
                scales: scales.to_vec(),
                channels: channels.to_vec(),
                rounding: kernel.rounding,
                zero_point: if curve.is_some() { 0 } else { output.zero_point().to_i32() },
                ends: kernel.ends,
                curve,
            }),
            max_error: errors.fold(0.0, f64::max),
            checksum: checksum(outputs().map(|(_, y)| y)),
        };
        source.with_head(about)
    }

    /// The name of its function.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The largest distance of an output from the function in f64, as far as codes can hold it, in steps of the output: over all codes, or
    /// over the sums of the self-test.
    pub fn max_error(&self) -> f64 {
        self.max_error
    }

    /// The 32-bit FNV-1a hash of the outputs for all codes from the lowest up, or for the sums of the self-test, the low byte of each
    /// first. The self-test compares it.
    pub fn checksum(&self) -> u32 {
        self.checksum
    }

    /// A C99 header that needs no other file: the function of one code or sum, one of arrays, and a self-test, which returns 0 if all is
    /// well. With `EXCITE_MAIN` defined it is a program that runs the test.
    pub fn c(&self) -> String {
        c::header(self)
    }

    /// The same as a C99 header with the declarations, and the source `name.c`, which includes it as `name.h`.
    pub fn c_pair(&self) -> [String; 2] {
        c::pair(self)
    }

    /// A Rust module that uses `core` alone: the function of one code or sum, one of slices, and a test.
    pub fn rust(&self) -> String {
        rust::source(self)
    }

    /// The quantisations, the error, the checksum, and the table or what else the kernel computes with.
    pub fn json(&self) -> String {
        json::source(self)
    }

    /// The bytes of its tables and, about, of its functions on a Cortex-M4, compiled for size: what stands on top of it.
    pub fn flash_bytes(&self) -> usize {
        self.table_bytes() + self.code_bytes()
    }

    /// The bytes of its tables.
    pub fn table_bytes(&self) -> usize {
        match &self.what {
            What::Codes(numbers) => numbers.table_bytes(),
            What::Rows(numbers) => numbers.table_bytes(),
            What::Sums(sums) => {
                let channels = if sums.channels.len() > 1 { 5 * sums.channels.len() } else { 0 };
                channels + sums.curve.as_ref().map_or(0, KernelNumbers::table_bytes)
            }
        }
    }

    /// The same kernel by another name.
    #[must_use]
    pub fn named(&self, name: &str) -> Self {
        let named = Self { name: identifier(name), ..self.clone() };
        let was = format!("{}:", self.name);
        let head = self.head.iter().enumerate().map(|(at, line)| match line.strip_prefix(&was) {
            Some(rest) if at == 0 => format!("{}:{rest}", named.name),
            _ => line.clone(),
        });
        Self { head: head.collect(), ..named }
    }

    /// Whether two compute the same from the same: one does for both, whatever their names and what their codes stand for.
    pub fn is_same_kernel(&self, other: &Self) -> bool {
        (&self.what, self.from, self.to) == (&other.what, other.from, other.to)
    }
}

/// The sums that a self-test tries: of all sizes, and of either sign.
fn test_sum(i: u32) -> i32 {
    let size = (i.wrapping_mul(0x9e37_79b1) >> 1 >> (i % 24)) as i32;
    if i.is_multiple_of(2) { size } else { -size }
}

/// The multiplier of a self-test, where a kernel has none of its own.
fn test_factor(i: u32) -> Multiplier {
    Multiplier { mantissa: TEST_MULTIPLIER, shift: -((i % 12) as i32) }
}

/// 3/4
const TEST_MULTIPLIER: i32 = 3 << 29;

/// How far an output is from f(x), in steps.
fn error<C: Code>(f: Function, output: Affine<C>, x: f64, y: C) -> f64 {
    error_between(f, output, x, y, (C::MIN_CODE, C::MAX_CODE))
}

/// The same where only the codes between two are given.
fn error_between<C: Code>(f: Function, output: Affine<C>, x: f64, y: C, (least, largest): (i32, i32)) -> f64 {
    let exact = output.steps(f.value(x)) + f64::from(output.zero_point().to_i32());
    libm::fabs(f64::from(y.to_i32()) - exact.clamp(f64::from(least), f64::from(largest)))
}

/// FNV-1a (Fowler, Noll and Vo) of codes, the low byte first.
fn checksum<C: Code>(outputs: impl Iterator<Item = C>) -> u32 {
    let mut hash = 0x811c_9dc5_u32;
    for output in outputs {
        for byte in 0..C::BITS / 8 {
            hash = (hash ^ ((output.to_i32() >> (8 * byte)) as u32 & 0xff)).wrapping_mul(0x0100_0193);
        }
    }
    hash
}

/// Letters, digits and underscores, and no digit first.
fn identifier(name: &str) -> String {
    let mut identifier: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    if !identifier.starts_with(|c: char| c.is_ascii_alphabetic()) {
        identifier.insert_str(0, "f_");
    }
    identifier
}

/// Numbers in lines of a source, each line set in, and each number with what its type wants.
fn listed(numbers: impl Iterator<Item = i64>, suffix: &str) -> String {
    let mut text = String::new();
    let mut line = String::from("   ");
    for number in numbers {
        let word = format!(" {number}{suffix},");
        if line.len() + word.len() > 100 {
            text += &line;
            text.push('\n');
            line = String::from("   ");
        }
        line += &word;
    }
    text + &line
}

/// Why there is no source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceError {
    profile: Profile,
    code: &'static str,
}

impl fmt::Display for SourceError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "kernels of {} as {} has them are not written as a source: take the profile `exact`, or 8 bits",
            self.code, self.profile
        )
    }
}

impl core::error::Error for SourceError {}
