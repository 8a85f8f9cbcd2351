//! Numbers on the command line.

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

/// A training error: a share under 1, or a percentage as `5%`.
pub fn error(text: &str) -> Result<f64, String> {
    let share = match text.trim().strip_suffix('%') {
        Some(percent) => positive(percent.trim()).map(|percent| percent / 100.0),
        None => positive(text),
    };
    let is_share = |&share: &f64| share < 1.0;
    share
        .ok()
        .filter(is_share)
        .ok_or_else(|| "it must be a share between 0 and 1, as 0.05, or a percentage, as 5%".to_owned())
}

/// A whole number from 1 on, up to a billion.
pub fn count(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=1_000_000_000).contains(number));
    number.ok_or_else(|| "it must be a whole number, at least 1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_make_no_sense_are_refused() {
        assert!(["0", "-1", "1.5", "", "nan", "99999999999"].iter().all(|text| count(text).is_err()));
        assert!(["0", "-1", "nan", "inf", "x"].iter().all(|text| positive(text).is_err()));
        assert!(["0", "1", "nan", "-0.5"].iter().all(|text| share(text).is_err()));
        assert!(["5", "1", "0", "100%", "0 %", "%", "-1%", "five"].iter().all(|text| error(text).is_err()));
        assert_eq!((error("0.05"), error("5%"), error(" 0.5 %")), (Ok(0.05), Ok(0.05), Ok(0.005)));
        assert_eq!((count("3"), positive("1e-3"), share("0.2"), finite("-2")), (Ok(3), Ok(1e-3), Ok(0.2), Ok(-2.0)));
    }
}
