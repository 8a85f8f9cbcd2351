//! Softmax in Rust.

use alloc::format;
use alloc::string::String;

use super::super::INT16;
use super::super::rows::{MOST_CODES, TEST_ROWS};
use super::Dialect;
use crate::arithmetic::RoundingSteps;
use crate::kernel_numbers::{KernelNumbers, RowNumbers};

impl Dialect<'_> {
    /// The tables, and the function of a row.
    pub fn rows(&self, numbers: &RowNumbers) -> String {
        match numbers {
            RowNumbers::Exponentials(exponentials) => self.softmax8(exponentials),
            RowNumbers::Tables { multiplier, shift, rounding, exp, reciprocal, wraps } => {
                self.softmax16((*multiplier, *shift), *rounding, [exp, reciprocal], *wraps)
            }
        }
    }

    fn softmax8(&self, exponentials: &[u32]) -> String {
        let (name, upper, ty) = (self.name, self.name.to_ascii_uppercase(), self.output.in_rust());
        format!(
            "/// e^(-d) of a difference of d codes, with 31 bits of fraction.
{}
{}
/// 1 / (1 + a) with 31 bits of fraction, for such an a from 0 to 1: three steps of Newton from 48/17 - 32/17 d.
fn {name}_reciprocal(a: u32) -> i32 {{
    let d = ((a >> 1) + (1 << 30)) as i32;
    let mut r = 1515870810 + {name}_scaled(d, -1010580540, 0);
    for _ in 0..3 {{
        let rest = (1 << 29) - {name}_scaled(d, r, 0);
        r += 4 * {name}_scaled(r, rest, 0);
    }}
    if r >= 1 << 30 {{ i32::MAX }} else {{ 2 * r }}
}}

/// y = softmax(x) of a row.
pub fn {name}(x: &[{ty}], y: &mut [{ty}]) {{
    let Some(largest) = x.iter().max() else {{ return }};
    let exponential = |x: {ty}| {upper}_EXPONENTIALS[(*largest as i32 - x as i32) as usize];
    let add = |total: u32, x: &{ty}| (total + ((exponential(*x) + 2048) >> 12)).min(i32::MAX as u32);
    // The sum with 19 bits of fraction, which 4096 ones fill.
    let total = x.iter().fold(0, add);
    let headroom = total.leading_zeros();
    let reciprocal = {name}_reciprocal((total << headroom) & 0x7fff_ffff);
    for (x, y) in x.iter().zip(y) {{
        let (product, shift) = ({name}_scaled(reciprocal, exponential(*x) as i32, 0), 35 - headroom);
        let code = (product as u64 + (1 << (shift - 1))) >> shift;
        *y = (code.min(255) as i32 + ({})) as {ty};
    }}
}}
",
            self.array("EXPONENTIALS", "u32", exponentials.iter().map(|&e| i64::from(e))),
            self.scaled(RoundingSteps::Double),
            self.output.least,
        )
    }

    fn softmax16(
        &self,
        (multiplier, shift): (i32, i32),
        rounding: RoundingSteps,
        [exp, reciprocal]: [&[i32]; 2],
        wraps: bool,
    ) -> String {
        let name = self.name;
        let table = |what: &str, points: &[i32]| {
            let full = format!("{name}_{what}");
            let dialect = Dialect { name: &full, input: INT16, output: INT16, public: "" };
            dialect.kernel(&KernelNumbers::Points513(points.to_vec()))
        };
        let (left, right) = (shift.max(0), (-shift).max(0));
        let (end, about) =
            if wraps { ("i16::MIN", "32768 wraps, as in CMSIS-NN") } else { ("i16::MAX", "32768 saturates") };
        format!(
            "{}
{}
{}
/// y = softmax(x) of a row of 65538 codes at most.
pub fn {name}(x: &[i16], y: &mut [i16]) {{
    let Some(largest) = x.iter().max() else {{ return }};
    let exponential = |x: i16| {{
        let d = *largest as i32 - x as i32;
        let place = 32767 - {name}_scaled(d << {left}, {multiplier}, {right});
        {name}_exp(place.max(-32768) as i16) as u32
    }};
    let total = x.iter().map(|x| exponential(*x)).sum::<u32>().min(i32::MAX as u32);
    let headroom = total.leading_zeros();
    // The sum between 1 and 2, with 16 bits of fraction.
    let one = ((total << (headroom - 1)) + 8192) >> 14;
    let reciprocal = {name}_reciprocal((one as i32 - 98304).min(32767) as i16) as u32;
    for (x, y) in x.iter().zip(y) {{
        let shift = 31 - headroom;
        let code = (exponential(*x) * reciprocal + (1 << shift >> 1)) >> shift;
        // {about}.
        *y = if code > 32767 {{ {end} }} else {{ code as i16 }};
    }}
}}
",
            table("exp", exp),
            table("reciprocal", reciprocal),
            self.scaled(rounding),
        )
    }

    /// The loops over the rows of the self-test, up to the bytes of an output.
    pub fn row_test(&self) -> String {
        let (name, ty, bits) = (self.name, self.output.in_rust(), self.output.bits);
        format!(
            "    for row in 0..{TEST_ROWS}_u32 {{
        let (mut x, mut y) = ([0; {MOST_CODES}], [0; {MOST_CODES}]);
        let count = 1 + (row % {MOST_CODES}) as usize;
        for (i, x) in (0..count as u32).zip(&mut x) {{
            let mixed = (row * {MOST_CODES} + i).wrapping_mul(0x9e37_79b1) >> {};
            *x = ((mixed >> (row % {bits})) as i32 + ({})) as {ty};
        }}
        {name}(&x[..count], &mut y);
        for byte in y[..count].iter().flat_map(|y| y.to_le_bytes()) {{
",
            32 - bits,
            self.output.least
        )
    }
}
