use crate::define::{Definition, Precision, Real, Reference};
use crate::math::Number;
use crate::parameters::activation;
use crate::{Info, MaxUlp, Tanh};

activation! {
    /// x − tanh x, accurate near 0 too, where it is x³ / 3.
    ///
    /// ```
    /// use excite::{Elementwise, TanhShrink};
    /// assert_eq!(TanhShrink.value(2.0_f32), 1.0359725);
    /// assert_eq!(TanhShrink.value(1e-3_f32), 3.3333325e-10);
    /// ```
    pub struct TanhShrink;
}

/// ((1 − tanh(x) / x) / x² − 1/3) / x² in x², highest power first, for x² ≤ 1/2. Sollya:
/// fpminimax(((1-tanh(sqrt(x))/sqrt(x))/x-1/3)/x, 12, [|D...|], [1b-40;0.5], relative); relative error of the whole 2^-59.
const NEAR: [f64; 13] = [
    -7.646968734730754689563384483841357308619990362785756587982177734375e-7,
    4.376843524960967435864789276678266105591319501399993896484375e-6,
    -1.4386913164120256820627426208591970180350472219488349151611328125e-5,
    3.85089193209648515008915181656590220882208086550235748291015625e-5,
    -9.6647296518991595952463580232461026753298938274383544921875e-5,
    2.3906394624858924775369362070165379918762482702732086181640625e-4,
    -5.90016479583483992830961195608097114018164575099945068359375e-4,
    1.4558331409376449282200294277345165028236806392669677734375e-3,
    -3.592127944880258751114698867468177923001348972320556640625e-3,
    8.86323552584454381342293771695040049962699413299560546875e-3,
    -2.18694885360602268853380536484110052697360515594482421875e-2,
    5.3968253968253054875248153621214441955089569091796875e-2,
    -0.1333333333333333314829616256247390992939472198486328125,
];

/// From here on tanh is within 2^-280 of ±1.
const FAR: f64 = 100.0;

/// Up to here the terms beyond 2x²/3 are below the last place of a pair.
const NEAR_ZERO: f64 = 1.0 / (1 << 20) as f64;

/// 1/3
const THIRD: (f64, f64) = (0.3333333333333333, 1.850371707708594e-17);

#[doc(hidden)]
impl Definition for TanhShrink {
    const INFO: Info = Info {
        name: "tanh_shrink",
        title: "Tanh shrink",
        formula: "x − tanh x",
        origin: "Torch 7 (nn.TanhShrink)",
        advice: "For sparse codes: it lets little through near 0 and shifts the rest towards 0 by 1.",
        pytorch: "torch.nn.Tanhshrink",
        jax: "",
        keras: "keras.activations.tanh_shrink",
        onnx: "",
        aliases: &[],
        // 1 / √E[f(x)²] for standard normal x.
        gain: Some(2.3383675301021214),
        max_ulp: MaxUlp { f64: 1.2, slope_f64: 1.7, ..MaxUlp::ROUNDED },
    };

    const PRECISION: Precision = Precision::Extended;
    const SLOPE_PRECISION: Precision = Precision::Extended;

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        let square = (x * x).at_most(N::lit(0.5));
        let [highest, rest @ ..] = NEAR;
        let near = rest.iter().fold(N::lit(highest), |sum, &coefficient| sum.mul_add(square, N::lit(coefficient)));
        let near = x * square * near.mul_add(square, N::constant(THIRD.0, THIRD.1));
        let y = if square < N::lit(0.5) { near } else { x - Tanh.formula(x).nudged_towards_zero() };
        // Where x³ is lost, the sign of 0 is what is left, and multiply-add by software may not keep it.
        y.copysign(x)
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        let tanh = Tanh.formula(x);
        let square = x * x;
        // x²·(1 − 2x²/3), and never x² itself, which may lie halfway between two results where tanh² lies just below.
        let near = square * (N::lit(1.0) - square.times(2.0 / 3.0).at_least(N::lit(0.5 * f64::EPSILON)));
        if x.abs() < N::lit(NEAR_ZERO) { near } else { tanh * tanh }
    }
}

#[doc(hidden)]
impl Reference for TanhShrink {
    fn reference<R: Real>(self, x: R) -> R {
        if (R::from(0.1) - x.clone().abs()).is_positive() {
            // The series of tanh: 2²ⁿ·(2²ⁿ − 1)·B₂ₙ / (2n)!, after its first term, with the signs turned: to 2^-70.
            let square = x.clone().squared();
            let terms = [
                (443861162.0, 1856156927625.0),
                (-6404582.0, 10854718875.0),
                (929569.0, 638512875.0),
                (-21844.0, 6081075.0),
                (1382.0, 155925.0),
                (-62.0, 2835.0),
                (17.0, 315.0),
                (-2.0, 15.0),
                (1.0, 3.0),
            ];
            let add = |sum: R, (top, bottom): (f64, f64)| sum * square.clone() + R::from(top) / R::from(bottom);
            x * square.clone() * terms.into_iter().fold(R::from(0.0), add)
        } else if (x.clone().abs() - R::from(FAR)).is_positive() {
            // Less than tanh's distance from ±1 can be told from a tie.
            let nearly_one = R::from(1.0) - R::from(1.0 / (1_u128 << 100) as f64) / R::from((1_u128 << 100) as f64);
            if x.is_positive() { x - nearly_one } else { x + nearly_one }
        } else {
            x.clone() - x.tanh()
        }
    }

    fn reference_slope<R: Real>(self, x: R) -> R {
        x.tanh().squared()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elementwise;

    #[test]
    fn special_values() {
        assert_eq!(
            (TanhShrink.value(f32::INFINITY), TanhShrink.value(f64::NEG_INFINITY)),
            (f32::INFINITY, f64::NEG_INFINITY)
        );
        assert_eq!((TanhShrink.slope(f32::INFINITY), TanhShrink.slope(f64::NEG_INFINITY)), (1.0, 1.0));
        assert!(TanhShrink.value(-0.0_f32).is_sign_negative());
        assert!(TanhShrink.value(f32::NAN).is_nan() && TanhShrink.slope(f64::NAN).is_nan());
    }
}
