//! The activation of a sum, with its requantisation, in Rust.

use alloc::format;
use alloc::string::String;

use super::super::{INT16, SumNumbers};
use super::Dialect;

impl Dialect<'_> {
    /// The tables, and the functions of a sum.
    pub fn sums(&self, sums: &SumNumbers) -> String {
        let Self { name, output, .. } = self;
        let ty = output.in_rust();
        let (curve, end) = match &sums.curve {
            Some(numbers) => {
                let curve_name = format!("{name}_curve");
                let curve = Dialect { name: &curve_name, input: INT16, output: *output, public: "" };
                let within = if sums.ends == (output.least, output.largest) {
                    String::new()
                } else {
                    format!(".clamp({}, {})", sums.ends.0, sums.ends.1)
                };
                (format!("{}\n", curve.kernel(numbers)), format!("{curve_name}(y as i16){within}"))
            }
            None => (String::new(), format!("(y + ({})) as {ty}", sums.zero_point)),
        };
        let (least, largest) = sums.requantised_ends();
        let about = match sums.channels.len() {
            0 => "The activation of one sum, with its channel's multiplier",
            _ => "A sum with a multiplier and a shift of your own",
        };
        let own_name = if sums.channels.is_empty() { (*name).into() } else { format!("{name}_requantised") };
        format!(
            "{curve}{}
/// {about}: sum * multiplier * 2^(shift - 31), shift from -31 to 30.
pub fn {own_name}(sum: i32, multiplier: i32, shift: i32) -> {ty} {{
    let (left, right) = (shift.max(0), (-shift).max(0) as u32);
    let x = if left > 0 {{ sum.clamp(-(i32::MAX >> left), i32::MAX >> left) << left }} else {{ sum }};
    let y = {name}_scaled(x, multiplier, right).clamp({least}, {largest});
    {end}
}}

{}",
            self.scaled(sums.rounding),
            self.channels(sums)
        )
    }

    /// The function of a sum of a channel, and that of a slice.
    fn channels(&self, sums: &SumNumbers) -> String {
        let (name, ty) = (self.name, self.output.in_rust());
        if sums.channels.is_empty() {
            return format!(
                "/// y = f(sums) for as many sums of one channel as both slices have.
pub fn {name}_apply(sums: &[i32], y: &mut [{ty}], multiplier: i32, shift: i32) {{
    for (sum, y) in sums.iter().zip(y) {{
        *y = {name}(*sum, multiplier, shift);
    }}
}}
"
            );
        }
        if let [only] = sums.channels[..] {
            return format!(
                "/// The activation of one sum.
pub fn {name}(sum: i32) -> {ty} {{
    {name}_requantised(sum, {}, {})
}}

/// y = f(sums) for as many as both slices have.
pub fn {name}_apply(sums: &[i32], y: &mut [{ty}]) {{
    for (sum, y) in sums.iter().zip(y) {{
        *y = {name}(*sum);
    }}
}}
",
                only.mantissa, only.shift
            );
        }
        let (count, upper) = (sums.channels.len(), name.to_ascii_uppercase());
        format!(
            "/// For each channel its sum's scale over that of the output.
{}{}
/// The activation of one sum of a channel.
///
/// # Panics
/// If there is no such channel: there are {count}.
pub fn {name}(sum: i32, channel: usize) -> {ty} {{
    {name}_requantised(sum, {upper}_MULTIPLIERS[channel], {upper}_SHIFTS[channel] as i32)
}}

/// y = f(sums) for as many as both slices have, the channels side by side.
pub fn {name}_apply(sums: &[i32], y: &mut [{ty}]) {{
    for (i, (sum, y)) in sums.iter().zip(y).enumerate() {{
        *y = {name}(*sum, i % {count});
    }}
}}
",
            self.array("MULTIPLIERS", "i32", sums.channels.iter().map(|channel| i64::from(channel.mantissa))),
            self.array("SHIFTS", "i8", sums.channels.iter().map(|channel| i64::from(channel.shift))),
        )
    }
}
