//! A function of one code in Rust, by the form of its kernel.

use alloc::format;
use alloc::string::{String, ToString};

use super::Dialect;
use crate::arithmetic::{Multiplier, RoundingSteps};
use crate::kernel_numbers::{KernelNumbers, SideNumbers};

impl Dialect<'_> {
    /// The tables of a kernel, and the function `name` of one code.
    pub fn kernel(&self, numbers: &KernelNumbers) -> String {
        match numbers {
            KernelNumbers::Table(outputs) => self.table(outputs),
            KernelNumbers::Clamp { least, largest } => self.clamp(*least, *largest),
            KernelNumbers::TwoLines { input, output, below, above } => self.two_lines(*input, *output, below, above),
            KernelNumbers::Segments { shifts, offsets, points, block_bits, fraction, zero_point, .. } => {
                self.segments((shifts, offsets, points), (*block_bits, *fraction), *zero_point)
            }
            KernelNumbers::Multipliers { input, output, below, above, least, largest } => {
                self.multipliers((*input, *output), [*below, *above], (*least, *largest))
            }
            KernelNumbers::Sigmoid16 { is_tanh, multiplier, shift, points } => {
                self.sigmoid16(*is_tanh, *multiplier, *shift, points)
            }
            KernelNumbers::Points513(points) => self.points513(points),
        }
    }

    fn table(&self, outputs: &[i32]) -> String {
        format!(
            "{}
{} {{
    {}_TABLE[{}]
}}
",
            self.array("TABLE", &self.output.in_rust(), outputs.iter().map(|&y| i64::from(y))),
            self.signature(),
            self.name.to_ascii_uppercase(),
            self.place(),
        )
    }

    fn clamp(&self, least: i32, largest: i32) -> String {
        let y = match (least > self.output.least, largest < self.output.largest) {
            (false, false) => "x".into(),
            (true, false) => format!("if x < {least} {{ {least} }} else {{ x }}"),
            (false, true) => format!("if x > {largest} {{ {largest} }} else {{ x }}"),
            (true, true) => format!("x.clamp({least}, {largest})"),
        };
        format!("{} {{\n    {y}\n}}\n", self.signature())
    }

    fn two_lines(&self, input: i32, output: i32, below: &SideNumbers, above: &SideNumbers) -> String {
        let side = |side: &SideNumbers| {
            let [low, middle, high] = side.factor;
            let sign = if side.falls { '-' } else { '+' };
            let line =
                format!("{output} {sign} {}_scaled(n, [{low}, {middle}, {high}], {}) as i32", self.name, side.has_ties);
            if side.is_multiplied() {
                format!("if n < {} {{ {line} }} else {{ {} }}", side.limit, side.end)
            } else if side.limit <= 1 {
                format!("if n < {} {{ {output} }} else {{ {} }}", side.limit, side.end)
            } else {
                output.to_string()
            }
        };
        let (below_text, above_text) = (side(below), side(above));
        let scaled = if below.is_multiplied() || above.is_multiplied() {
            format!(
                "/// n times a factor with 48 bits of fraction, in parts of 16: to the nearest, half to even.
fn {}_scaled(n: u32, [low, middle, high]: [u32; 3], has_ties: bool) -> u32 {{
    let carried = n * middle + (n * low >> 16);
    let sum = n * high + (carried >> 16) + 0x8000;
    let is_tie = has_ties && sum & 0xffff == 0 && carried & 0xffff == 0;
    if is_tie {{ sum >> 16 & !1 }} else {{ sum >> 16 }}
}}

",
                self.name
            )
        } else {
            String::new()
        };
        let uses_n = [&below_text, &above_text].into_iter().any(|text| text.contains("n <"));
        let n = if uses_n { "    let n = steps.unsigned_abs();\n" } else { "" };
        format!(
            "{scaled}{} {{
    let steps = x as i32 - ({input});
{n}    let y = if steps < 0 {{ {below_text} }} else {{ {above_text} }};
    y as {}
}}
",
            self.signature(),
            self.output.in_rust()
        )
    }

    fn segments(
        &self,
        (shifts, offsets, points): (&[u8], &[u16], &[u32]),
        (block_bits, fraction): (u32, u32),
        zero_point: i32,
    ) -> String {
        let (upper, output) = (self.name.to_ascii_uppercase(), self.output);
        let below = if zero_point > self.input.least {
            format!(
                "    // Ties go up from the zero point on, and down below it: odd functions stay odd.
    let line = line - (x < {zero_point}) as u32;\n"
            )
        } else {
            String::new()
        };
        format!(
            "/// Outputs where the segments meet, counted from half a step under the lowest code, in 1/{} of a step.
{}
/// Of each block of codes: the bits of the place within a segment.
{}
/// Of each block of codes: what makes the number of a segment the place of its first point.
{}
{signature} {{
    let place = {place};
    let shift = {upper}_SHIFTS[place >> {block_bits}] as usize;
    let segment = place >> shift;
    let rest = (place - (segment << shift)) as u32;
    let point = (segment as u16).wrapping_add({upper}_OFFSETS[place >> {block_bits}]) as usize;
    let (left, right) = ({upper}_POINTS[point], {upper}_POINTS[point + 1]);
    let line = (left << shift).wrapping_add(right.wrapping_sub(left).wrapping_mul(rest));
{below}    ((line >> (shift + {fraction})) as i32 + ({least})).min({largest}) as {ty}
}}
",
            1 << fraction,
            self.array("POINTS", "u32", points.iter().map(|&point| i64::from(point))),
            self.array("SHIFTS", "u8", shifts.iter().map(|&shift| i64::from(shift))),
            self.array("OFFSETS", "u16", offsets.iter().map(|&offset| i64::from(offset))),
            signature = self.signature(),
            place = self.place(),
            least = output.least,
            largest = output.largest,
            ty = output.in_rust(),
        )
    }

    fn multipliers(
        &self,
        (input, output): (i32, i32),
        [below, above]: [Multiplier; 2],
        (least, largest): (i32, i32),
    ) -> String {
        // Beyond 16 bits to the left every step saturates, as with 16.
        let call = |factor: Multiplier| {
            let (left, right) = (factor.shift.clamp(0, 16), (-factor.shift).max(0));
            format!("{}_scaled(steps << {left}, {}, {right})", self.name, factor.mantissa)
        };
        let scaled = if below == above {
            call(above)
        } else {
            format!("if steps < 0 {{ {} }} else {{ {} }}", call(below), call(above))
        };
        format!(
            "{}
{} {{
    let steps = x as i32 - ({input});
    let scaled = {scaled};
    (scaled + ({output})).clamp({least}, {largest}) as {}
}}
",
            self.scaled(RoundingSteps::Double),
            self.signature(),
            self.output.in_rust()
        )
    }

    fn sigmoid16(&self, is_tanh: bool, multiplier: i32, shift: u32, points: &[i32]) -> String {
        let upper = self.name.to_ascii_uppercase();
        let rounding = if shift > 0 { 1_i64 << (shift - 1) } else { 0 };
        let (bits, most) = if is_tanh { (8, 0xffff_i32 << 8) } else { (9, 0x7fff << 10) };
        let end = if is_tanh {
            "    let y = (line - 8388480) >> 8;\n    (if d < 0 { -y } else { y }) as i16\n"
        } else {
            "    (if d < 0 { 33554943 - line } else { line + 512 } >> 10) as i16\n"
        };
        format!(
            "{}
{} {{
    // 24 points a unit.
    let d = (x as i32 * {multiplier} + {rounding}) >> {shift};
    let size = d.unsigned_abs();
    let point = (size >> {bits}) as usize;
    let line = if point < 255 {{
        let (left, right) = ({upper}_POINTS[point] as i32, {upper}_POINTS[point + 1] as i32);
        (left << {bits}) + (size & {}) as i32 * (right - left)
    }} else {{
        {most}
    }};
{end}}}
",
            self.array("POINTS", "u16", points.iter().map(|&point| i64::from(point))),
            self.signature(),
            (1 << bits) - 1,
        )
    }

    fn points513(&self, points: &[i32]) -> String {
        let upper = self.name.to_ascii_uppercase();
        format!(
            "/// Outputs at every 128th code.
{}
{} {{
    let place = {};
    let (left, right) = ({upper}_POINTS[place >> 7] as i32, {upper}_POINTS[(place >> 7) + 1] as i32);
    (left + (((right - left) * (place & 127) as i32 + 64) >> 7)) as i16
}}
",
            self.array("POINTS", "i16", points.iter().map(|&point| i64::from(point))),
            self.signature(),
            self.place(),
        )
    }

    /// The function `name_scaled`: a number times a multiplier, and shifted to the right.
    pub fn scaled(&self, rounding: RoundingSteps) -> String {
        let (about, body) = match rounding {
            RoundingSteps::Single => {
                ("rounded once, half up", "    ((product + (1 << (30 + right))) >> (31 + right)) as i32\n")
            }
            RoundingSteps::Double => (
                "rounded after the multiplication and after the shift, as gemmlowp does",
                "    let whole = ((product + (1 << 30)) >> 31) as i32;
    // To the nearest, ties away from 0.
    let size = (whole.unsigned_abs() + (1 << right >> 1)) >> right;
    if whole < 0 { -(size as i32) } else { size as i32 }
",
            ),
        };
        format!(
            "/// x * multiplier * 2^(-31 - right), {about}.
fn {}_scaled(x: i32, multiplier: i32, right: u32) -> i32 {{
    let product = x as i64 * multiplier as i64;
{body}}}
",
            self.name
        )
    }

    /// An input as its place among all codes.
    fn place(&self) -> String {
        match self.input.least {
            0 => "x as usize".to_string(),
            least => format!("(x as i32 + {}) as usize", -least),
        }
    }
}
