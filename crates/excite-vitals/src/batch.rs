//! The values of one layer in one batch.

/// The values of one layer in one batch, laid out [outer, units, positions].
///
/// `outer` is what a sample is: an image (positions are its pixels), a row of features (one position). In data of
/// [samples, time, features] outer is samples × time, and [`with_samples`](Self::with_samples) says how many of those are independent.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    pub(crate) z: Option<&'a [f32]>,
    pub(crate) a: Option<&'a [f32]>,
    pub(crate) slopes: Option<&'a [f32]>,
    pub(crate) positions: usize,
    pub(crate) samples: Option<usize>,
    pub(crate) are_counted: bool,
}

impl<'a> Batch<'a> {
    /// Pre-activations `z` and activations `a`, which must have one length.
    pub fn new(z: &'a [f32], a: &'a [f32]) -> Self {
        Self { a: Some(a), ..Self::pre_activations(z) }
    }

    /// Pre-activations alone: the activations are computed from them.
    pub fn pre_activations(z: &'a [f32]) -> Self {
        Self { z: Some(z), a: None, slopes: None, positions: 1, samples: None, are_counted: false }
    }

    /// Activations alone, where the pre-activations are not to be had: an in-place ReLU overwrites them. Slopes are known if they follow
    /// from the activation (ReLU, ReLU6, sigmoid, tanh and their like, see [`Function::slope_from`](excite::Function::slope_from)); the sign of z is known if
    /// the function tells it; dead, saturated and always-on units are unknown elsewhere, and the histogram stays empty.
    pub fn activations(a: &'a [f32]) -> Self {
        Self { z: None, a: Some(a), slopes: None, positions: 1, samples: None, are_counted: false }
    }

    /// With `positions` values of one unit next to one another: the pixels of a channel. 1 unless given.
    pub fn with_positions(self, positions: usize) -> Self {
        Self { positions, ..self }
    }

    /// With `samples` independent samples: sentences, not words. As many as `outer` unless given.
    pub fn with_samples(self, samples: usize) -> Self {
        Self { samples: Some(samples), ..self }
    }

    /// With the slope at each value, where it is not that of the layer's function: a `PReLU` with a parameter for each pixel has no one
    /// function for a unit.
    ///
    /// ```
    /// use excite_vitals::{Batch, LayerVitals};
    /// // One unit with two pixels, whose slopes below 0 are 0 and 0.5.
    /// let mut layer = LayerVitals::new("act", "prelu(0.25)".parse()?, 1);
    /// layer.update_batch(Batch::new(&[-1.0, -2.0], &[0.0, -1.0]).with_positions(2).with_slopes(&[0.0, 0.5]))?;
    /// assert_eq!(layer.slopes().mean, 0.25);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_slopes(self, slopes: &'a [f32]) -> Self {
        Self { slopes: Some(slopes), ..self }
    }

    /// Of samples that an earlier batch has counted: the next step of a recurrent layer, say.
    pub fn of_counted_samples(self) -> Self {
        Self { are_counted: true, ..self }
    }
}
