//! What quantisation may cost the outputs.

use std::fmt;
use std::str::FromStr;

use super::record::SimulatedOutput;

/// A limit on what quantisation costs the outputs.
///
/// ```
/// use excite_tasks::Budget;
/// assert_eq!("snr=25dB".parse(), Ok(Budget::SignalToNoise(25.0)));
/// assert_eq!("top1=0.5%".parse(), Ok(Budget::Top1(0.005)));
/// assert_eq!(Budget::Top1(0.005).to_string(), "top1=0.5%");
/// assert!("snr=-".parse::<Budget>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Budget {
    /// Every output keeps at least this signal-to-noise ratio, in decibels.
    SignalToNoise(f64),
    /// At most this share of the samples, from 0 to 1, has another largest class.
    Top1(f64),
}

impl Budget {
    /// What counts as enough where no budget is given: noise has a hundredth of the outputs' power. With more accuracy suffers visibly.
    pub const ENOUGH: Self = Self::SignalToNoise(20.0);

    /// Whether outputs stay within it. Without classes none of them has another.
    pub(crate) fn holds(self, outputs: &[SimulatedOutput]) -> bool {
        outputs.iter().all(|output| match self {
            Self::SignalToNoise(least) => output.signal_to_noise >= least,
            Self::Top1(most) => {
                output.top1_changed.is_none_or(|changed| changed as f64 <= most * output.samples as f64)
            }
        })
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignalToNoise(decibels) => write!(out, "snr={decibels}dB"),
            // 100 · 0.003 is not 0.3 in floats.
            Self::Top1(share) => write!(out, "top1={}%", (share * 1e8).round() / 1e6),
        }
    }
}

impl FromStr for Budget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("found `{text}`: a budget is snr=25dB or top1=0.5%");
        let (what, limit) = text.split_once('=').ok_or_else(wrong)?;
        let limit = limit.trim();
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        match what.trim() {
            "snr" => {
                let decibels = limit.strip_suffix("dB").or_else(|| limit.strip_suffix("db")).unwrap_or(limit);
                number(decibels).map(Self::SignalToNoise).ok_or_else(wrong)
            }
            "top1" | "top-1" => {
                let share = match limit.strip_suffix('%') {
                    Some(percent) => number(percent).map(|percent| percent / 100.0),
                    None => number(limit),
                };
                let share = share.filter(|share| (0.0..=1.0).contains(share));
                share.map(Self::Top1).ok_or_else(|| format!("found `{text}`: the share of top1 is from 0% to 100%"))
            }
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_are_read_and_written() {
        for (text, budget) in [
            ("snr=25", Budget::SignalToNoise(25.0)),
            ("snr=17.5dB", Budget::SignalToNoise(17.5)),
            ("top1=0%", Budget::Top1(0.0)),
            ("top1=0.3%", Budget::Top1(0.003)),
            ("top1=0.01", Budget::Top1(0.01)),
        ] {
            assert_eq!(text.parse(), Ok(budget), "{text}");
            assert_eq!(budget.to_string().parse(), Ok(budget), "{text}");
        }
        for text in ["", "25dB", "snr", "snr=", "snr=xdB", "snr=infdB", "top1=101%", "top1=-1%", "top5=1%"] {
            assert!(text.parse::<Budget>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_budget_holds_up_to_its_limit() {
        let output = |signal_to_noise, top1_changed| SimulatedOutput {
            name: "y".to_owned(),
            signal_to_noise,
            top1_changed,
            samples: 20,
            top1_interval: None,
        };
        assert!(Budget::SignalToNoise(20.0).holds(&[output(20.0, None), output(f64::INFINITY, None)]));
        assert!(!Budget::SignalToNoise(20.0).holds(&[output(30.0, None), output(19.9, None)]));
        assert!(Budget::Top1(0.1).holds(&[output(3.0, Some(2))]) && !Budget::Top1(0.1).holds(&[output(3.0, Some(3))]));
    }
}
