//! JSON.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Source, SumNumbers, What, listed};
use crate::kernel_numbers::{KernelNumbers, RowNumbers, SideNumbers};

pub(super) fn source(source: &Source) -> String {
    let Source { name, function, profile, to, output, .. } = source;
    let quantisation = |(scale, zero_point): (f32, i32)| {
        format!("{{ \"scale\": {}, \"zero_point\": {zero_point} }}", f64::from(scale))
    };
    let (input, kernel) = match &source.what {
        What::Codes(numbers) => (format!("\"input\": {}", quantisation(source.input)), numbers.json()),
        What::Rows(numbers) => (format!("\"input\": {}", quantisation(source.input)), numbers.json()),
        What::Sums(sums) => (sums.inputs_in_json(source.input.0), sums.json()),
    };
    format!(
        "{{
  \"name\": \"{name}\",
  \"function\": \"{function}\",
  \"type\": \"{}\",
  \"profile\": \"{profile}\",
  {input},
  \"output\": {},
  \"max_error\": {},
  \"checksum\": {},
  {kernel}
}}
",
        to.name,
        quantisation(*output),
        source.max_error,
        source.checksum,
    )
}

/// No number follows the last comma of a list.
fn list(numbers: impl ExactSizeIterator<Item = i64>) -> String {
    if numbers.len() == 0 {
        return "[]".into();
    }
    format!("[\n{}\n  ]", listed(numbers, "").trim_end_matches(','))
}

impl KernelNumbers {
    fn json(&self) -> String {
        match self {
            Self::Table(outputs) => format!("\"table\": {}", list(outputs.iter().map(|&output| i64::from(output)))),
            Self::Clamp { least, largest } => format!("\"least\": {least},\n  \"largest\": {largest}"),
            Self::TwoLines { below, above, .. } => {
                format!("\"below\": {},\n  \"above\": {}", below.json(), above.json())
            }
            Self::Segments { shifts, offsets, points, block_bits, fraction, .. } => format!(
                "\"block_bits\": {block_bits},\n  \"fraction_bits\": {fraction},\n  \"shifts\": {},\n  \"offsets\": {},\n  \"points\": {}",
                list(shifts.iter().map(|&shift| i64::from(shift))),
                list(offsets.iter().map(|&offset| i64::from(offset))),
                list(points.iter().map(|&point| i64::from(point)))
            ),
            Self::Multipliers { below, above, least, largest, .. } => format!(
                "\"multipliers\": [{}, {}],\n  \"shifts\": [{}, {}],\n  \"least\": {least},\n  \"largest\": {largest}",
                below.mantissa, above.mantissa, below.shift, above.shift
            ),
            Self::Sigmoid16 { multiplier, shift, points, .. } => format!(
                "\"multiplier\": {multiplier},\n  \"shift\": {shift},\n  \"points\": {}",
                list(points.iter().map(|&point| i64::from(point)))
            ),
            Self::Points513(points) => {
                format!("\"points\": {}", list(points.iter().map(|&point| i64::from(point))))
            }
        }
    }
}

impl RowNumbers {
    fn json(&self) -> String {
        let listed = |numbers: &[i32]| list(numbers.iter().map(|&number| i64::from(number)));
        match self {
            Self::Exponentials(exponentials) => {
                format!("\"exponentials\": {}", list(exponentials.iter().map(|&e| i64::from(e))))
            }
            Self::Tables { multiplier, shift, exp, reciprocal, .. } => format!(
                "\"multiplier\": {multiplier},\n  \"shift\": {shift},\n  \"exponentials\": {},\n  \"reciprocals\": {}",
                listed(exp),
                listed(reciprocal)
            ),
        }
    }
}

impl SideNumbers {
    fn json(&self) -> String {
        format!("{{ \"factor\": {}, \"limit\": {}, \"end\": {} }}", self.value(), self.limit, self.end)
    }
}

impl SumNumbers {
    fn inputs_in_json(&self, input: f32) -> String {
        let scales: Vec<String> = self.scales.iter().map(|&scale| format!("{}", f64::from(scale))).collect();
        let between = match self.curve {
            Some(_) => format!(
                ",\n  \"between\": {{ \"type\": \"int16\", \"scale\": {}, \"zero_point\": 0 }}",
                f64::from(input)
            ),
            None => String::new(),
        };
        format!("\"sums\": {{ \"type\": \"int32\", \"scales\": [{}] }}{between}", scales.join(", "))
    }

    fn json(&self) -> String {
        let of = |number: fn(&crate::arithmetic::Multiplier) -> i32| {
            list(self.channels.iter().map(|channel| i64::from(number(channel))))
        };
        let curve = self.curve.as_ref().map_or_else(String::new, |curve| format!(",\n  {}", curve.json()));
        format!(
            "\"multipliers\": {},\n  \"shifts\": {},\n  \"least\": {},\n  \"largest\": {}{curve}",
            of(|channel| channel.mantissa),
            of(|channel| channel.shift),
            self.ends.0,
            self.ends.1
        )
    }
}
