//! Numbers as a reader wants them. NaN becomes a dash.

use excite_vitals::in_words::plural;

const NONE: &str = "–";
const MINUS: &str = "−";

/// Three significant digits, without trailing zeros after the point: `"0.0123"`, `"12.3"`, `"1230"`, `"−2.0e−9"`, `"∞"`.
///
/// ```
/// use excite_report::number::significant;
/// assert_eq!([0.012345, -4.3567, f64::INFINITY, f64::NAN].map(significant), ["0.0123", "−4.36", "∞", "–"]);
/// ```
pub fn significant(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "∞" } else { "−∞" }.to_owned();
    }
    if value.is_nan() {
        return NONE.to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs().log10().floor() as i32;
    if !(-5..7).contains(&magnitude) {
        return scientific(value);
    }
    trimmed(value, (2 - magnitude).max(0) as usize)
}

/// Up to `decimals` decimals, without trailing zeros after the point.
pub(crate) fn trimmed(value: f64, decimals: usize) -> String {
    let text = fixed(value, decimals);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Exactly `decimals` decimals, so that a column of numbers lines up.
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    if value.abs() >= 1e9 {
        return scientific(value);
    }
    let text = format!("{value:.decimals$}");
    // A value that rounds to zero has no sign worth telling.
    if text.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) {
        text.replace('-', MINUS)
    } else {
        text.replace('-', "")
    }
}

fn scientific(value: f64) -> String {
    format!("{value:.1e}").replace('-', MINUS)
}

/// A share as a percentage with one decimal: `"12.3 %"`.
pub(crate) fn percent(share: f64) -> String {
    if share.is_finite() { format!("{}\u{a0}%", fixed(100.0 * share, 1)) } else { NONE.to_owned() }
}

/// A number of things: `"1 seed"`, `"3 seeds"`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    plural(number, noun).replacen(' ', "\u{a0}", 1)
}

/// Ten to the power of `exponent`: `"10⁻³"`.
pub(crate) fn power_of_ten(exponent: f64) -> String {
    let superscript = |c: char| match c {
        '-' => '⁻',
        digit => ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][digit.to_digit(10).unwrap_or(0) as usize],
    };
    format!("10{}", format!("{exponent:.0}").chars().map(superscript).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(significant(0.012345), "0.0123");
        assert_eq!(significant(0.1), "0.1");
        assert_eq!(significant(1234.5), "1234");
        assert_eq!(significant(-2e-9), "−2.0e−9");
        assert_eq!(significant(f64::NAN), "–");
        assert_eq!(fixed(-0.001, 2), "0.00");
        assert_eq!(fixed(-1.0, 2), "−1.00");
        assert_eq!(fixed(1e300, 2), "1.0e300");
        assert_eq!(percent(0.1234), "12.3\u{a0}%");
        assert_eq!(percent(f64::INFINITY), "–");
        assert_eq!(power_of_ten(-12.0), "10⁻¹²");
        assert_eq!(count(1, "class"), "1\u{a0}class");
        assert_eq!(count(0, "class"), "0\u{a0}classes");
    }
}
