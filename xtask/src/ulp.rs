//! The error of an f32 result in units in the last place of the exact result.

/// The distance from `exact` (unrounded, in f64) to `found`, in the spacing of f32 numbers at `exact`; the spacing of the
/// subnormals is 2^-149. Infinite where one is NaN and the other is not, where one only is infinite, or where a zero
/// has the other sign.
pub fn error(found: f32, exact: f64) -> f64 {
    if found.is_nan() || exact.is_nan() {
        return if found.is_nan() && exact.is_nan() { 0.0 } else { f64::INFINITY };
    }
    if found.is_infinite() || exact.is_infinite() {
        return if f64::from(found) == exact { 0.0 } else { f64::INFINITY };
    }
    if found == 0.0 && exact == 0.0 {
        return if found.is_sign_negative() == exact.is_sign_negative() { 0.0 } else { f64::INFINITY };
    }
    ((f64::from(found) - exact) / spacing(exact)).abs()
}

/// The spacing of f32 numbers in the binade of `exact`.
fn spacing(exact: f64) -> f64 {
    let exponent = ((exact.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    2.0_f64.powi((exponent - 23).max(-149))
}

/// Whether `found` is `exact` rounded to nearest.
pub fn correctly_rounded(found: f32, exact: f64) -> bool {
    found.to_bits() == (exact as f32).to_bits() || (found.is_nan() && exact.is_nan())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_in_the_last_place_of_the_exact_result() {
        assert_eq!(error(1.0, 1.0), 0.0);
        assert_eq!(error(1.0_f32.next_up(), 1.0), 1.0);
        assert_eq!(error(1.0_f32.next_down(), 1.0), 0.5);
        assert_eq!(error(f32::from_bits(3), 2.0_f64.powi(-149)), 2.0);
        assert_eq!(error(0.0, 2.0_f64.powi(-151)), 0.25);
    }

    #[test]
    fn what_is_not_a_finite_number_must_agree() {
        assert_eq!(error(f32::NAN, f64::NAN), 0.0);
        assert_eq!(error(0.0, f64::NAN), f64::INFINITY);
        assert_eq!(error(f32::NAN, 0.0), f64::INFINITY);
        assert_eq!(error(f32::INFINITY, f64::INFINITY), 0.0);
        assert_eq!(error(f32::MAX, f64::INFINITY), f64::INFINITY);
        assert_eq!(error(f32::NEG_INFINITY, f64::INFINITY), f64::INFINITY);
        assert_eq!(error(-0.0, 0.0), f64::INFINITY);
    }

    #[test]
    fn tells_the_neighbour_from_the_nearest() {
        assert!(correctly_rounded(0.1, 0.1));
        assert!(!correctly_rounded(0.1_f32.next_up(), 0.1));
        assert!(!correctly_rounded(-0.0, 0.0));
    }
}
