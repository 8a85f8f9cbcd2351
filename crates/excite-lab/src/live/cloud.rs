//! Points in the plane to learn on.

use crate::data::Dataset;

/// Points around the origin, standard normal each way, of two classes: the half near the middle (0) and the others (1). The same seed gives
/// the same points; all of them are in both splits.
///
/// ```
/// let points = excite_lab::live::cloud(500, 1);
/// assert_eq!((points.shape, points.train.inputs.len()), (vec![2], 1000));
/// ```
pub fn cloud(count: usize, seed: u64) -> Dataset {
    crate::experiments::relu_half_plane::cloud(count, seed).1
}
