//! Functions of rows, along a dimension: the operation and its gradient.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Error, Layout, Result, Shape, Tensor, shape::Dim};
use excite::{Engine, Float, RowFunction, Rows};

use crate::operation::{Kernel, run};

/// f along the rows of a dimension, such as softmax: a tensor of the shape of `z`, contiguous, through which gradients flow back
/// to `z`.
///
/// ```
/// use candle_core::{D, Device, Tensor};
/// let z = Tensor::new(&[[1.0_f32, 1.0], [3.0, f32::NEG_INFINITY]], &Device::Cpu)?;
/// let p = excite_candle::apply_along(&z, D::Minus1, "softmax".parse()?)?;
/// assert_eq!(p.to_vec2::<f32>()?, [[0.5, 0.5], [1.0, 0.0]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If there is no such dimension, or `z` is not of f32, f64, f16 or bf16, or not on the CPU.
#[expect(clippy::needless_pass_by_value, reason = "candle's own operations take it so")]
pub fn apply_along(z: &Tensor, dim: impl Dim, f: RowFunction) -> Result<Tensor> {
    let dim = dim.to_index(z.shape(), f.name())?;
    let rows = Rows { len: z.dim(dim)?, inner: z.dims()[dim + 1..].iter().product() };
    z.contiguous()?.apply_op1(Along { f, rows })
}

/// y = f(x) along rows, for a contiguous x.
struct Along {
    f: RowFunction,
    rows: Rows,
}

/// The gradient by x, from y and the gradient by it.
struct AlongBackward {
    f: RowFunction,
    rows: Rows,
}

impl Kernel<1> for Along {
    fn name(&self) -> &'static str {
        self.f.name()
    }

    fn run<F: Float>(&self, [x]: [&[F]; 1]) -> Result<Vec<F>> {
        let mut y = vec![F::default(); x.len()];
        Engine::default().forward(&self.f.along(self.rows), x, &mut y).map_err(Error::wrap)?;
        Ok(y)
    }
}

impl Kernel<2> for AlongBackward {
    fn name(&self) -> &'static str {
        self.f.name()
    }

    fn run<F: Float>(&self, [y, dy]: [&[F]; 2]) -> Result<Vec<F>> {
        let mut dx = vec![F::default(); y.len()];
        Engine::default().backward(&self.f.along(self.rows), y, dy, &mut dx).map_err(Error::wrap)?;
        Ok(dx)
    }
}

impl CustomOp1 for Along {
    fn name(&self) -> &'static str {
        Kernel::name(self)
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok((run(self, [(x, layout)])?, layout.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let backward = AlongBackward { f: self.f, rows: self.rows };
        y.contiguous()?.apply_op2_no_bwd(&dy.contiguous()?, &backward).map(Some)
    }
}

impl CustomOp2 for AlongBackward {
    fn name(&self) -> &'static str {
        Kernel::name(self)
    }

    fn cpu_fwd(&self, y: &CpuStorage, at: &Layout, dy: &CpuStorage, dy_at: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok((run(self, [(y, at), (dy, dy_at)])?, dy_at.shape().clone()))
    }
}
