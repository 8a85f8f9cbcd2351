//! JSON.

use alloc::format;
use alloc::string::String;

use super::{Source, listed};
use crate::kernel_numbers::KernelNumbers;

pub(super) fn source(source: &Source) -> String {
    let Source { name, function, profile, code, input, output, .. } = source;
    let quantisation = |(scale, zero_point): (f32, i32)| {
        format!("{{ \"scale\": {}, \"zero_point\": {zero_point} }}", f64::from(scale))
    };
    // No number follows the last comma of a list.
    let list = |numbers: &mut dyn Iterator<Item = i64>| format!("[\n{}\n  ]", listed(numbers).trim_end_matches(','));
    let kernel = match &source.numbers {
        KernelNumbers::Table(outputs) => {
            format!("\"table\": {}", list(&mut outputs.iter().map(|&output| i64::from(output))))
        }
        KernelNumbers::Relu { numerator, denominator, largest, .. } => {
            format!("\"numerator\": {numerator},\n  \"denominator\": {denominator},\n  \"largest\": {largest}")
        }
        KernelNumbers::Lines { fraction, knots, .. } => format!(
            "\"fraction_bits\": {fraction},\n  \"codes\": {},\n  \"outputs\": {}",
            list(&mut knots.iter().map(|&(code, _)| i64::from(code))),
            list(&mut knots.iter().map(|&(_, output)| output))
        ),
    };
    format!(
        "{{
  \"name\": \"{name}\",
  \"function\": \"{function}\",
  \"type\": \"{}\",
  \"profile\": \"{profile}\",
  \"input\": {},
  \"output\": {},
  \"max_error\": {},
  \"checksum\": {},
  {kernel}
}}
",
        code.name,
        quantisation(*input),
        quantisation(*output),
        source.max_error,
        source.checksum,
    )
}
