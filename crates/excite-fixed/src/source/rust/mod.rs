//! Rust that needs `core` alone.

mod forms;
mod rows;
mod sums;

use alloc::format;
use alloc::string::String;
use core::fmt::Write;

use super::{CodeType, Source, TEST_MULTIPLIER, TEST_SUMS, What, listed};

/// What the text of a kernel depends on beside its numbers.
struct Dialect<'a> {
    name: &'a str,
    input: CodeType,
    output: CodeType,
    /// What stands before the function of one code.
    public: &'static str,
}

impl Dialect<'_> {
    /// The first line of the function of one code, up to its body.
    fn signature(&self) -> String {
        let Self { name, input, output, public } = self;
        format!("/// f(x)\n{public}fn {name}(x: {}) -> {}", input.in_rust(), output.in_rust())
    }

    fn array(&self, what: &str, ty: &str, numbers: impl ExactSizeIterator<Item = i64>) -> String {
        let (name, count) = (self.name.to_ascii_uppercase(), numbers.len());
        format!("static {name}_{what}: [{ty}; {count}] = [\n{}\n];\n", listed(numbers, ""))
    }
}

pub(super) fn source(source: &Source) -> String {
    let Source { name, from, to, checksum, .. } = source;
    let (x, y) = (from.in_rust(), to.in_rust());
    let dialect = Dialect { name, input: *from, output: *to, public: "pub " };
    let mut text = String::new();
    for line in &source.head {
        text += format!("//! {line}").trim_end();
        text.push('\n');
    }
    let (functions, steps) = match &source.what {
        What::Codes(numbers) => (
            format!(
                "{}
/// y = f(x) for as many codes as both slices have.
pub fn {name}_apply(x: &[{x}], y: &mut [{y}]) {{
    for (x, y) in x.iter().zip(y) {{
        *y = {name}(*x);
    }}
}}
",
                dialect.kernel(numbers)
            ),
            format!("    for code in {x}::MIN..={x}::MAX {{\n        for byte in {name}(code).to_le_bytes() {{\n"),
        ),
        What::Rows(numbers) => (dialect.rows(numbers), dialect.row_test()),
        What::Sums(sums) => {
            let more = match sums.channels.len() {
                0 => format!(", {TEST_MULTIPLIER}, -((i % 12) as i32)"),
                1 => String::new(),
                _ => format!(", (i / {TEST_SUMS}) as usize"),
            };
            let count = sums.channels.len().max(1) as u32 * TEST_SUMS;
            (
                dialect.sums(sums),
                format!(
                    "    for i in 0..{count}_u32 {{
        let size = (i.wrapping_mul(0x9e37_79b1) >> 1 >> (i % 24)) as i32;
        let sum = if i % 2 == 0 {{ size }} else {{ -size }};
        for byte in {name}(sum{more}).to_le_bytes() {{
"
                ),
            )
        }
    };
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "
{functions}
/// The checksum of the outputs.
pub fn {name}_checksum() -> u32 {{
    let mut hash = 0x811c_9dc5_u32;
{steps}            hash = (hash ^ byte as u32).wrapping_mul(0x0100_0193);
        }}
    }}
    hash
}}

/// Whether every output is what it should be.
pub fn {name}_self_test() -> bool {{
    {name}_checksum() == 0x{checksum:08x}
}}

#[cfg(test)]
#[test]
fn {name}_gives_what_it_should() {{
    assert!({name}_self_test());
}}
",
    );
    text
}
