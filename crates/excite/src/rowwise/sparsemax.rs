use alloc::vec::Vec;

use super::lanes::Row;
use super::{RowDefinition, RowInfo};
use crate::define::Real;
use crate::math::{Native, Number};
use crate::parameters::{activation, parameters};

activation! {
    /// The point of the probability simplex that is nearest to x/T: max(xᵢ/T − τ, 0), with τ such that the sum is 1. Unlike softmax
    /// it gives exact zeros. Elements that are −∞ get 0; a row of nothing else gets zeros.
    ///
    /// ```
    /// use excite::{Rows, Rowwise, Sparsemax};
    /// let mut y = [0.0_f32; 3];
    /// Sparsemax::default().forward(Rows::of(3), &[1.0, 0.5, -1.0], &mut y)?;
    /// assert_eq!(y, [0.75, 0.25, 0.0]);
    /// # Ok::<(), excite::Error>(())
    /// ```
    pub struct Sparsemax {
        /// The temperature T: above 1 flatter, below 1 more pointed.
        temperature = 1.0, from 1e-3 to 1e3;
    }
}

/// (x − top)·scale
#[inline(always)]
fn score<T: Native>(x: T, top: f64, scale: f64) -> f64 {
    (x.into() - top) * scale
}

#[doc(hidden)]
impl RowDefinition for Sparsemax {
    const INFO: RowInfo = RowInfo {
        name: "sparsemax",
        title: "Sparsemax",
        formula: "max(xᵢ/T − τ, 0) with Σ = 1",
        origin: "Martins and Astudillo 2016, From Softmax to Sparsemax",
        advice: "For attention or mixtures in which most weights should be exactly 0. Weights of 0 get no gradient.",
        pytorch: "",
        jax: "",
        keras: "keras.activations.sparsemax",
        onnx: "",
        aliases: &[],
        all_masked: 0.0,
    };

    parameters! {}

    #[inline(always)]
    fn forward_row<T: Native>(self, row: &mut Row<T>) {
        let largest = row.largest();
        let (scale, top): (f64, f64) = (1.0 / self.temperature, largest.into());
        let defined = row.sum(
            #[inline(always)]
            |x| if x <= largest { 0.0 } else { x.into() - x.into() },
        );
        if top.is_infinite() || defined != 0.0 {
            let all: f64 = if top == f64::NEG_INFINITY && defined == 0.0 { 0.0 } else { f64::NAN };
            row.map(
                #[inline(always)]
                |_| T::lit(all),
            );
            return;
        }
        // Michelot 1986: what lies below the threshold of a set is not of the support; without it the threshold rises, until
        // nothing falls away. The largest is 0 and the threshold at least −1.
        let (mut threshold, mut size) = (-1.0, f64::INFINITY);
        loop {
            let count = row.count(
                #[inline(always)]
                |x| score(x, top, scale) > threshold,
            );
            if count >= size {
                break;
            }
            let sum = row.sum(
                #[inline(always)]
                |x| if score(x, top, scale) > threshold { score(x, top, scale) } else { 0.0 },
            );
            (threshold, size) = ((sum - 1.0) / count, count);
        }
        row.map(
            #[inline(always)]
            |x| T::lit((score(x, top, scale) - threshold).at_least(0.0)),
        );
    }

    /// (dyᵢ − the mean of dy over the support) / T in the support, 0 outside.
    #[inline(always)]
    fn backward_row<T: Native>(self, y: &Row<T>, dy: &mut Row<T>) {
        let count = dy.sum_with(
            y,
            #[inline(always)]
            |_, y| if y > T::ZERO { 1.0 } else { 0.0 },
        );
        let sum = dy.sum_with(
            y,
            #[inline(always)]
            |dy, y| if y > T::ZERO { dy.into() } else { 0.0 },
        );
        let (mean, scale) = (sum / count.at_least(1.0), 1.0 / self.temperature);
        dy.map_with(
            y,
            #[inline(always)]
            |dy, y| {
                let inside = T::lit((dy.into() - mean) * scale);
                // NaN stays NaN.
                if y > T::ZERO { inside } else { y }
            },
        );
    }

    fn reference<R: Real>(self, row: &[R]) -> Vec<R> {
        let mut z: Vec<R> = row.iter().map(|x| x.clone() / R::from(self.temperature)).collect();
        let scores = z.clone();
        // Descending: the support is the longest head whose last element is above the threshold of that head.
        z.sort_by(|a, b| {
            if (a.clone() - b.clone()).is_positive() { core::cmp::Ordering::Less } else { core::cmp::Ordering::Greater }
        });
        let (mut sum, mut threshold) = (R::from(0.0), R::from(0.0));
        for (index, z) in z.into_iter().enumerate() {
            sum = sum + z.clone();
            let of_head = (sum.clone() - R::from(1.0)) / R::from(index as f64 + 1.0);
            if !(z - of_head.clone()).is_positive() {
                break;
            }
            threshold = of_head;
        }
        let above =
            |z: R| if (z.clone() - threshold.clone()).is_positive() { z - threshold.clone() } else { R::from(0.0) };
        scores.into_iter().map(above).collect()
    }
}
