//! Numbers on the command line, and shares in tables.

/// A finite number.
pub fn finite(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|number: &f64| number.is_finite()).ok_or_else(|| "it must be a finite number".to_owned())
}

/// A finite number above 0.
pub fn positive(text: &str) -> Result<f64, String> {
    finite(text).ok().filter(|&number| number > 0.0).ok_or_else(|| "it must be a finite number above 0".to_owned())
}

/// A number between 0 and 1, neither included.
pub fn share(text: &str) -> Result<f64, String> {
    positive(text).ok().filter(|&number| number < 1.0).ok_or_else(|| "it must be between 0 and 1".to_owned())
}

/// A whole number from 1 on, up to a billion.
pub fn count(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=1_000_000_000).contains(number));
    number.ok_or_else(|| "it must be a whole number, at least 1".to_owned())
}

/// A share of 1 in per cent: `12 %`, and more digits where it is small.
pub fn percent(share: f64) -> String {
    let decimals = usize::from(share > 0.0 && share < 0.0995);
    format!("{:.decimals$} %", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_shares_have_more_digits() {
        assert_eq!([0.0, 0.001, 0.0994, 0.1, 1.0].map(percent), ["0 %", "0.1 %", "9.9 %", "10 %", "100 %"]);
    }

    #[test]
    fn numbers_that_make_no_sense_are_refused() {
        assert!(["0", "-1", "1.5", "", "nan", "99999999999"].iter().all(|text| count(text).is_err()));
        assert!(["0", "-1", "nan", "inf", "x"].iter().all(|text| positive(text).is_err()));
        assert!(["0", "1", "nan", "-0.5"].iter().all(|text| share(text).is_err()));
        assert_eq!((count("3"), positive("1e-3"), share("0.2"), finite("-2")), (Ok(3), Ok(1e-3), Ok(0.2), Ok(-2.0)));
    }
}
