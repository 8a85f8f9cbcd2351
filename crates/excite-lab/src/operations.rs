//! The tensor operations of a network besides the activation function, as custom operations of candle.
//!
//! Candle has its own, but its matrix product splits the work by the number of cores (and asks the operating system for
//! that number at each call, which takes longer than a small layer), and its max-pooling passes back only a quarter of
//! the gradient. These work on the caller's thread, so that a run's bits do not depend on the machine's cores.
//!
//! Images lie channels last: a batch is [samples, height · width · channels], and the patches under a 3×3 kernel are
//! the rows of a matrix, so that a convolution is a dense layer over them.

use candle_core::{CpuStorage, CustomOp1, CustomOp3, Device, Error, Layout, Result, Shape, Storage, Tensor};
use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2};

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
        let mut product = ArrayViewMut2::from_shape((samples, units), &mut z).map_err(Error::wrap)?;
        let (x, w) = (matrix(values(x, x_layout)?, inputs), matrix(values(w, w_layout)?, inputs));
        general_mat_mul(1.0, &x, &w.t(), 1.0, &mut product);
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
        let db = with_values(dz, |dz| {
            let mut db = vec![0.0_f32; units];
            dz.chunks(units).for_each(|row| db.iter_mut().zip(row).for_each(|(sum, dz)| *sum += dz));
            db
        })?;
        Ok((dx.transpose()?, Some(dw?), Some(Tensor::from_vec(db, units, &Device::Cpu)?)))
    }
}

fn product(a: &ArrayView2<'_, f32>, b: &ArrayView2<'_, f32>) -> Result<Tensor> {
    let shape = (a.nrows(), b.ncols());
    let mut to = vec![0.0; shape.0 * shape.1];
    general_mat_mul(1.0, a, b, 0.0, &mut ArrayViewMut2::from_shape(shape, &mut to).map_err(Error::wrap)?);
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

    /// For each position and each of the 9 positions of a kernel around it: the offsets in the patches and in the image
    /// of the pixel there. Those outside of the image are left out.
    fn patches(self) -> impl Iterator<Item = (usize, usize)> {
        let Self { height, width, channels } = self;
        let kernel = move || (0..3_usize).flat_map(|dy| (0..3_usize).map(move |dx| (dy, dx)));
        (0..height).flat_map(move |y| {
            (0..width).flat_map(move |x| {
                kernel().filter_map(move |(dy, dx)| {
                    let (row, column) = ((y + dy).checked_sub(1)?, (x + dx).checked_sub(1)?);
                    let patch = ((y * width + x) * 9 + dy * 3 + dx) * channels;
                    (row < height && column < width).then_some((patch, (row * width + column) * channels))
                })
            })
        })
    }

    /// For each position after pooling: its offset, and those of the four positions it is pooled from.
    fn windows(self) -> impl Iterator<Item = (usize, [usize; 4])> {
        let Self { width, channels, .. } = self;
        let pooled = self.pooled();
        (0..pooled.height).flat_map(move |y| {
            (0..pooled.width).map(move |x| {
                let corner = (2 * y * width + 2 * x) * channels;
                let below = corner + width * channels;
                ((y * pooled.width + x) * channels, [corner, corner + channels, below, below + channels])
            })
        })
    }
}

/// The 3×3 patches of images, zeros beyond the edges: [samples, height · width · channels] to
/// [samples · height · width, 9 · channels].
pub(crate) struct Patches(pub(crate) Image);

impl CustomOp1 for Patches {
    fn name(&self) -> &'static str {
        "patches"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (image, channels) = (self.0, self.0.channels);
        let x = values(x, layout)?;
        let samples = x.len() / image.len();
        let mut to = vec![0.0; x.len() * 9];
        for (x, to) in x.chunks(image.len()).zip(to.chunks_mut(image.len() * 9)) {
            for (patch, pixel) in image.patches() {
                to[patch..patch + channels].copy_from_slice(&x[pixel..pixel + channels]);
            }
        }
        Ok((CpuStorage::F32(to), (samples * image.height * image.width, 9 * channels).into()))
    }

    fn bwd(&self, x: &Tensor, _patches: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let (image, channels) = (self.0, self.0.channels);
        let mut to = vec![0.0_f32; x.elem_count()];
        with_values(gradient, |gradient| {
            for (gradient, to) in gradient.chunks(image.len() * 9).zip(to.chunks_mut(image.len())) {
                for (patch, pixel) in image.patches() {
                    let from = &gradient[patch..patch + channels];
                    to[pixel..pixel + channels].iter_mut().zip(from).for_each(|(to, from)| *to += from);
                }
            }
        })?;
        Tensor::from_vec(to, x.shape(), &Device::Cpu).map(Some)
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
        for (x, to) in x.chunks(image.len()).zip(to.chunks_mut(pooled.len())) {
            for (at, window) in image.windows() {
                for channel in 0..image.channels {
                    to[at + channel] = x[largest(x, window, channel)];
                }
            }
        }
        Ok((CpuStorage::F32(to), (samples, pooled.len()).into()))
    }

    fn bwd(&self, x: &Tensor, _pooled: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let (image, pooled) = (self.0, self.0.pooled());
        let mut to = vec![0.0_f32; x.elem_count()];
        with_values(gradient, |gradient| {
            with_values(x, |x| {
                let samples = x.chunks(image.len()).zip(gradient.chunks(pooled.len())).zip(to.chunks_mut(image.len()));
                for ((x, gradient), to) in samples {
                    for (at, window) in image.windows() {
                        for channel in 0..image.channels {
                            to[largest(x, window, channel)] += gradient[at + channel];
                        }
                    }
                }
            })
        })??;
        Tensor::from_vec(to, x.shape(), &Device::Cpu).map(Some)
    }
}

/// Where the first of the largest values of a window is; the first NaN if there is one.
fn largest(x: &[f32], window: [usize; 4], channel: usize) -> usize {
    let mut best = window[0] + channel;
    for at in window[1..].iter().map(|at| at + channel) {
        // A NaN wins, and then stays: nothing is larger.
        if x[at] > x[best] || (x[at].is_nan() && !x[best].is_nan()) {
            best = at;
        }
    }
    best
}
