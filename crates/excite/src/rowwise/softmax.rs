use alloc::vec::Vec;

use super::lanes::{Exponentials, Row, inverse_in_two};
use super::{RowDefinition, RowInfo};
use crate::define::Real;
use crate::math::Native;
use crate::parameters::{activation, parameters};

activation! {
    /// e^(xᵢ/T) / Σⱼ e^(xⱼ/T): probabilities from logits. Elements that are −∞ get exactly 0; a row of nothing else gets zeros.
    ///
    /// ```
    /// use excite::{Rows, Rowwise, Softmax};
    /// let mut y = [0.0_f32; 3];
    /// Softmax::default().forward(Rows::of(3), &[1000.0, 1000.0, f32::NEG_INFINITY], &mut y)?;
    /// assert_eq!(y, [0.5, 0.5, 0.0]);
    /// # Ok::<(), excite::Error>(())
    /// ```
    pub struct Softmax {
        /// The temperature T: above 1 flatter, below 1 more pointed.
        temperature = 1.0, from 1e-3 to 1e3;
    }
}

#[doc(hidden)]
impl RowDefinition for Softmax {
    const INFO: RowInfo = RowInfo {
        name: "softmax",
        title: "Softmax",
        formula: "e^(xᵢ/T) / Σⱼ e^(xⱼ/T)",
        origin: "Bridle 1990, Probabilistic Interpretation of Feedforward Classification Network Outputs",
        advice: "For probabilities of classes and for attention. Before a cross-entropy loss take log-softmax, which keeps \
                 the digits of small probabilities.",
        pytorch: "torch.nn.Softmax",
        jax: "jax.nn.softmax",
        keras: "keras.activations.softmax",
        onnx: "Softmax",
        aliases: &[],
        all_masked: 0.0,
    };

    parameters! {}

    #[inline(always)]
    fn forward_row<T: Native>(self, row: &mut Row<T>) {
        let largest = row.largest();
        if largest == T::lit(f64::NEG_INFINITY) {
            row.fill_if_ordered(0.0);
            return;
        }
        let sum = Exponentials::new(largest, self.temperature).replace(row);
        let (inverse, rest) = inverse_in_two::<T>(sum);
        row.map(
            #[inline(always)]
            |e| e.mul_add(inverse, e * rest),
        );
    }

    /// yᵢ·(dyᵢ − Σⱼ yⱼ·dyⱼ) / T
    #[inline(always)]
    fn backward_row<T: Native>(self, y: &Row<T>, dy: &mut Row<T>) {
        let mean = dy.sum_with(
            y,
            #[inline(always)]
            |dy, y| dy.into() * y.into(),
        );
        let scale = 1.0 / self.temperature;
        dy.map_with(
            y,
            #[inline(always)]
            |dy, y| T::lit(y.into() * (dy.into() - mean) * scale),
        );
    }

    fn reference<R: Real>(self, row: &[R]) -> Vec<R> {
        let exps: Vec<R> = row.iter().map(|x| (x.clone() / R::from(self.temperature)).exp()).collect();
        let sum = exps.iter().fold(R::from(0.0), |sum, e| sum + e.clone());
        exps.into_iter().map(|e| e / sum.clone()).collect()
    }
}
