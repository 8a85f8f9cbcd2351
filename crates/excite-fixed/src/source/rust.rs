//! Rust that needs `core` alone.

use alloc::format;
use alloc::string::String;
use core::fmt::Write;

use super::{Source, listed};
use crate::kernel_numbers::KernelNumbers;

pub(super) fn source(source: &Source) -> String {
    let Source { name, code, checksum, .. } = source;
    let ty = code.in_rust();
    let mut text = String::new();
    for line in &source.head {
        text += format!("//! {line}").trim_end();
        text.push('\n');
    }
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "
{}
/// y = f(x) for as many codes as both slices have.
pub fn {name}_apply(x: &[{ty}], y: &mut [{ty}]) {{
    for (x, y) in x.iter().zip(y) {{
        *y = {name}(*x);
    }}
}}

/// The checksum of the outputs for all codes.
pub fn {name}_checksum() -> u32 {{
    let mut hash = 0x811c_9dc5_u32;
    for code in {ty}::MIN..={ty}::MAX {{
        for byte in {name}(code).to_le_bytes() {{
            hash = (hash ^ byte as u32).wrapping_mul(0x0100_0193);
        }}
    }}
    hash
}}

/// Whether every output is what it should be.
pub fn {name}_self_test() -> bool {{
    {name}_checksum() == 0x{checksum:08x}
}}
",
        kernel(source)
    );
    text
}

/// The function of one code, and its tables.
fn kernel(source: &Source) -> String {
    let Source { name, code, .. } = source;
    let (ty, least, largest, upper) = (code.in_rust(), code.least, code.largest, name.to_ascii_uppercase());
    let signature = format!("/// f(x)\npub fn {name}(x: {ty}) -> {ty}");
    match &source.numbers {
        KernelNumbers::Table(outputs) => format!(
            "static {upper}_TABLE: [{ty}; 256] = [
{}
];

{signature} {{
    {upper}_TABLE[(x as i32 - ({least})) as usize]
}}
",
            listed(outputs.iter().map(|&output| i64::from(output)))
        ),
        KernelNumbers::Relu { input, output, numerator, denominator, largest: cap } => format!(
            "{signature} {{
    let steps = x as i32 - ({input});
    if steps <= 0 {{
        return {output};
    }}
    // The quotient of the scales, the result half to even.
    let product = steps as u64 * {numerator};
    let (whole, rest) = (product / {denominator}, product % {denominator});
    let up = 2 * rest > {denominator} || (2 * rest == {denominator} && whole & 1 != 0);
    let y = {output} + (whole + up as u64).min(1 << 20) as i32;
    y.min({cap}) as {ty}
}}
"
        ),
        KernelNumbers::Lines { input, output, fraction, knots } => {
            let (count, unit) = (knots.len(), 1_i64 << fraction);
            format!(
                "/// Where the lines meet: codes, counted from the lowest.
static {upper}_CODES: [u16; {count}] = [
{codes}
];

/// The outputs there, from the zero point on, in 1/{unit} of a step.
static {upper}_OUTPUTS: [i32; {count}] = [
{outputs}
];

{signature} {{
    let place = x as i32 - ({least});
    let (mut left, mut right) = (0, {last});
    while right - left > 1 {{
        let middle = (left + right) / 2;
        if {upper}_CODES[middle] as i32 <= place {{
            left = middle;
        }} else {{
            right = middle;
        }}
    }}
    // Counted from the end that is nearer to the zero point, so that odd functions stay odd.
    let (from, to) = if place < {zero} {{ (right, left) }} else {{ (left, right) }};
    let run = place.abs_diff({upper}_CODES[from] as i32) as i64;
    let length = {upper}_CODES[from].abs_diff({upper}_CODES[to]) as i64;
    let start = {upper}_OUTPUTS[from] as i64;
    let rise = ({upper}_OUTPUTS[to] as i64 - start) * run;
    let y = start + (rise + rise.signum() * (length / 2)) / length;
    // Without the fraction, half to even.
    let (whole, rest) = (y >> {fraction}, y & {mask});
    let up = rest > {half} || (rest == {half} && whole & 1 != 0);
    (whole + up as i64 + ({output})).clamp({least}, {largest}) as {ty}
}}
",
                codes = listed(knots.iter().map(|&(code, _)| i64::from(code - least))),
                outputs = listed(knots.iter().map(|&(_, output)| output)),
                last = count - 1,
                zero = input - least,
                mask = unit - 1,
                half = unit / 2,
            )
        }
    }
}
