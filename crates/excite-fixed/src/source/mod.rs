//! Kernels as sources: C99, Rust that needs `core` alone, or JSON. They use integers only, and give the codes that the [`Kernel`] gives.

mod c;
mod json;
mod rust;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use excite::Function;

use crate::profiles::Plan;
use crate::{Affine, Code, Kernel, Profile, codes};

/// A kernel to be written down.
///
/// ```
/// use excite_fixed::{Affine, Profile, Source};
/// let (input, output) = (Affine::<i8>::new(0.05, 0)?, Affine::<i8>::new(1.0 / 256.0, -128)?);
/// let sigmoid = "sigmoid".parse().unwrap();
/// let kernel = Profile::Exact.kernel(sigmoid, input, output).unwrap();
/// let source = Source::new("sigmoid_int8", "", sigmoid, Profile::Exact, (input, output), &kernel)?;
/// assert!(source.c().contains("static inline int8_t sigmoid_int8(int8_t x)"));
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
    code: CodeType,
    /// Scale and zero point.
    input: (f32, i32),
    output: (f32, i32),
    plan: Plan,
    max_error: f64,
    checksum: u32,
}

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

    /// `"i8"`
    fn in_rust(self) -> String {
        let sign = if self.least < 0 { "i" } else { "u" };
        format!("{sign}{}", self.bits)
    }
}

impl Source {
    /// The source of `kernel`, which is that of `function` in `profile` between these quantisations. `name` is what the function is called
    /// in it, and `about` a word about what it is for; both may be anything, and letters that could end a comment are left out.
    ///
    /// # Errors
    /// If the kernel is one of 16 bits of another library's form.
    pub fn new<C: Code>(
        name: &str,
        about: &str,
        function: Function,
        profile: Profile,
        (input, output): (Affine<C>, Affine<C>),
        kernel: &Kernel<C>,
    ) -> Result<Self, SourceError> {
        let plan = kernel.plan().ok_or(SourceError { profile, code: C::NAME })?;
        let code = CodeType { name: C::NAME, bits: C::BITS, least: C::MIN_CODE, largest: C::MAX_CODE };
        let outputs = || codes::<C>().map(|code| (code, kernel.code(code)));
        let mut source = Self {
            name: identifier(name),
            head: Vec::new(),
            function: function.to_string(),
            profile,
            code,
            input: (input.scale(), input.zero_point().to_i32()),
            output: (output.scale(), output.zero_point().to_i32()),
            plan,
            max_error: outputs().map(|(x, y)| error(function, input, output, x, y)).fold(0.0, f64::max),
            checksum: checksum(outputs().map(|(_, y)| y)),
        };
        source.head = source.head(&plain(about));
        Ok(source)
    }

    /// The largest distance of an output from the function in f64, as far as codes can hold it, in steps of the output.
    pub fn max_error(&self) -> f64 {
        self.max_error
    }

    /// The 32-bit FNV-1a hash of the outputs for all codes from the lowest up, the low byte of each first. The self-test compares it.
    pub fn checksum(&self) -> u32 {
        self.checksum
    }

    /// A C99 header: the function of one code, one of arrays, and a self-test, which returns 0 if all is well. With `EXCITE_MAIN` defined
    /// it is a program that runs the test.
    pub fn c(&self) -> String {
        c::source(self)
    }

    /// A Rust module that uses `core` alone: the function of one code, one of slices, and a self-test.
    pub fn rust(&self) -> String {
        rust::source(self)
    }

    /// The quantisations, the error, the checksum, and the table or what else the kernel computes with.
    pub fn json(&self) -> String {
        json::source(self)
    }

    /// What stands on top of a source.
    fn head(&self, about: &str) -> Vec<String> {
        let Self { name, function, profile, code, input, output, .. } = self;
        let quantisation = |(scale, zero_point): (f32, i32)| format!("{scale} times (code - {zero_point})");
        let subject = if about.is_empty() { String::new() } else { format!(", for {about}") };
        let mut lines = Vec::from([
            format!("{name}: {function} of {} codes{subject}.", code.name),
            "Written by excite quantise --emit: change nothing here, but write it anew.".into(),
            String::new(),
            format!("Input: {}.", quantisation(*input)),
            format!("Output: {}.", quantisation(*output)),
            match profile {
                Profile::Exact => "Results: the nearest code to the value.".into(),
                other => format!("Results: those of {other}, bit for bit."),
            },
            format!("Largest error over all codes: {:.3} steps of the output.", self.max_error),
            format!("Checksum of the outputs for all codes (FNV-1a): 0x{:08x}.", self.checksum),
        ]);
        if matches!(self.plan, Plan::Lines { .. }) {
            lines[5] = "Results: straight lines between points that lie where the function needs them.".into();
        }
        lines
    }
}

fn error<C: Code>(f: Function, input: Affine<C>, output: Affine<C>, x: C, y: C) -> f64 {
    let zero_point = f64::from(output.zero_point().to_i32());
    let exact = output.steps(f.value(input.value(x))) + zero_point;
    libm::fabs(f64::from(y.to_i32()) - exact.clamp(f64::from(C::MIN_CODE), f64::from(C::MAX_CODE)))
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

/// Without what could end a comment or a string.
fn plain(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || " .,:()_-/".contains(c);
    let text: String = text.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    text.replace("*/", "__")
}

/// Numbers in lines of a source, each line set in.
fn listed(numbers: impl Iterator<Item = i64>) -> String {
    let mut text = String::new();
    let mut line = String::from("   ");
    for number in numbers {
        let word = format!(" {number},");
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
            "kernels of {} as {} has them cannot be written as a source: the profile `exact` can, and 8 bits of every profile",
            self.code, self.profile
        )
    }
}

impl core::error::Error for SourceError {}
