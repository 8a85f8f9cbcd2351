//! The tensor operations of a network besides the activation function, as custom operations of candle.
//!
//! Candle has its own, but its matrix product splits the work by the number of cores (and asks the operating system for
//! that number at each call, which takes longer than a small layer), and its max-pooling passes back only a quarter of
//! the gradient. Convolutions share their samples out to the rayon pool that the caller is in; a run's bits do not depend on the
//! machine's cores, because sums are taken in one order.
//!
//! Images lie channels last: a batch is [samples, height · width · channels], and the patches under a 3×3 kernel are
//! the rows of a matrix, so that a convolution is a matrix product.

use candle_core::{CpuStorage, CustomOp1, CustomOp3, Device, Error, Layout, Result, Shape, Storage, Tensor};
use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2};
use rayon::prelude::*;

/// Calls `read` with the elements of `tensor`, a contiguous one of f32 on the CPU.
pub(crate) fn with_values<T>(tensor: &Tensor, read: impl FnOnce(&[f32]) -> T) -> Result<T> {
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => Ok(read(values(storage, layout)?)),
        _ => Err(Error::Msg("networks are trained on the CPU".to_owned())),
    }
}

fn values<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let (start, end) = layout.contiguous_offsets().ok_or(Error::RequiresContiguous { op: "values" })?;
    Ok(&storage.as_slice::<f32>()?[start..end])
}

fn matrix(values: &[f32], columns: usize) -> ArrayView2<'_, f32> {
    ArrayView2::from_shape((values.len() / columns, columns), values).expect("whole rows")
}

fn matrix_mut(values: &mut [f32], columns: usize) -> ArrayViewMut2<'_, f32> {
    ArrayViewMut2::from_shape((values.len() / columns, columns), values).expect("whole rows")
}

/// Adds each row of the matrix `values` to `sums`.
fn add_rows(sums: &mut [f32], values: &[f32]) {
    values.chunks(sums.len()).for_each(|row| sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value));
}

/// z = x·wᵀ + b for x of [samples, inputs], w of [units, inputs] and b of [units].
pub(crate) struct Dense {
    /// Whether the gradient by x is wanted: not that of the data.
    pub(crate) input_gradient: bool,
}

impl CustomOp3 for Dense {
    fn name(&self) -> &'static str {
        "dense"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        w: &CpuStorage,
        w_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (samples, inputs) = x_layout.shape().dims2()?;
        let units = w_layout.shape().dims()[0];
        let mut z = values(b, b_layout)?.repeat(samples);
        let (x, w) = (matrix(values(x, x_layout)?, inputs), matrix(values(w, w_layout)?, inputs));
        general_mat_mul(1.0, &x, &w.t(), 1.0, &mut matrix_mut(&mut z, units));
        Ok((CpuStorage::F32(z), (samples, units).into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        _b: &Tensor,
        _z: &Tensor,
        dz: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (units, inputs) = w.dims2()?;
        let dx = if self.input_gradient {
            Some(with_values(dz, |dz| with_values(w, |w| product(&matrix(dz, units), &matrix(w, inputs))))??)
        } else {
            None
        };
        let dw =
            with_values(dz, |dz| with_values(x, |x| product(&matrix(dz, units).reversed_axes(), &matrix(x, inputs))))??;
        let mut db = vec![0.0; units];
        with_values(dz, |dz| add_rows(&mut db, dz))?;
        Ok((dx.transpose()?, Some(dw?), Some(Tensor::from_vec(db, units, &Device::Cpu)?)))
    }
}

fn product(a: &ArrayView2<'_, f32>, b: &ArrayView2<'_, f32>) -> Result<Tensor> {
    let shape = (a.nrows(), b.ncols());
    let mut to = vec![0.0; shape.0 * shape.1];
    general_mat_mul(1.0, a, b, 0.0, &mut matrix_mut(&mut to, shape.1));
    Tensor::from_vec(to, shape, &Device::Cpu)
}

/// The extent of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) channels: usize,
}

impl Image {
    pub(crate) fn len(self) -> usize {
        self.height * self.width * self.channels
    }

