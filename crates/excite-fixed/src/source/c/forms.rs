//! A function of one code in C99, by the form of its kernel.
//!
//! Shifted numbers are unsigned, operands of an operator have one type, and no cast changes the type of an expression: the required rules
//! of MISRA C:2012, and nothing that is left to the compiler.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt::Write;

use super::Dialect;
use crate::arithmetic::{Multiplier, RoundingSteps};
use crate::kernel_numbers::{KernelNumbers, SideNumbers};

// Writing to a string cannot fail.
impl Dialect<'_> {
    /// The tables of a kernel, and the function `name` of one code.
    pub fn kernel(&self, numbers: &KernelNumbers) -> String {
        match numbers {
            KernelNumbers::Table(outputs) => self.table(outputs),
            KernelNumbers::Clamp { least, largest } => self.clamp(*least, *largest),
            KernelNumbers::TwoLines { input, output, below, above } => self.two_lines(*input, *output, below, above),
            KernelNumbers::Segments { shifts, offsets, points, block_bits, fraction, zero_point, saturates } => {
                self.segments((shifts, offsets, points), (*block_bits, *fraction), *zero_point, *saturates)
            }
            KernelNumbers::Multipliers { input, output, below, above, least, largest } => {
                self.multipliers((*input, *output), [*below, *above], (*least, *largest))
            }
            KernelNumbers::Sigmoid16 { is_tanh: true, multiplier, shift, points } => {
                self.tanh16(*multiplier, *shift, points)
            }
            KernelNumbers::Sigmoid16 { multiplier, shift, points, .. } => self.logistic16(*multiplier, *shift, points),
            KernelNumbers::Points513(points) => self.points513(points),
        }
    }

    fn table(&self, outputs: &[i32]) -> String {
        let Self { name, output, .. } = self;
        format!(
            "{}
{}
{{
    return ({})EXCITE_READ_8(&{name}_table[{}]);
}}
",
            self.array("table", &output.in_c(), outputs.iter().map(|&y| i64::from(y))),
            self.signature(),
            output.in_c(),
            self.place(),
        )
    }

    fn clamp(&self, least: i32, largest: i32) -> String {
        let (ty, code, u) = (self.output.in_c(), self.output, self.suffix());
        let mut body = format!("    {ty} y = x;\n");
        if least > code.least {
            let _ = write!(body, "    if (y < {least}{u}) {{\n        y = {least}{u};\n    }}\n");
        }
        if largest < code.largest {
            let _ = write!(body, "    if (y > {largest}{u}) {{\n        y = {largest}{u};\n    }}\n");
        }
        format!("{}\n{{\n{body}    return y;\n}}\n", self.signature())
    }

    fn two_lines(&self, input: i32, output: i32, below: &SideNumbers, above: &SideNumbers) -> String {
        let ty = self.output.in_c();
        let (most_below, most_above) = (input.abs_diff(self.input.least), self.input.largest.abs_diff(input));
        // One function does for both sides of an odd one.
        let names =
            if below.is_multiplied() && below.factor == above.factor { ["scaled"; 2] } else { ["below", "above"] };
        let mut products = String::new();
        if above.is_multiplied() {
            products += &self.product(above, names[1]);
        }
        if below.is_multiplied() && names[0] != names[1] {
            products += &self.product(below, names[0]);
        }
        let side = |side: &SideNumbers, product: &str, most: u32, steps: &str| {
            let sign = if side.falls { '-' } else { '+' };
            let line = match (output, side.falls) {
                (0, false) => format!("(int32_t){}_{product}(n)", self.name),
                (0, true) => format!("-(int32_t){}_{product}(n)", self.name),
                _ => format!("{output} {sign} (int32_t){}_{product}(n)", self.name),
            };
            let y = match side.limit {
                0 | 1 if most > 0 => side.end.to_string(),
                _ if !side.is_multiplied() => output.to_string(),
                limit if limit > most => line.clone(),
                limit if line.contains(' ') => format!("(n < {limit}u) ? ({line}) : {}", side.end),
                limit => format!("(n < {limit}u) ? {line} : {}", side.end),
            };
            let n = if y.contains("(n") { format!("        const uint32_t n = {steps};\n") } else { String::new() };
            format!("{n}        y = {y};\n")
        };
        let below_text = side(below, names[0], most_below, "0u - (uint32_t)steps");
        // From one step on a limit of 1 is the end.
        let above_text = match above.limit {
            1 => format!(
                "        y = {output};\n        if (steps > 0) {{\n            y = {};\n        }}\n",
                above.end
            ),
            _ => side(above, names[1], most_above, "(uint32_t)steps"),
        };
        format!(
            "{products}{}
{{
    const int32_t steps = {};
    int32_t y;
    if (steps < 0) {{
{below_text}    }} else {{
{above_text}    }}
    return ({ty})y;
}}
",
            self.signature(),
            less("(int32_t)x", input),
        )
    }

    /// The function that multiplies a number of steps.
    fn product(&self, side: &SideNumbers, which: &str) -> String {
        let [low, middle, high] = side.factor;
        // A quotient of powers of two has no lower parts.
        let (carried, sum, is_tie) = if low == 0 && middle == 0 {
            (String::new(), format!("(n * {high}u)"), "((sum & 0xffffu) == 0u)")
        } else {
            (
                format!("    const uint32_t carried = (n * {middle}u) + ((n * {low}u) >> 16);\n"),
                format!("(n * {high}u) + (carried >> 16)"),
                "(((sum & 0xffffu) == 0u) && ((carried & 0xffffu) == 0u))",
            )
        };
        let whole = if side.has_ties {
            format!(
                "    uint32_t whole = sum >> 16;
    /* Halfway: the even one. */
    if {is_tie} {{
        whole &= 0xfffffffeu;
    }}
    return whole;
"
            )
        } else {
            "    return sum >> 16;\n".into()
        };
        format!(
            "/* n times {:.9}, to the nearest: the factor has 48 bits of fraction, in parts of 16. */
{}uint32_t {}_{which}(uint32_t n)
{{
{carried}    const uint32_t sum = {sum} + 0x8000u;
{whole}}}

",
            side.value(),
            self.private(),
            self.name,
        )
    }

    fn segments(
        &self,
        (shifts, offsets, points): (&[u8], &[u16], &[u32]),
        (block_bits, fraction): (u32, u32),
        zero_point: i32,
        saturates: bool,
    ) -> String {
        let Self { name, input, output, .. } = self;
        let mut tables = format!(
            "/* Outputs where the segments meet, counted from half a step under the lowest code, in 1/{} of a step. */\n{}",
            1 << fraction,
            self.array("points", "uint32_t", points.iter().map(|&point| i64::from(point)))
        );
        let (find, shift, total) = if shifts.iter().all(|shift| *shift == shifts[0]) {
            let shift = u32::from(shifts[0]);
            let find = format!("    const uint32_t rest = place & {}u;\n", (1_u32 << shift) - 1);
            (
                format!("{find}    const uint32_t *const point = &{name}_points[place >> {shift}];\n"),
                shift.to_string(),
                (shift + fraction).to_string(),
            )
        } else {
            let _ = write!(
                tables,
                "
/* Of each block of codes: the bits of the place within a segment. */
{}
/* Of each block of codes: what makes the number of a segment the place of its first point. */
{}",
                self.array("shifts", "uint8_t", shifts.iter().map(|&shift| i64::from(shift))),
                self.array("offsets", "uint16_t", offsets.iter().map(|&offset| i64::from(offset)))
            );
            let find = format!(
                "    const uint32_t block = place >> {block_bits};
    const uint32_t shift = EXCITE_READ_8(&{name}_shifts[block]);
    const uint32_t segment = place >> shift;
    const uint32_t rest = place - (segment << shift);
    const uint32_t *const point = &{name}_points[(segment + EXCITE_READ_16(&{name}_offsets[block])) & 0xffffu];
"
            );
            (find, "shift".to_string(), format!("(shift + {fraction}u)"))
        };
        let mut line = String::new();
        if zero_point > input.least {
            let _ = write!(
                line,
                "    /* Ties go up from the zero point on, and down below it: odd functions stay odd. */
    line -= (x < {zero_point}{}) ? 1u : 0u;
",
                input.suffix()
            );
        }
        let _ = writeln!(line, "    line >>= {total};");
        if saturates {
            let range = output.largest - output.least;
            let _ = write!(line, "    if (line > {range}u) {{\n        line = {range}u;\n    }}\n");
        }
        format!(
            "{tables}
{signature}
{{
    const uint32_t place = {place};
{find}    const uint32_t left = EXCITE_READ_32(&point[0]);
    const uint32_t right = EXCITE_READ_32(&point[1]);
    uint32_t line = (left << {shift}) + ((right - left) * rest);
{line}    return ({ty})({y});
}}
",
            signature = self.signature(),
            place = self.place(),
            ty = output.in_c(),
            y = less("(int32_t)line", -output.least),
        )
    }

    fn multipliers(&self, (input, output): (i32, i32), [below, above]: [Multiplier; 2], ends: (i32, i32)) -> String {
        let call = |factor: Multiplier| {
            // Beyond 16 bits to the left every step saturates, as with 16.
            let (left, right) = (1 << factor.shift.clamp(0, 16), (-factor.shift).max(0));
            let steps = if left == 1 { "steps".to_string() } else { format!("steps * {left}") };
            format!("{}_scaled({steps}, {}, {right}u)", self.name, factor.mantissa)
        };
        let scaled =
            if below == above { call(above) } else { format!("(steps < 0) ? {} : {}", call(below), call(above)) };
        format!(
            "{}
{}
{{
    const int32_t steps = {};
    int32_t y = {};
{}    return ({})y;
}}
",
            self.scaled(RoundingSteps::Double),
            self.signature(),
            less("(int32_t)x", input),
            less(&scaled, -output),
            clamped(ends),
            self.output.in_c(),
        )
    }

    /// The look-up that sigmoid and tanh of 16 bits share, up to the sum `line`.
    fn sigmoid_line(&self, multiplier: i32, shift: u32, bits: u32, most: u32) -> String {
        let rounding = if shift > 0 { 1_u32 << (shift - 1) } else { 0 };
        let bias = 0x8000_0000_u32 + rounding;
        format!(
            "{}
{{
    /* 24 points a unit; 2^31 more, so that the shifted number is positive. */
    const uint32_t zero = 0x80000000u >> {shift};
    const uint32_t d = (((uint32_t)x * {multiplier}u) + 0x{bias:08x}u) >> {shift};
    uint32_t size = d - zero;
    uint32_t point;
    uint32_t line = {most}u;
    if (d < zero) {{
        size = zero - d;
    }}
    point = size >> {bits};
    if (point < 255u) {{
        const uint32_t left = EXCITE_READ_16(&{name}_points[point]);
        const uint32_t right = EXCITE_READ_16(&{name}_points[point + 1u]);
        line = (left << {bits}) + ((size & {mask}u) * (right - left));
    }}
",
            self.signature(),
            mask = (1 << bits) - 1,
            name = self.name,
        )
    }

    fn logistic16(&self, multiplier: i32, shift: u32, points: &[i32]) -> String {
        format!(
            "{}
{}    if (d < zero) {{
        line = 33554431u - line;
    }}
    line = (line + 512u) >> 10;
    return (int16_t)line;
}}
",
            self.array("points", "uint16_t", points.iter().map(|&point| i64::from(point))),
            self.sigmoid_line(multiplier, shift, 9, 0x7fff << 10),
        )
    }

    fn tanh16(&self, multiplier: i32, shift: u32, points: &[i32]) -> String {
        format!(
            "{}
{}    line = (line - 8388480u) >> 8;
    return (int16_t)((d < zero) ? -(int32_t)line : (int32_t)line);
}}
",
            self.array("points", "uint16_t", points.iter().map(|&point| i64::from(point))),
            self.sigmoid_line(multiplier, shift, 8, 0xffff << 8),
        )
    }

    fn points513(&self, points: &[i32]) -> String {
        let name = self.name;
        format!(
            "/* Outputs at every 128th code, plus 32768. */
{}
{}
{{
    const uint32_t place = {};
    const uint32_t left = EXCITE_READ_16(&{name}_points[place >> 7]);
    const uint32_t right = EXCITE_READ_16(&{name}_points[(place >> 7) + 1u]);
    const uint32_t line = ((left << 7) + ((right - left) * (place & 127u)) + 64u) >> 7;
    return (int16_t)((int32_t)line - 32768);
}}
",
            self.array("points", "uint16_t", points.iter().map(|&point| i64::from(point) + 32768)),
            self.signature(),
            self.place(),
        )
    }

    /// The function `name_scaled`: a number times a multiplier, and shifted to the right.
    pub fn scaled(&self, rounding: RoundingSteps) -> String {
        let (about, half, whole) = match rounding {
            RoundingSteps::Single => (
                "rounded once, half up",
                "(UINT64_C(0x40000000) << right)",
                "    const uint32_t zero = 0x80000000u >> right;
    const uint32_t bits = 31u + right;
    const uint32_t whole = (uint32_t)(biased >> bits);
    uint32_t size = whole - zero;
    if (whole < zero) {
        size = zero - whole;
    }
    return (whole < zero) ? -(int32_t)size : (int32_t)size;
",
            ),
            RoundingSteps::Double => (
                "rounded after the multiplication and after the shift, as gemmlowp does",
                "UINT64_C(0x40000000)",
                "    const uint32_t zero = 0x80000000u;
    const uint32_t whole = (uint32_t)(biased >> 31);
    uint32_t size = whole - zero;
    if (whole < zero) {
        size = zero - whole;
    }
    size = (size + (((uint32_t)1u << right) >> 1)) >> right;
    return (whole < zero) ? -(int32_t)size : (int32_t)size;
",
            ),
        };
        format!(
            "/* x * multiplier * 2^(-31 - right), {about}. */
{}int32_t {}_scaled(int32_t x, int32_t multiplier, uint32_t right)
{{
    const int64_t product = (int64_t)x * (int64_t)multiplier;
    /* 2^62 more, so that the shifted number is positive. */
    const uint64_t biased = (uint64_t)product + UINT64_C(0x4000000000000000) + {half};
{whole}}}
",
            self.private(),
            self.name,
        )
    }

    /// An input as its place among all codes.
    fn place(&self) -> String {
        match self.input.least {
            0 => "(uint32_t)x".to_string(),
            least => format!("(uint32_t)x + {}u", -least),
        }
    }
}

/// A number minus another.
pub fn less(x: &str, by: i32) -> String {
    match by {
        0 => x.to_string(),
        1.. => format!("{x} - {by}"),
        _ => format!("{x} + {}", -by),
    }
}

/// The lines that clamp `y`.
pub fn clamped((least, largest): (i32, i32)) -> String {
    format!(
        "    if (y < {least}) {{\n        y = {least};\n    }}\n    if (y > {largest}) {{\n        y = {largest};\n    }}\n"
    )
}
