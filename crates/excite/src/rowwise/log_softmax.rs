use alloc::vec::Vec;

use super::lanes::{Exponentials, Row};
use super::{RowDefinition, RowInfo};
use crate::define::Real;
use crate::math::{Native, exp_guarded};
use crate::parameters::{activation, parameters};

activation! {
    /// xᵢ/T − ln Σⱼ e^(xⱼ/T): the logarithms of softmax's probabilities, with all their digits. Elements that are −∞ stay so; a row
    /// of nothing else stays −∞.
    ///
    /// ```
    /// use excite::{LogSoftmax, Rows, Rowwise};
    /// let mut y = [0.0_f32; 2];
    /// LogSoftmax::default().forward(Rows::of(2), &[0.0, -200.0], &mut y)?;
    /// // The logarithm of a probability that softmax gives as 0; and one that it gives as 1.
    /// assert_eq!(y, [-1.3838965e-87_f64 as f32, -200.0]);
    /// # Ok::<(), excite::Error>(())
    /// ```
    pub struct LogSoftmax {
        /// The temperature T: above 1 flatter, below 1 more pointed.
        temperature = 1.0, from 1e-3 to 1e3;
    }
}

#[doc(hidden)]
impl RowDefinition for LogSoftmax {
    const INFO: RowInfo = RowInfo {
        name: "log_softmax",
        title: "LogSoftmax",
        formula: "xᵢ/T − ln Σⱼ e^(xⱼ/T)",
        origin: "The logarithm of Bridle's softmax (1990), without its cancellation",
        advice: "Before a negative log-likelihood loss, which together are the cross-entropy.",
        pytorch: "torch.nn.LogSoftmax",
        jax: "jax.nn.log_softmax",
        keras: "keras.activations.log_softmax",
        onnx: "LogSoftmax",
        aliases: &[],
        all_masked: f64::NEG_INFINITY,
    };

    parameters! {}

    #[inline(always)]
    fn forward_row<T: Native>(self, row: &mut Row<T>) {
        let largest = row.largest();
        if largest == T::lit(f64::NEG_INFINITY) {
            row.fill_if_ordered(f64::NEG_INFINITY);
            return;
        }
        // The largest elements are counted and not summed: where one stands alone, the logarithm is that of 1 + the others.
        let count = row.count(
            #[inline(always)]
            |x| x == largest,
        );
        let others = Exponentials::new(largest, self.temperature).sum_below(largest, row);
        let guard: f64 = T::GUARD.into();
        let logarithm = libm::log1p(others / guard + (count - 1.0));
        let (top, scale): (f64, f64) = (largest.into(), 1.0 / self.temperature);
        row.map(
            #[inline(always)]
            |x| T::lit((x.into() - top) * scale - logarithm),
        );
    }

    /// (dyᵢ − e^yᵢ·Σⱼ dyⱼ) / T
    #[inline(always)]
    fn backward_row<T: Native>(self, y: &Row<T>, dy: &mut Row<T>) {
        let sum = dy.sum_of(
            #[inline(always)]
            |dy| dy,
        );
        let (scale, guard): (f64, f64) = (1.0 / self.temperature, T::GUARD.into());
        dy.map_with(
            y,
            #[inline(always)]
            |dy, y| {
                let probability = exp_guarded(y, T::ZERO).into() / guard;
                T::lit((dy.into() - probability * sum) * scale)
            },
        );
    }

    fn reference<R: Real>(self, row: &[R]) -> Vec<R> {
        // −ln Σⱼ e^(zⱼ − zᵢ), where the sum has a 1 in it for j = i.
        let z: Vec<R> = row.iter().map(|x| x.clone() / R::from(self.temperature)).collect();
        let others = |i: usize| {
            let pairs = z.iter().enumerate().filter(|(j, _)| *j != i);
            pairs.fold(R::from(0.0), |sum, (_, other)| sum + (other.clone() - z[i].clone()).exp())
        };
        (0..z.len()).map(|i| -others(i).ln_1p()).collect()
    }
}