    /// The image after pooling.
    pub(crate) fn pooled(self) -> Self {
        Self { height: self.height / 2, width: self.width / 2, ..self }
    }

    /// The image with a border of zeros one pixel wide.
    fn padded(self) -> Self {
        Self { height: self.height + 2, width: self.width + 2, ..self }
    }

    /// For each of the 3 rows of the kernel around each position: where in the patches and in the padded image its 3
    /// pixels start, which lie one after the other in both.
    fn kernel_rows(self) -> impl Iterator<Item = (usize, usize)> {
        let Self { height, width, channels } = self;
        let rows = move |y, x| (0..3).map(move |dy| (y * width + x) * 3 + dy).zip((y..y + 3).map(move |row| (row, x)));
        (0..height)
            .flat_map(move |y| (0..width).flat_map(move |x| rows(y, x)))
            .map(move |(patch, (row, column))| (patch * 3 * channels, (row * (width + 2) + column) * channels))
    }
}

/// The 3×3 convolution, zeros beyond the edges: z of [samples · height · width, units] for x of [samples, height ·
/// width · channels], w of [units, 9 · channels] and b of [units].
///
/// The patches are laid out sample by sample, so that they stay in the cache.
pub(crate) struct Convolution {
    pub(crate) image: Image,
    /// Whether the gradient by x is wanted: not that of the data.
    pub(crate) input_gradient: bool,
}

/// The samples of a batch that are one piece of work for a thread.
const SAMPLES_A_TASK: usize = 8;

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

    fn columns(&self) -> usize {
        9 * self.image.channels
    }

    /// Where the image's rows are in the padded one.
    fn rows(image: Image) -> impl Iterator<Item = std::ops::Range<usize>> {
        let Image { height, width, channels } = image;
        (1..=height).map(move |y| (y * (width + 2) + 1) * channels).map(move |start| start..start + width * channels)
    }

    fn of(&mut self, x: &[f32]) -> ArrayView2<'_, f32> {
        let row = self.image.width * self.image.channels;
        Self::rows(self.image).zip(x.chunks(row)).for_each(|(at, x)| self.padded[at].copy_from_slice(x));
        let run = 3 * self.image.channels;
        for (patch, pixel) in self.image.kernel_rows() {
            self.unrolled[patch..patch + run].copy_from_slice(&self.padded[pixel..pixel + run]);
        }
        matrix(&self.unrolled, self.columns())
    }

    /// The gradient by the image, into `dx`, for `self.unrolled` holding that by the patches.
    fn back(&mut self, dx: &mut [f32]) {
        self.padded.fill(0.0);
        let run = 3 * self.image.channels;
        for (patch, pixel) in self.image.kernel_rows() {
            let from = &self.unrolled[patch..patch + run];
            self.padded[pixel..pixel + run].iter_mut().zip(from).for_each(|(to, from)| *to += from);
        }
        let row = self.image.width * self.image.channels;
        Self::rows(self.image).zip(dx.chunks_mut(row)).for_each(|(at, dx)| dx.copy_from_slice(&self.padded[at]));
    }
}

