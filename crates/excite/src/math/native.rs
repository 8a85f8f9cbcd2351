//! The constants of the tuned kernels, in f32 and in f64.

use super::{Number, Pair, trig};

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// f32 or f64, with the constants that a kernel tuned to one of them needs. Sealed, because every constant belongs to one of them.
pub trait Native: sealed::Sealed + Number + Into<f64> {
    /// 0
    const ZERO: Self;
    /// 1
    const ONE: Self;
    #[doc(hidden)]
    const LOG2_E: Self;
    /// ln 2 rounded, and the rest. x − m·`LN2_HI` is exact in one fused multiply-add where m is x / ln 2 rounded: its last
    /// place is no finer than that of x or of `LN2_HI`, and it is less than half of `LN2_HI`.
    #[doc(hidden)]
    const LN2_HI: Self;
    #[doc(hidden)]
    const LN2_LO: Self;
    /// 1.5 · 2^(digits − 1) + exponent bias: adding it rounds to an integer, and leaves in the low bits that
    /// integer plus the bias, which is the exponent field of a power of two.
    #[doc(hidden)]
    const TO_EXPONENT: Self;
    /// A power of two larger than the span of the subnormals, by which eˣ is raised so that it has all its digits.
    #[doc(hidden)]
    const GUARD: Self;
    /// The exponent of `GUARD`.
    #[doc(hidden)]
    const GUARD_EXPONENT: Self;
    /// Coefficients of q in e⁻ʳ ≈ 1 − r + r²·q(r), highest power first. See `exp.rs`.
    #[doc(hidden)]
    const EXP: &'static [Self];
    /// Coefficients of w in ln(1 + f) ≈ f − f²/2 + f³·w(f), highest power first. See `softplus.rs`.
    #[doc(hidden)]
    const LN_1P: &'static [Self];
    /// Below this eˣ and sigmoid are 0, and above `SIGMOID_ONE` it is 1.
    #[doc(hidden)]
    const SIGMOID_ZERO: Self;
    #[doc(hidden)]
    const SIGMOID_ONE: Self;
    /// Below this 10⁵·σ(x) is 0, and above `SILU_SELF` x·σ(x) is x.
    #[doc(hidden)]
    const SILU_ZERO: Self;
    #[doc(hidden)]
    const SILU_SELF: Self;
    /// From here on eˣ is infinite.
    #[doc(hidden)]
    const EXP_INFINITE: Self;
    /// Above this tanh is 1.
    #[doc(hidden)]
    const TANH_ONE: Self;
    /// Up to here [`sin_turned`](Self::sin_turned) is accurate.
    #[doc(hidden)]
    const TUNED_SIN_LIMIT: Self;
    /// The largest finite number.
    #[doc(hidden)]
    const MAX: Self;

    /// The constant `head + tail` in two parts: rounded, and the rest.
    #[doc(hidden)]
    fn in_two(head: f64, tail: f64) -> (Self, Self);

    /// Worked out in a number twice as long and rounded once: by `short` in f64 for f32, by `long` in a pair for f64.
    #[doc(hidden)]
    fn widened(self, short: impl FnOnce(f64) -> f64, long: impl FnOnce(Pair) -> Pair) -> Self;

    /// 2^k, where the low bits of `self` hold k plus the exponent bias.
    #[doc(hidden)]
    fn power_from_low_bits(self) -> Self;

    /// sin(x + quarters·π/2), within 1 ULP for |x| ≤ [`TUNED_SIN_LIMIT`](Self::TUNED_SIN_LIMIT).
    #[doc(hidden)]
    fn sin_turned(self, quarters: u32) -> Self;
}

/// x · factor as a sum of two, the factor being in two parts.
#[inline(always)]
pub fn product_in_two<T: Native>(x: T, (factor, factor_lo): (T, T)) -> (T, T) {
    let product = x * factor;
    (product, x.mul_add(factor_lo, x.mul_add(factor, -product)))
}

/// 1 / `number` in two parts.
#[inline(always)]
pub fn inverse_in_two<T: Native>(number: f64) -> (T, T) {
    let inverse = 1.0 / number;
    T::in_two(inverse, inverse.mul_add(-number, 1.0) * inverse)
}

macro_rules! native {
    ($float:ident, $digits:literal, { $($constants:tt)* }) => {
        impl Native for $float {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const LOG2_E: Self = core::$float::consts::LOG2_E;
            const MAX: Self = $float::MAX;
            $($constants)*

            #[inline(always)]
            fn in_two(head: f64, tail: f64) -> (Self, Self) {
                let rounded = head as Self;
                (rounded, ((head - f64::from(rounded)) + tail) as Self)
            }

            #[inline(always)]
            fn power_from_low_bits(self) -> Self {
                Self::from_bits(self.to_bits() << ($digits - 1))
            }
        }
    };
}

