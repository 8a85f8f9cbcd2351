//! Softmax in C99.

use alloc::format;
use alloc::string::String;

use super::super::INT16;
use super::super::rows::{MOST_CODES, TEST_ROWS};
use super::Dialect;
use super::forms::less;
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

    fn row_signature(&self) -> String {
        let ty = self.output.in_c();
        format!("{}void {}(const {ty} *x, {ty} *y, size_t n)", self.public(), self.name)
    }

    /// The loop that finds the largest code.
    fn largest(&self) -> String {
        let ty = self.output.in_c();
        format!(
            "    {ty} largest = {}{};
    for (i = 0u; i < n; i++) {{
        largest = (x[i] > largest) ? x[i] : largest;
    }}
",
            if self.output.least < 0 { format!("INT{}_MIN", self.output.bits) } else { "0".into() },
            self.suffix()
        )
    }

    fn softmax8(&self, exponentials: &[u32]) -> String {
        let (name, ty) = (self.name, self.output.in_c());
        let y = less("(int32_t)code", -self.output.least);
        format!(
            "/* e^(-d) of a difference of d codes, with 31 bits of fraction. */
{table}
{scaled}
/* 1 / (1 + a) with 31 bits of fraction, for such an a from 0 to 1: three steps of Newton from 48/17 - 32/17 d. */
{private}int32_t {name}_reciprocal(uint32_t a)
{{
    const uint32_t half = (a >> 1) + 0x40000000u;
    const int32_t d = (int32_t)half;
    int32_t r = 1515870810 + {name}_scaled(d, -1010580540, 0u);
    int32_t step;
    for (step = 0; step < 3; step++) {{
        const int32_t rest = 536870912 - {name}_scaled(d, r, 0u);
        r += 4 * {name}_scaled(r, rest, 0u);
    }}
    return (r > 1073741823) ? 2147483647 : (2 * r);
}}

/* y = softmax(x) of a row of n codes; x and y may be the same. */
{signature}
{{
    size_t i;
    uint32_t total = 0u;
    uint32_t headroom = 0u;
    int32_t reciprocal;
{largest}    /* The sum with 19 bits of fraction, which 4096 ones fill. */
    for (i = 0u; i < n; i++) {{
        const int32_t d = (int32_t)largest - (int32_t)x[i];
        const uint32_t e = EXCITE_READ_32(&{name}_exponentials[d]);
        total += (e + 2048u) >> 12;
        total = (total > 0x7fffffffu) ? 0x7fffffffu : total;
    }}
    /* Its highest bit is that of 1; an empty row has no sum. */
    while ((n > 0u) && ((total & 0x80000000u) == 0u)) {{
        total <<= 1;
        headroom++;
    }}
    reciprocal = {name}_reciprocal(total & 0x7fffffffu);
    for (i = 0u; i < n; i++) {{
        const int32_t d = (int32_t)largest - (int32_t)x[i];
        const uint32_t e = EXCITE_READ_32(&{name}_exponentials[d]);
        const int32_t product = {name}_scaled(reciprocal, (int32_t)e, 0u);
        const uint32_t shift = 35u - headroom;
        const uint64_t wide = (uint64_t)product + (UINT64_C(1) << (shift - 1u));
        uint32_t code = (uint32_t)(wide >> shift);
        code = (code > 255u) ? 255u : code;
        y[i] = ({ty})({y});
    }}
}}
",
            table = self.array("exponentials", "uint32_t", exponentials.iter().map(|&e| i64::from(e))),
            scaled = self.scaled(RoundingSteps::Double),
            private = self.private(),
            signature = self.row_signature(),
            largest = self.largest(),
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
            let dialect = Dialect { name: &full, input: INT16, output: INT16, in_header: true };
            dialect.kernel(&KernelNumbers::Points513(points.to_vec()))
        };
        let left = if shift > 0 { format!("d * {}", 1_u32 << shift) } else { "d".into() };
        let right = (-shift).max(0);
        let (end, about) =
            if wraps { ("INT16_MIN", "32768 wraps, as in CMSIS-NN") } else { ("INT16_MAX", "32768 saturates") };
        format!(
            "{}
{}
{}
/* e^(-d) of a difference of d codes, with 15 bits of fraction. */
{private}uint32_t {name}_exponential(int32_t d)
{{
    int32_t x = 32767 - {name}_scaled({left}, {multiplier}, {right}u);
    x = (x < -32768) ? -32768 : x;
    return (uint32_t){name}_exp((int16_t)x);
}}

/* y = softmax(x) of a row of n codes, 65538 at most; x and y may be the same. */
{signature}
{{
    size_t i;
    uint32_t total = 0u;
    uint32_t headroom = 1u;
    uint32_t one;
    int32_t place;
    int32_t reciprocal;
{largest}    for (i = 0u; i < n; i++) {{
        total += {name}_exponential((int32_t)largest - (int32_t)x[i]);
    }}
    total = (total > 0x7fffffffu) ? 0x7fffffffu : total;
    /* An empty row has no sum. */
    while ((n > 0u) && (((total << headroom) & 0x80000000u) == 0u)) {{
        headroom++;
    }}
    /* The sum between 1 and 2, with 16 bits of fraction. */
    one = ((total << (headroom - 1u)) + 8192u) >> 14;
    place = (int32_t)one - 98304;
    place = (place > 32767) ? 32767 : place;
    reciprocal = {name}_reciprocal((int16_t)place);
    for (i = 0u; i < n; i++) {{
        const uint32_t product = {name}_exponential((int32_t)largest - (int32_t)x[i]) * (uint32_t)reciprocal;
        const uint32_t shift = 31u - headroom;
        const uint32_t code = (product + (((uint32_t)1u << shift) >> 1)) >> shift;
        /* {about}. */
        y[i] = (code > 32767u) ? {end} : (int16_t)code;
    }}
}}
",
            table("exp", exp),
            table("reciprocal", reciprocal),
            self.scaled(rounding),
            private = self.private(),
            signature = self.row_signature(),
            largest = self.largest(),
        )
    }

    /// What a header says of the function.
    pub fn row_declaration(&self) -> String {
        let ty = self.output.in_c();
        format!(
            "/* y = softmax(x) of a row of n codes; x and y may be the same. */\nvoid {}(const {ty} *x, {ty} *y, size_t n);\n",
            self.name
        )
    }

    /// The loops over the rows of the self-test, up to the output.
    pub fn row_test(&self) -> String {
        let (name, ty) = (self.name, self.output.in_c());
        let code = match self.output.least {
            0 => "mixed".into(),
            least => format!("((int32_t)mixed - {})", -least),
        };
        format!(
            "    {ty} codes[{MOST_CODES}];
    uint32_t row;
    for (row = 0u; row < {TEST_ROWS}u; row++) {{
        const uint32_t count = 1u + (row % {MOST_CODES}u);
        uint32_t i;
        for (i = 0u; i < count; i++) {{
            const uint32_t number = ((row * {MOST_CODES}u) + i) * 0x9e3779b1u;
            const uint32_t mixed = (number >> {}) >> (row % {}u);
            codes[i] = ({ty}){code};
        }}
        {name}(codes, codes, count);
        for (i = 0u; i < count; i++) {{
            uint32_t output = (uint32_t)codes[i];
",
            32 - self.output.bits,
            self.output.bits
        )
    }
}
