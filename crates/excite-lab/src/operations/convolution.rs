//! Convolutions of images.

use ndarray::ArrayView2;
use ndarray::linalg::general_mat_mul;
use rayon::prelude::*;

use super::{Gradients, Image, Parameters, SAMPLES_A_TASK};
use crate::matrix::{Matrix, add_product, add_rows, view, view_mut};

/// The 3×3 convolution, zeros beyond the edges: z of [samples · height · width, units] for x of [samples, height ·
/// width · channels], w of [units, 9 · channels] and b of [units].
///
/// The patches are laid out sample by sample, so that they stay in the cache.
pub(crate) struct Convolution {
    pub(crate) image: Image,
    /// Whether the gradient by x is wanted: not that of the data.
    pub(crate) input_gradient: bool,
}

impl Convolution {
    pub(crate) fn forward(&self, x: &Matrix, parameters: &Parameters) -> Matrix {
        let (image, units) = (self.image, parameters.biases.len());
        let weights = parameters.weights.view().reversed_axes();
        let mut z = parameters.biases.repeat(x.row_count() * image.positions());
        let samples = x.values.par_chunks(SAMPLES_A_TASK * image.len());
        samples.zip(z.par_chunks_mut(SAMPLES_A_TASK * image.positions() * units)).for_each(|(x, z)| {
            let mut patches = Patches::new(image);
            for (x, z) in x.chunks(image.len()).zip(z.chunks_mut(image.positions() * units)) {
                add_product(z, &patches.of(x), &weights);
            }
        });
        Matrix::new(z, units)
    }

    /// The gradients from that by z.
    pub(crate) fn backward(&self, x: &Matrix, parameters: &Parameters, by_z: &Matrix) -> Gradients {
        let (image, units) = (self.image, parameters.biases.len());
        let weights = &parameters.weights;
        let samples_of_z = || by_z.values.chunks(image.positions() * units);
        // One sample after the other: the order in which they are summed up must not depend on the threads.
        let by_parameters = || {
            let (mut by_weights, mut by_biases) = (vec![0.0; weights.values.len()], vec![0.0; units]);
            let mut patches = Patches::new(image);
            for (x, by_z) in x.values.chunks(image.len()).zip(samples_of_z()) {
                add_product(&mut by_weights, &view(by_z, units).reversed_axes(), &patches.of(x));
                add_rows(&mut by_biases, by_z);
            }
            Parameters { weights: Matrix::new(by_weights, weights.columns), biases: by_biases }
        };
        let by_inputs = || {
            let mut by_x = vec![0.0; x.values.len()];
            let mut gradient = Patches::new(image);
            for (by_x, by_z) in by_x.chunks_mut(image.len()).zip(samples_of_z()) {
                let mut by_patches = view_mut(&mut gradient.unrolled, weights.columns);
                general_mat_mul(1.0, &view(by_z, units), &weights.view(), 0.0, &mut by_patches);
                gradient.back(by_x);
            }
            Matrix::new(by_x, x.columns)
        };
        if self.input_gradient {
            let (parameters, inputs) = rayon::join(by_parameters, by_inputs);
            Gradients { inputs: Some(inputs), parameters }
        } else {
            Gradients { inputs: None, parameters: by_parameters() }
        }
    }
}

/// The 3×3 patches of one image at a time: [height · width, 9 · channels].
struct Patches {
    image: Image,
    /// The image with its border, which stays 0.
    padded: Vec<f32>,
    unrolled: Vec<f32>,
}

impl Patches {
    fn new(image: Image) -> Self {
        Self { image, padded: vec![0.0; image.padded().len()], unrolled: vec![0.0; 9 * image.len()] }
    }

    /// Where the image's rows are in the padded one.
    fn rows(image: Image) -> impl Iterator<Item = std::ops::Range<usize>> {
        let Image { height, width, channels } = image;
        (1..=height).map(move |y| (y * (width + 2) + 1) * channels).map(move |start| start..start + width * channels)
    }

    /// For each of the 3 rows of the kernel around each position: where in the patches and in the padded image its 3
    /// pixels start, which lie one after the other in both.
    fn kernel_rows(image: Image) -> impl Iterator<Item = (usize, usize)> {
        let Image { height, width, channels } = image;
        let rows = move |y, x| (0..3).map(move |dy| (y * width + x) * 3 + dy).zip((y..y + 3).map(move |row| (row, x)));
        (0..height)
            .flat_map(move |y| (0..width).flat_map(move |x| rows(y, x)))
            .map(move |(patch, (row, column))| (patch * 3 * channels, (row * (width + 2) + column) * channels))
    }

    fn of(&mut self, x: &[f32]) -> ArrayView2<'_, f32> {
        let row = self.image.width * self.image.channels;
        Self::rows(self.image).zip(x.chunks(row)).for_each(|(at, x)| self.padded[at].copy_from_slice(x));
        let run = 3 * self.image.channels;
        for (patch, pixel) in Self::kernel_rows(self.image) {
            self.unrolled[patch..patch + run].copy_from_slice(&self.padded[pixel..pixel + run]);
        }
        view(&self.unrolled, 9 * self.image.channels)
    }

    /// The gradient by the image, into `by_x`, for `self.unrolled` holding that by the patches.
    fn back(&mut self, by_x: &mut [f32]) {
        self.padded.fill(0.0);
        let run = 3 * self.image.channels;
        for (patch, pixel) in Self::kernel_rows(self.image) {
            let from = &self.unrolled[patch..patch + run];
            self.padded[pixel..pixel + run].iter_mut().zip(from).for_each(|(to, from)| *to += from);
        }
        let row = self.image.width * self.image.channels;
        Self::rows(self.image).zip(by_x.chunks_mut(row)).for_each(|(at, by_x)| by_x.copy_from_slice(&self.padded[at]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_convolution_is_the_sum_over_each_neighbourhood() {
        let image = Image { height: 3, width: 2, channels: 2 };
        // Pixel (y, x) holds 10·(2y + x) + channel.
        let x = Matrix::new((0..12).map(|i| (i / 2 * 10 + i % 2) as f32).collect(), 12);
        // A unit for each of the kernel's weights: what it puts out is that value of the patch.
        let identity = (0..18 * 18).map(|i| if i / 18 == i % 18 { 1.0 } else { 0.0 }).collect();
        let parameters = Parameters { weights: Matrix::new(identity, 18), biases: vec![0.0; 18] };
        let patches = Convolution { image, input_gradient: false }.forward(&x, &parameters);
        assert_eq!((patches.row_count(), patches.columns), (6, 18));
        // Around (0, 0), row by row: nothing above, nothing to the left.
        let expected = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 10, 11, 0, 0, 20, 21, 30, 31].map(|x| x as f32);
        assert_eq!(patches.values[..18], expected);
    }
}