native!(f32, 24, {
    const LN2_HI: Self = core::f32::consts::LN_2;
    const LN2_LO: Self = -1.904654299957767878541823431924499865639744745879320e-9;
    const TO_EXPONENT: Self = 12582912.0 + 127.0;
    const GUARD_EXPONENT: Self = 48.0;
    const GUARD: Self = 281474976710656.0;
    // Sollya: fpminimax(exp(-x)-1+x, [|2,...,6|], [|SG...|], [-0.34667;0.34667], absolute); error 5.3e-9.
    const EXP: &'static [Self] = &[
        1.369733014144003391265869140625e-3,
        -8.36895592510700225830078125e-3,
        4.16707359254360198974609375e-2,
        -0.16666518151760101318359375,
        0.499999821186065673828125,
    ];
    // Sollya: fpminimax((log(1+x)-x+x^2/2)/x^3, 9, [|SG...|], [-0.25;0.5], absolute); error 1e-8.
    const LN_1P: &'static [Self] = &[
        -3.8291700184345245361328125e-2,
        8.6151622235774993896484375e-2,
        -0.105147369205951690673828125,
        0.112456738948822021484375,
        -0.12486459314823150634765625,
        0.142808258533477783203125,
        -0.16666710376739501953125,
        0.19999997317790985107421875,
        -0.25,
        0.3333333432674407958984375,
    ];
    // ln of half the smallest subnormal is −103.97; 1 − σ(17.33) is half of the last place below 1.
    const SIGMOID_ZERO: Self = -104.0;
    const SIGMOID_ONE: Self = 18.0;
    // 10⁵·e^−120 is less than half of the smallest subnormal, and 2^m·`GUARD` still a normal number; 1 − σ(18) is a quarter of the last place below 1.
    const SILU_ZERO: Self = -120.0;
    const SILU_SELF: Self = 30.0;
    const EXP_INFINITE: Self = 89.0;
    // 1 − tanh(9.02) is half of the last place below 1.
    const TANH_ONE: Self = 9.5;
    const TUNED_SIN_LIMIT: Self = trig::TUNED_LIMIT;

    #[inline(always)]
    fn widened(self, short: impl FnOnce(f64) -> f64, _: impl FnOnce(Pair) -> Pair) -> Self {
        short(self.into()) as Self
    }

    #[inline(always)]
    fn sin_turned(self, quarters: u32) -> Self {
        trig::sin_turned_f32(self, quarters)
    }
});

native!(f64, 53, {
    const LN2_HI: Self = core::f64::consts::LN_2;
    const LN2_LO: Self = 2.3190468138462996154948554638754786504120680e-17;
    const TO_EXPONENT: Self = 6755399441055744.0 + 1023.0;
    const GUARD_EXPONENT: Self = 80.0;
    const GUARD: Self = 1208925819614629174706176.0;
    // Sollya: fpminimax(exp(-x)-1+x, [|2,...,11|], [|D...|], [-0.34667;0.34667], absolute); error 3.5e-18.
    const EXP: &'static [Self] = &[
        -2.51178527803886128063565815089763777478992778924294e-8,
        2.7631073486657339482837282725047334253076769527979e-7,
        -2.7557216328061943651055176740527485890197567641735e-6,
        2.48014906029770042749076769394989128159068059176207e-5,
        -1.9841269917352636373113206058604873760486952960491e-4,
        1.38888889462715167145978600871103481040336191654205e-3,
        -8.3333333333072186904777467475469165947288274765015e-3,
        4.1666666666518852035761000252023222856223583221436e-2,
        -0.16666666666666699048171551567065762355923652648926,
        0.50000000000000122124532708767219446599483489990234,
    ];
    // Sollya: fpminimax((log(1+x)-x+x^2/2)/x^3, 19, [|D...|], [-0.25;0.5], absolute); error 4.8e-17.
    const LN_1P: &'static [Self] = &[
        -8.56167243787467162341453530416401918046176433563232421875e-3,
        2.98709273275340365938479436636043828912079334259033203125e-2,
        -4.956980431322031976915098994140862487256526947021484375e-2,
        5.66920706270341023813585934476577676832675933837890625e-2,
        -5.7138820763982807460212853811754030175507068634033203125e-2,
        5.8696504900390529535503247871019993908703327178955078125e-2,
        -6.2298833124438131314537514526818995364010334014892578125e-2,
        6.664402124489961221076583797184866853058338165283203125e-2,
        -7.14393426563371403137381321357679553329944610595703125e-2,
        7.692538507067227249169860670008347369730472564697265625e-2,
        -8.33330597690914720576671470553264953196048736572265625e-2,
        9.0908998949064401262631918143597431480884552001953125e-2,
        -0.10000000271067631396615382755044265650212764739990234375,
        0.11111111292192150934443617416036431677639484405517578125,
        -0.12500000000561495294704172920319251716136932373046875,
        0.142857142840270345818254327241447754204273223876953125,
        -0.1666666666664644858020238871176843531429767608642578125,
        0.2000000000000571043212715949266566894948482513427734375,
        -0.250000000000000499600361081320443190634250640869140625,
        0.333333333333333314829616256247390992939472198486328125,
    ];
    // ln of half the smallest subnormal is −745.13; 1 − σ(37.43) is half of the last place below 1.
    const SIGMOID_ZERO: Self = -746.0;
    const SIGMOID_ONE: Self = 38.0;
    // 10⁵·e^−760 is less than half of the smallest subnormal, and 2^m·`GUARD` still a normal number; 1 − σ(38) is a quarter of the last place below 1.
    const SILU_ZERO: Self = -760.0;
    const SILU_SELF: Self = 60.0;
    const EXP_INFINITE: Self = 710.0;
    // 1 − tanh(19.07) is half of the last place below 1.
    const TANH_ONE: Self = 19.5;
    const TUNED_SIN_LIMIT: Self = trig::PAIR_LIMIT;

    #[inline(always)]
    fn widened(self, _: impl FnOnce(f64) -> f64, long: impl FnOnce(Pair) -> Pair) -> Self {
        long(self.into()).to_f64()
    }

    #[inline(always)]
    fn sin_turned(self, quarters: u32) -> Self {
        trig::sin_turned_pair(self.into(), quarters).to_f64()
    }
});
