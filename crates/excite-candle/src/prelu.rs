//! PReLU with trained slopes.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Error, Layout, Module, Result, Shape, Tensor};
use candle_nn::{Init, VarBuilder};
use excite::{Channels, Elementwise, Engine, Float, PerChannel, Prelu};

use crate::candles_own;
use crate::operation::{Kernel, no_second_derivative, run};

const NAME: &str = "prelu";

/// PReLU with a trained slope below 0: one for all elements, or one for each channel, along dimension 1. It reads and writes the
/// checkpoints of [`candle_nn::PReLU`].
///
/// ```
/// use candle_core::{DType, Device, Module, Tensor};
/// use candle_nn::{VarBuilder, VarMap};
///
/// let variables = VarMap::new();
/// let vb = VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu);
/// let prelu = excite_candle::prelu(Some(2), vb.pp("activation"))?;
/// let z = Tensor::new(&[[-4.0_f32, 1.0], [2.0, -8.0]], &Device::Cpu)?;
/// let y = prelu.forward(&z)?;
/// assert_eq!(y.to_vec2::<f32>()?, [[-1.0, 1.0], [2.0, -2.0]]);
///
/// let gradients = y.sum_all()?.backward()?;
/// assert_eq!(gradients.get(prelu.weight()).unwrap().to_vec1::<f32>()?, [-4.0, -8.0]);
/// # Ok::<(), candle_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TrainedPrelu {
    weight: Tensor,
}

/// A [`TrainedPrelu`] whose slopes, 0.25 at first, are the variable `"weight"` of `vb`: one for each of `channels`, or one for all
/// elements where that is None.
///
/// # Errors
/// If `vb` holds a variable of that name and another shape.
#[expect(clippy::needless_pass_by_value, reason = "candle's own layers take it so")]
pub fn prelu(channels: Option<usize>, vb: VarBuilder) -> Result<TrainedPrelu> {
    Ok(TrainedPrelu { weight: vb.get_with_hints(channels.unwrap_or(1), "weight", Init::Const(0.25))? })
}

impl TrainedPrelu {
    /// The layer with these slopes: a tensor of one dimension.
    ///
    /// # Errors
    /// If `weight` has another number of dimensions.
    pub fn new(weight: Tensor) -> Result<Self> {
        weight.dims1()?;
        Ok(Self { weight })
    }

    /// The slopes.
    pub fn weight(&self) -> &Tensor {
        &self.weight
    }
}

impl Module for TrainedPrelu {
    fn forward(&self, z: &Tensor) -> Result<Tensor> {
        let (slopes, dims) = (self.weight.dims1()?, z.dims());
        let (dim, channels) = if z.rank() == 1 { (0, dims[0]) } else { (1, dims.get(1).copied().unwrap_or(1)) };
        if slopes != 1 && slopes != channels {
            return Err(Error::Msg(format!(
                "`{NAME}` of excite has {slopes} slopes and {channels} channels, in a tensor of the shape {:?}: dimension {dim} must have \
                 one element for each slope",
                z.shape()
            )));
        }
        if !z.device().is_cpu() {
            return candles_own::prelu(z, &self.weight);
        }
        let inner = if slopes == 1 { 1 } else { dims[dim + 1..].iter().product() };
        let layout = Channels { channels: slopes, inner };
        z.contiguous()?.apply_op2(&self.weight.contiguous()?, Forward(layout))
    }
}

/// y, from x and the slopes.
struct Forward(Channels);

/// A gradient, from x, the slopes and the gradient by y.
struct Gradient(By, Channels);

/// What a gradient is by.
#[derive(Clone, Copy)]
enum By {
    Input,
    Slopes,
}

fn with_slopes<F: Float>(
    layout: Channels,
    slopes: &[F],
) -> std::result::Result<PerChannel<'_, Prelu, F>, excite::Error> {
    Prelu::default().per_channel(0, layout, slopes)
}

impl Kernel<2> for Forward {
    fn name(&self) -> &'static str {
        NAME
    }

    fn run<F: Float>(&self, [x, slopes]: [&[F]; 2]) -> std::result::Result<Vec<F>, excite::Error> {
        Engine::default().map(&with_slopes(self.0, slopes)?, x)
    }
}

impl Kernel<3> for Gradient {
    fn name(&self) -> &'static str {
        NAME
    }

    fn run<F: Float>(&self, [x, slopes, dy]: [&[F]; 3]) -> std::result::Result<Vec<F>, excite::Error> {
        let prelu = with_slopes(self.1, slopes)?;
        match self.0 {
            By::Input => Engine::default().backward_map(&prelu, x, dy),
            By::Slopes => {
                let mut gradients = vec![0.0; slopes.len()];
                prelu.backward_parameters(x, dy, &mut gradients)?;
                Ok(gradients.into_iter().map(<F as Float>::from_f64).collect())
            }
        }
    }
}

impl CustomOp2 for Forward {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        at: &Layout,
        slopes: &CpuStorage,
        slopes_at: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        Ok((run(self, [(x, at), (slopes, slopes_at)])?, at.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, slopes: &Tensor, _: &Tensor, dy: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let dy = dy.contiguous()?;
        let gradient = |by| x.apply_op3(slopes, &dy, Gradient(by, self.0));
        Ok((Some(gradient(By::Input)?), Some(gradient(By::Slopes)?)))
    }
}

impl CustomOp3 for Gradient {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        at: &Layout,
        slopes: &CpuStorage,
        slopes_at: &Layout,
        dy: &CpuStorage,
        dy_at: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let shape = match self.0 {
            By::Input => at.shape(),
            By::Slopes => slopes_at.shape(),
        };
        Ok((run(self, [(x, at), (slopes, slopes_at), (dy, dy_at)])?, shape.clone()))
    }

    fn bwd(
        &self,
        _: &Tensor,
        _: &Tensor,
        _: &Tensor,
        _: &Tensor,
        _: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        Err(no_second_derivative(NAME))
    }
}
