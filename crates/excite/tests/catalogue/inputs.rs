//! The inputs that functions are tested with: the same on every machine, made by integer arithmetic and exact steps alone.

use super::bits::Bits;

/// Inputs of one kind.
pub struct Group<F> {
    /// One word.
    pub name: &'static str,
    pub x: Vec<F>,
}

/// Inputs of every kind, a few thousand together.
pub fn groups<F: Bits>() -> Vec<Group<F>> {
    vec![
        Group { name: "special", x: special() },
        Group { name: "positive", x: binades(0) },
        Group { name: "negative", x: binades(F::sign()) },
        Group { name: "ordinary", x: (0..2048).map(|i| F::from_f64((fraction(i) - 0.5) * 16.0)).collect() },
        Group { name: "tails", x: tails() },
        Group { name: "kinks", x: kinks() },
    ]
}

/// All [`groups`] in one; every number that there is where there are few.
pub fn all<F: Bits>() -> Vec<F> {
    if F::BITS == 16 {
        (0..1 << 16).map(F::from_bits).collect()
    } else {
        groups().into_iter().flat_map(|group| group.x).collect()
    }
}

/// Zero, the ends of the subnormal and of the normal numbers, infinity, NaN of several kinds, and the neighbours of 1.
fn special<F: Bits>() -> Vec<F> {
    let smallest_normal = 1 << F::FRACTION;
    let one = F::from_f64(1.0).to_bits();
    let largest_nan = F::sign() - 1;
    [0, 1, 2, smallest_normal - 1, smallest_normal, smallest_normal + 1]
        .into_iter()
        .chain([one - 1, one, one + 1, F::infinity() - 1, F::infinity()])
        .chain([F::infinity() + 1, F::infinity() + smallest_normal / 2, largest_nan])
        .flat_map(|bits| [F::from_bits(bits), F::from_bits(bits | F::sign())])
        .collect()
}

/// Some 2048 finite numbers of one sign, as many from each binade.
fn binades<F: Bits>(sign: u64) -> Vec<F> {
    let exponents = F::infinity() >> F::FRACTION;
    let each = 2048_u64.div_ceil(exponents);
    (0..exponents * each)
        .map(|i| F::from_bits(sign | (i / each) << F::FRACTION | scramble(i) >> (64 - F::FRACTION)))
        .collect()
}

/// From ±8 to ±1024, where exponentials vanish.
fn tails<F: Bits>() -> Vec<F> {
    let size = |i: u64| f64::from(8_u32 << (i % 7)) * (1.0 + fraction(i));
    (0..1024).map(|i| F::from_f64(if i % 2 == 0 { size(i / 2) } else { -size(i / 2) })).collect()
}

/// Every half up to ±24, with its neighbours: where formulas change.
fn kinks<F: Bits>() -> Vec<F> {
    (-48..=48).flat_map(|halves| (-3..=3).map(move |steps| F::from_f64(f64::from(halves) / 2.0).up(steps))).collect()
}

/// A number in [0, 1), the i-th of a sequence without a pattern.
pub fn fraction(i: u64) -> f64 {
    (scramble(i) >> 11) as f64 / (1_u64 << 53) as f64
}

/// SplitMix64 (Steele, Lea and Flood 2014, Fast Splittable Pseudorandom Number Generators).
fn scramble(i: u64) -> u64 {
    let z = i.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Gradients of every kind.
pub fn gradients<F: Bits>(count: usize) -> Vec<F> {
    let some = [1.0, -1.0, 0.3, -2.5e-4, 7e4, 0.0, -1e-30, f64::INFINITY, 3.0, f64::NAN, -0.125];
    some.into_iter().cycle().take(count).map(F::from_f64).collect()
}

#[test]
fn every_binade_is_there() {
    let x = binades::<f32>(0);
    assert!((0..255).all(|exponent| x.iter().filter(|x| x.to_bits() >> 23 == exponent).count() == 9));
    assert!(binades::<f64>(f64::sign()).iter().all(|x| x.is_finite() && x.is_sign_negative()));
}