impl CustomOp3 for Convolution {
    fn name(&self) -> &'static str {
        "convolution"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        w: &CpuStorage,
        w_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (image, units) = (self.image, w_layout.shape().dims()[0]);
        let x = values(x, x_layout)?;
        let positions = x.len() / image.channels;
        let w = matrix(values(w, w_layout)?, 9 * image.channels);
        let mut z = values(b, b_layout)?.repeat(positions);
        let some = SAMPLES_A_TASK * image.len();
        x.par_chunks(some).zip(z.par_chunks_mut(some / image.channels * units)).for_each(|(x, z)| {
            let mut patches = Patches::new(image);
            for (x, z) in x.chunks(image.len()).zip(z.chunks_mut(image.len() / image.channels * units)) {
                general_mat_mul(1.0, &patches.of(x), &w.t(), 1.0, &mut matrix_mut(z, units));
            }
        });
        Ok((CpuStorage::F32(z), (positions, units).into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        _b: &Tensor,
        _z: &Tensor,
        dz: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (image, (units, columns)) = (self.image, w.dims2()?);
        let mut dx = vec![0.0; if self.input_gradient { x.elem_count() } else { 0 }];
        let (mut dw, mut db) = (vec![0.0; units * columns], vec![0.0; units]);
        let positions = image.len() / image.channels;
        with_values(x, |x| {
            with_values(w, |w| {
                with_values(dz, |dz| {
                    // One sample after the other: the order in which they are summed up must not depend on the threads.
                    let mut by_weights = || {
                        let mut patches = Patches::new(image);
                        for (x, dz) in x.chunks(image.len()).zip(dz.chunks(positions * units)) {
                            let dz_by_units = matrix(dz, units).reversed_axes();
                            general_mat_mul(1.0, &dz_by_units, &patches.of(x), 1.0, &mut matrix_mut(&mut dw, columns));
                            add_rows(&mut db, dz);
                        }
                    };
                    let by_inputs = || {
                        let mut gradient = Patches::new(image);
                        for (dx, dz) in dx.chunks_mut(image.len()).zip(dz.chunks(positions * units)) {
                            let mut by_patches = matrix_mut(&mut gradient.unrolled, columns);
                            general_mat_mul(1.0, &matrix(dz, units), &matrix(w, columns), 0.0, &mut by_patches);
                            gradient.back(dx);
                        }
                    };
                    if self.input_gradient {
                        rayon::join(by_weights, by_inputs);
                    } else {
                        by_weights();
                    }
                })
            })
        })???;
        let dx = self.input_gradient.then(|| Tensor::from_vec(dx, x.shape(), &Device::Cpu)).transpose()?;
        let dw = Tensor::from_vec(dw, w.shape(), &Device::Cpu)?;
        Ok((dx, Some(dw), Some(Tensor::from_vec(db, units, &Device::Cpu)?)))
    }
}

/// The largest of each 2×2 positions: [.., height · width · channels] to [samples, (height / 2) · (width / 2) ·
/// channels]. An odd last row or column is left out. The gradient goes to the first of the largest.
pub(crate) struct MaxPool(pub(crate) Image);

impl CustomOp1 for MaxPool {
    fn name(&self) -> &'static str {
        "max_pool"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (image, pooled) = (self.0, self.0.pooled());
        let x = values(x, layout)?;
        let samples = x.len() / image.len();
        let mut to = vec![0.0; samples * pooled.len()];
        let each = x.par_chunks(image.len()).zip(to.par_chunks_mut(pooled.len())).with_min_len(SAMPLES_A_TASK);
        each.for_each(|(x, to)| {
            for (window, to) in windows(x, image).zip(to.chunks_mut(image.channels)) {
                for (channel, to) in to.iter_mut().enumerate() {
                    *to = largest(window.map(|pixel| pixel[channel])).0;
                }
            }
        });
        Ok((CpuStorage::F32(to), (samples, pooled.len()).into()))
    }

    fn bwd(&self, x: &Tensor, _pooled: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let (image, pooled, channels) = (self.0, self.0.pooled(), self.0.channels);
        let row = image.width * channels;
        let mut to = vec![0.0_f32; x.elem_count()];
        with_values(gradient, |gradient| {
            with_values(x, |x| {
                let each = x.par_chunks(image.len()).zip(gradient.par_chunks(pooled.len()));
                let each = each.zip(to.par_chunks_mut(image.len())).with_min_len(SAMPLES_A_TASK);
                each.for_each(|((x, gradient), to)| {
                    let pairs_of_rows = to.chunks_exact_mut(2 * row).take(pooled.height);
                    let corners = pairs_of_rows.flat_map(|rows| {
                        let (top, bottom) = rows.split_at_mut(row);
                        top.chunks_exact_mut(2 * channels).zip(bottom.chunks_exact_mut(2 * channels))
                    });
                    for ((window, gradient), (top, bottom)) in
                        windows(x, image).zip(gradient.chunks(channels)).zip(corners)
                    {
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
                });
            })
        })??;
        Tensor::from_vec(to, x.shape(), &Device::Cpu).map(Some)
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
