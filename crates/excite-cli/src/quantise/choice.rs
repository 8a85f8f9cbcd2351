//! Which format each layer gets, as the command line asks.

use std::path::PathBuf;

use clap::Args;
use excite_tasks::{Budget, Error, FormatsFile, QuantiseOptions};

/// How formats are chosen.
#[derive(Args)]
#[command(next_help_heading = "Formats")]
pub struct Choice {
    /// Bits of a code: 8, or several as 4,6,8 or 4..16, of which each layer gets the fewest that do [default: 8, and 16 where that is too
    /// few]
    #[arg(long, value_name = "BITS", value_parser = bits)]
    bits: Option<Bits>,
    /// What it may cost the outputs: snr=25dB, top1=0.5%, or both [default: snr=20dB]
    #[arg(long, value_name = "LIMIT", value_delimiter = ',')]
    budget: Vec<Budget>,
    /// Scales that are powers of two, and no zero points: Q formats alone
    #[arg(long)]
    power_of_two: bool,
    /// Quantise the weights too, to this number of bits, with a scale for each unit
    #[arg(long, value_name = "BITS", value_parser = clap::value_parser!(u32).range(2..=8))]
    weights: Option<u32>,
    /// Let the data narrow the range of sigmoid, tanh and other functions that have one; it is kept otherwise
    #[arg(long)]
    calibrate_bounded: bool,
    /// Take the formats of a file of --write-formats, and choose none
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["power_of_two", "calibrate_bounded", "no_simulation"]
    )]
    formats: Option<PathBuf>,
}

impl Choice {
    /// The widths that tables are of.
    pub fn tables(&self) -> Vec<u32> {
        self.bits.as_ref().map_or_else(|| vec![8], |bits| bits.0.clone())
    }

    pub fn has_budget(&self) -> bool {
        !self.budget.is_empty()
    }

    /// The options of a quantisation, all others as by default.
    pub fn options(&self) -> Result<QuantiseOptions, Error> {
        Ok(QuantiseOptions {
            bits: self.tables(),
            // Firmware has 16 bits where 8 are too few.
            widths: if self.bits.is_none() { vec![8, 16] } else { Vec::new() },
            budgets: self.budget.clone(),
            power_of_two: self.power_of_two,
            calibrate_bounded: self.calibrate_bounded,
            weight_bits: self.weights,
            given: self.formats.as_deref().map(FormatsFile::read).transpose()?,
            ..QuantiseOptions::default()
        })
    }
}

/// Numbers of bits, ascending.
#[derive(Clone)]
struct Bits(Vec<u32>);

fn bits(text: &str) -> Result<Bits, String> {
    let wrong = || {
        let (least, most) = (QuantiseOptions::BITS.start(), QuantiseOptions::BITS.end());
        format!("it must be numbers of bits from {least} to {most}, as 8, 4,6,8 or 4..8")
    };
    let one = |text: &str| text.trim().parse().ok().filter(|bits| QuantiseOptions::BITS.contains(bits));
    let mut all = Vec::new();
    for part in text.split(',') {
        match part.split_once("..") {
            Some((from, to)) => all.extend(one(from).zip(one(to)).map(|(from, to)| from..=to).ok_or_else(wrong)?),
            None => all.push(one(part).ok_or_else(wrong)?),
        }
    }
    all.sort_unstable();
    all.dedup();
    if all.is_empty() { Err(wrong()) } else { Ok(Bits(all)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_read() {
        let read = |text: &str| bits(text).map(|bits| bits.0);
        assert_eq!((read("8"), read("8,4"), read("4..6")), (Ok(vec![8]), Ok(vec![4, 8]), Ok(vec![4, 5, 6])));
        assert_eq!(read("4..5,16"), Ok(vec![4, 5, 16]));
        assert!(["", "3", "17", "8..4", "4..", "a", "8,,4", "-8"].iter().all(|text| read(text).is_err()));
    }
}
