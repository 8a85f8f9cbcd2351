//! The activation of a sum, with its requantisation, in C99.

use alloc::format;
use alloc::string::String;

use super::super::{INT16, SumNumbers, TEST_MULTIPLIER, TEST_SUMS};
use super::Dialect;
use super::forms::{clamped, less};

impl Dialect<'_> {
    /// The tables, and the functions of a sum.
    pub fn sums(&self, sums: &SumNumbers) -> String {
        let Self { name, output, .. } = self;
        let (ty, public) = (output.in_c(), self.public());
        let (curve, end) = match &sums.curve {
            Some(numbers) => {
                let curve_name = format!("{name}_curve");
                let curve = Dialect { name: &curve_name, input: INT16, output: *output, in_header: true };
                let found = if sums.ends == (output.least, output.largest) {
                    format!("    return {curve_name}((int16_t)y);\n")
                } else {
                    format!("    y = (int32_t){curve_name}((int16_t)y);\n{}    return ({ty})y;\n", clamped(sums.ends))
                };
                (format!("{}\n", curve.kernel(numbers)), found)
            }
            None if sums.zero_point == 0 => (String::new(), format!("    return ({ty})y;\n")),
            None => (String::new(), format!("    y = {};\n    return ({ty})y;\n", less("y", -sums.zero_point))),
        };
        let about = match sums.channels.len() {
            0 => "The activation of one sum, with its channel's multiplier",
            _ => "A sum with a multiplier and a shift of your own",
        };
        let own_name = sums.own_name(name);
        let own = format!(
            "/* {about}: sum * multiplier * 2^(shift - 31), shift from -31 to 30. */
{public}{ty} {own_name}(int32_t sum, int32_t multiplier, int32_t shift)
{{
    const uint32_t left = (shift > 0) ? (uint32_t)shift : 0u;
    const uint32_t right = (shift < 0) ? (0u - (uint32_t)shift) : 0u;
    int32_t y = sum;
    if (left > 0u) {{
        const uint32_t most = 0x7fffffffu >> left;
        const uint32_t factor = (uint32_t)1u << left;
        y = (y > (int32_t)most) ? (int32_t)most : y;
        y = (y < -(int32_t)most) ? -(int32_t)most : y;
        y *= (int32_t)factor;
    }}
    y = {name}_scaled(y, multiplier, right);
{}{end}}}
",
            clamped(sums.requantised_ends())
        );
        format!("{curve}{}\n{own}\n{}", self.scaled(sums.rounding), self.channels(sums))
    }

    /// The function of a sum of a channel, and that of an array.
    fn channels(&self, sums: &SumNumbers) -> String {
        let (name, ty, public) = (self.name, self.output.in_c(), self.public());
        if sums.channels.is_empty() {
            return format!(
                "/* y = f(sums) for n sums of one channel. */
{public}void {name}_apply(const int32_t *sums, {ty} *y, size_t n, int32_t multiplier, int32_t shift)
{{
    size_t i;
    for (i = 0u; i < n; i++) {{
        y[i] = {name}(sums[i], multiplier, shift);
    }}
}}
"
            );
        }
        if let [only] = sums.channels[..] {
            return format!(
                "/* The activation of one sum. */
{public}{ty} {name}(int32_t sum)
{{
    return {name}_requantised(sum, {}, {});
}}

/* y = f(sums) for n sums. */
{public}void {name}_apply(const int32_t *sums, {ty} *y, size_t n)
{{
    size_t i;
    for (i = 0u; i < n; i++) {{
        y[i] = {name}(sums[i]);
    }}
}}
",
                only.mantissa, only.shift
            );
        }
        let count = sums.channels.len();
        format!(
            "/* For each channel its sum's scale over that of the output. */
{}{}
/* The activation of one sum of a channel, from 0 to {}. */
{public}{ty} {name}(int32_t sum, size_t channel)
{{
    const int32_t multiplier = (int32_t)EXCITE_READ_32(&{name}_multipliers[channel]);
    const int32_t shift = (int8_t)EXCITE_READ_8(&{name}_shifts[channel]);
    return {name}_requantised(sum, multiplier, shift);
}}

/* y = f(sums) for n sums, the channels side by side. */
{public}void {name}_apply(const int32_t *sums, {ty} *y, size_t n)
{{
    size_t channel = 0u;
    size_t i;
    for (i = 0u; i < n; i++) {{
        y[i] = {name}(sums[i], channel);
        channel = (channel == {}u) ? 0u : (channel + 1u);
    }}
}}
",
            self.array("multipliers", "int32_t", sums.channels.iter().map(|channel| i64::from(channel.mantissa))),
            self.array("shifts", "int8_t", sums.channels.iter().map(|channel| i64::from(channel.shift))),
            count - 1,
            count - 1,
        )
    }
}

impl SumNumbers {
    /// What a header says of the functions.
    pub fn declarations(&self, name: &str, ty: &str) -> String {
        if self.channels.is_empty() {
            return format!(
                "/* The activation of one sum, with its channel's multiplier: sum * multiplier * 2^(shift - 31), shift from -31 to 30. */
{ty} {name}(int32_t sum, int32_t multiplier, int32_t shift);

/* y = f(sums) for n sums of one channel. */
void {name}_apply(const int32_t *sums, {ty} *y, size_t n, int32_t multiplier, int32_t shift);
"
            );
        }
        let (channel, about) = match self.channels.len() {
            1 => ("", String::new()),
            count => (", size_t channel", format!(" of a channel, from 0 to {}", count - 1)),
        };
        format!(
            "/* The activation of one sum{about}. */
{ty} {name}(int32_t sum{channel});

/* y = f(sums) for n sums, the channels side by side. */
void {name}_apply(const int32_t *sums, {ty} *y, size_t n);

/* A sum with a multiplier and a shift of your own: sum * multiplier * 2^(shift - 31), shift from -31 to 30. */
{ty} {name}_requantised(int32_t sum, int32_t multiplier, int32_t shift);
"
        )
    }

    /// The name of the function that takes a multiplier.
    fn own_name(&self, name: &str) -> String {
        if self.channels.is_empty() { name.into() } else { format!("{name}_requantised") }
    }

    /// The loop over the sums of the self-test, up to the output.
    pub fn self_test_in_c(&self, name: &str) -> String {
        let (each, count) = (TEST_SUMS as usize, self.channels.len());
        let (down, more) = match count {
            0 => ("        const uint32_t down = i % 12u;\n", format!(", {TEST_MULTIPLIER}, -(int32_t)down")),
            1 => ("", String::new()),
            _ => ("", format!(", (size_t)i / {each}u")),
        };
        format!(
            "    uint32_t i;
    for (i = 0u; i < {}u; i++) {{
        const uint32_t size = ((i * 0x9e3779b1u) >> 1) >> (i % 24u);
        const int32_t sum = ((i % 2u) == 0u) ? (int32_t)size : -(int32_t)size;
{down}        uint32_t output = (uint32_t){name}(sum{more});
",
            each * count.max(1)
        )
    }
}
