use alloc::vec::Vec;

use super::lanes::Row;
use super::{RowDefinition, RowInfo, Softmax};
use crate::define::Real;
use crate::math::Native;
use crate::parameters::{activation, parameters};

activation! {
    /// e^(−xᵢ/T) / Σⱼ e^(−xⱼ/T): softmax of −x. Elements that are +∞, as distances may be, get exactly 0; a row of nothing else gets
    /// zeros.
    ///
    /// ```
    /// use excite::{Rows, Rowwise, Softmin};
    /// let mut y = [0.0_f32; 3];
    /// Softmin::default().forward(Rows::of(3), &[2.0, 2.0, f32::INFINITY], &mut y)?;
    /// assert_eq!(y, [0.5, 0.5, 0.0]);
    /// # Ok::<(), excite::Error>(())
    /// ```
    pub struct Softmin {
        /// The temperature T: above 1 flatter, below 1 more pointed.
        temperature = 1.0, from 1e-3 to 1e3;
    }
}

impl Softmin {
    fn softmax(self) -> Softmax {
        Softmax { temperature: self.temperature }
    }
}

#[doc(hidden)]
impl RowDefinition for Softmin {
    const INFO: RowInfo = RowInfo {
        name: "softmin",
        title: "Softmin",
        formula: "e^(−xᵢ/T) / Σⱼ e^(−xⱼ/T)",
        origin: "Softmax of −x, as in a Boltzmann distribution over energies (Boltzmann 1868)",
        advice: "For weights from distances or energies, where less is better.",
        pytorch: "torch.nn.Softmin",
        jax: "",
        keras: "",
        onnx: "",
        aliases: &[],
        all_masked: 0.0,
    };

    parameters! {}

    #[inline(always)]
    fn forward_row<T: Native>(self, row: &mut Row<T>) {
        row.map(
            #[inline(always)]
            |x| -x,
        );
        row.pad();
        self.softmax().forward_row(row);
    }

    #[inline(always)]
    fn backward_row<T: Native>(self, y: &Row<T>, dy: &mut Row<T>) {
        self.softmax().backward_row(y, dy);
        dy.map(
            #[inline(always)]
            |dx| -dx,
        );
    }

    fn reference<R: Real>(self, row: &[R]) -> Vec<R> {
        let negative: Vec<R> = row.iter().map(|x| -x.clone()).collect();
        self.softmax().reference(&negative)
    }
}
