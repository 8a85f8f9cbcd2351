//! Max-pooling of images.

use rayon::prelude::*;

use super::{Image, SAMPLES_A_TASK};
use crate::matrix::Matrix;

/// The largest of each 2×2 positions: [.., height · width · channels] to [samples, (height / 2) · (width / 2) ·
/// channels]. An odd last row or column is left out. The gradient goes to the first of the largest.
pub(crate) struct MaxPool(pub(crate) Image);

impl MaxPool {
    pub(crate) fn forward(&self, x: &Matrix) -> Matrix {
        let (image, pooled) = (self.0, self.0.pooled());
        let mut to = vec![0.0; x.values.len() / image.len() * pooled.len()];
        let each = x.values.par_chunks(image.len()).zip(to.par_chunks_mut(pooled.len()));
        each.with_min_len(SAMPLES_A_TASK).for_each(|(x, to)| {
            for (window, to) in windows(x, image).zip(to.chunks_mut(image.channels)) {
                for (channel, to) in to.iter_mut().enumerate() {
                    *to = largest(window.map(|pixel| pixel[channel])).0;
                }
            }
        });
        Matrix::new(to, pooled.len())
    }

    /// The gradient by x, from that by the pooled image.
    pub(crate) fn backward(&self, x: &Matrix, gradient: &Matrix) -> Matrix {
        let (image, pooled) = (self.0, self.0.pooled());
        let mut to = vec![0.0_f32; x.values.len()];
        let each = x.values.par_chunks(image.len()).zip(gradient.values.par_chunks(pooled.len()));
        let each = each.zip(to.par_chunks_mut(image.len())).with_min_len(SAMPLES_A_TASK);
        each.for_each(|((x, gradient), to)| spread(image, x, gradient, to));
        Matrix::new(to, x.columns)
    }
}

/// Writes the gradient by one image into `to`.
fn spread(image: Image, x: &[f32], gradient: &[f32], to: &mut [f32]) {
    let (row, channels) = (image.width * image.channels, image.channels);
    let pairs_of_rows = to.chunks_exact_mut(2 * row).take(image.pooled().height);
    let corners = pairs_of_rows.flat_map(|rows| {
        let (top, bottom) = rows.split_at_mut(row);
        top.chunks_exact_mut(2 * channels).zip(bottom.chunks_exact_mut(2 * channels))
    });
    for ((window, gradient), (top, bottom)) in windows(x, image).zip(gradient.chunks(channels)).zip(corners) {
        let (left, right) = top.split_at_mut(channels);
        let (below, last) = bottom.split_at_mut(channels);
        for (channel, &gradient) in gradient.iter().enumerate() {
            let at = largest(window.map(|pixel| pixel[channel])).1;
            let share = |corner| if at == corner { gradient } else { 0.0 };
            left[channel] = share(0);
            right[channel] = share(1);
            below[channel] = share(2);
            last[channel] = share(3);
        }
    }
}

/// The four pixels of each window, first those of the upper row.
fn windows(x: &[f32], image: Image) -> impl Iterator<Item = [&[f32]; 4]> {
    let (row, channels) = (image.width * image.channels, image.channels);
    x.chunks_exact(2 * row).flat_map(move |rows| {
        let (top, bottom) = rows.split_at(row);
        let pairs = top.chunks_exact(2 * channels).zip(bottom.chunks_exact(2 * channels));
        pairs.map(move |(top, bottom)| {
            let ((left, right), (below, last)) = (top.split_at(channels), bottom.split_at(channels));
            // As long as each other for certain: then the loop over them needs no bounds checked.
            [&left[..channels], &right[..channels], &below[..channels], &last[..channels]]
        })
    })
}

/// The first of the largest values, and which one it is; the first NaN if there is one. Without branches, so that it
/// becomes vector instructions.
#[inline]
fn largest(window: [f32; 4]) -> (f32, u32) {
    let mut best = (window[0], 0);
    for (at, value) in (1..).zip(&window[1..]) {
        // A NaN wins, and then stays: nothing is larger.
        let stays = (best.0 >= *value) | best.0.is_nan();
        best = (if stays { best.0 } else { *value }, if stays { best.1 } else { at });
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pooling_takes_the_first_of_the_largest_and_nan_before_all() {
        let image = Image { height: 3, width: 5, channels: 1 };
        let pixels = vec![1.0, 1.0, f32::NAN, 2.0, 9.0, 1.0, 0.0, f32::NAN, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0];
        let x = Matrix::new(pixels, 15);
        let pooled = MaxPool(image).forward(&x);
        assert!(pooled.values[0] == 1.0 && pooled.values[1].is_nan() && pooled.columns == 2, "{pooled:?}");
        let gradient = MaxPool(image).backward(&x, &Matrix::new(vec![3.0, 4.0], 2));
        assert_eq!(gradient.values, [3.0, 0.0, 4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn each_channel_is_pooled_by_itself() {
        let image = Image { height: 2, width: 2, channels: 2 };
        let pooled = MaxPool(image).forward(&Matrix::new(vec![0.0, 31.0, 10.0, 21.0, 30.0, 1.0, 20.0, 11.0], 8));
        assert_eq!(pooled.values, [30.0, 31.0]);
    }
}
