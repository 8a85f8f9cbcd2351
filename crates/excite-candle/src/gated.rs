//! Gated units, of two tensors and of one whose last dimension holds both.

use std::str::FromStr;

use candle_core::{CpuStorage, CustomOp2, CustomOp3, D, Error, Layout, Module, Result, Shape, Tensor};
use excite::{Engine, Float, Gate, Operation, SlopeFrom};

use crate::candles_own;
use crate::operation::{Forward, Kernel, Unary, no_second_derivative, run};

/// f(gate) · value in one pass, such as SwiGLU: a contiguous tensor of their shape, through which gradients flow back to both.
///
/// ```
/// use candle_core::{Device, Tensor};
/// let gate = Tensor::new(&[-1.0_f32, 2.0], &Device::Cpu)?;
/// let value = Tensor::new(&[3.0_f32, 3.0], &Device::Cpu)?;
/// let y = excite_candle::gated(&gate, &value, "reglu".parse()?)?;
/// assert_eq!(y.to_vec1::<f32>()?, [0.0, 6.0]);
/// # Ok::<(), candle_core::Error>(())
/// ```
///
/// # Errors
/// If the tensors differ in shape or type, or are not of f32, f64, f16 or bf16.
pub fn gated(gate: &Tensor, value: &Tensor, unit: GatedUnit) -> Result<Tensor> {
    let GatedUnit(unit) = unit;
    if gate.shape() != value.shape() {
        let (gate, value) = (gate.shape(), value.shape());
        return Err(Error::Msg(format!("`{unit}` of excite: the gate has the shape {gate:?} and the value {value:?}")));
    }
    if !gate.device().is_cpu() {
        return candles_own::activation(gate, unit.function())? * value;
    }
    gate.contiguous()?.apply_op2(&value.contiguous()?, Gated(unit))
}

/// A gated unit as a layer over tensors whose last dimension holds values and then as many gates, as `torch.nn.GLU` takes them.
///
/// ```
/// use candle_core::{Device, Module, Result, Tensor};
/// use excite_candle::GatedUnit;
///
/// fn forward(x: &Tensor) -> Result<Tensor> {
///     let unit: GatedUnit = "reglu".parse()?;
///     unit.forward(x)
/// }
///
/// let x = Tensor::new(&[[3.0_f32, 5.0, 2.0, -2.0]], &Device::Cpu)?;
/// assert_eq!(forward(&x)?.to_vec2::<f32>()?, [[6.0, 0.0]]);
/// # Ok::<(), candle_core::Error>(())
/// ```
///
/// With the feature `serde` it is a unit's name in configurations, such as `"swiglu"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct GatedUnit(Gate);

impl GatedUnit {
    /// The layer of that unit.
    pub fn new(unit: Gate) -> Self {
        Self(unit)
    }

    /// The unit.
    pub fn gate(self) -> Gate {
        self.0
    }
}

impl Module for GatedUnit {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let unit = self.0;
        let last = if x.rank() == 0 { 0 } else { x.dim(D::Minus1)? };
        if x.rank() == 0 || last % 2 == 1 {
            let shape = x.shape();
            return Err(Error::Msg(format!(
                "`{unit}` of excite takes a tensor whose last dimension holds values and as many gates, not one of the shape {shape:?}"
            )));
        }
        let width = last / 2;
        if !x.device().is_cpu() {
            let (value, gate) = (x.narrow(D::Minus1, 0, width)?, x.narrow(D::Minus1, width, width)?);
            return candles_own::activation(&gate.contiguous()?, unit.function())? * value;
        }
        x.contiguous()?.apply_op1(Forward { of: Packed { unit, width }, engine: Engine::default(), clock: None })
    }
}

impl From<Gate> for GatedUnit {
    fn from(unit: Gate) -> Self {
        Self(unit)
    }
}

/// By name, with an error of candle's type.
impl FromStr for GatedUnit {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        name.parse::<Gate>().map(Self).map_err(Error::wrap)
    }
}

/// y = f(gate) · value, from rows of values and gates.
#[derive(Clone, Copy)]
struct Packed {
    unit: Gate,
    width: usize,
}

impl Unary for Packed {
    fn name(&self) -> &'static str {
        self.unit.name()
    }

    fn slope_from(&self) -> SlopeFrom {
        SlopeFrom::Input
    }

    fn shape(&self, input: &Shape) -> Shape {
        let mut dims = input.dims().to_vec();
        if let Some(last) = dims.last_mut() {
            *last = self.width;
        }
        dims.into()
    }

    fn over<F: Float>(&self) -> impl Operation<F> {
        self.unit.packed(self.width)
    }
}

/// y = f(gate) · value.
struct Gated(Gate);

/// The gradients by gate and by value, one behind the other.
struct GatedBackward(Gate);

impl Kernel<2> for Gated {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn run<F: Float>(&self, inputs: [&[F]; 2]) -> std::result::Result<Vec<F>, excite::Error> {
        self.0.map_on(Engine::default(), inputs)
    }
}

impl Kernel<3> for GatedBackward {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn run<F: Float>(&self, inputs: [&[F]; 3]) -> std::result::Result<Vec<F>, excite::Error> {
        let mut gradients = vec![F::default(); 2 * inputs[0].len()];
        let (d_gate, d_value) = gradients.split_at_mut(inputs[0].len());
        self.0.backward_on(Engine::default(), inputs, [d_gate, d_value])?;
        Ok(gradients)
    }
}

impl CustomOp2 for Gated {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn cpu_fwd(
        &self,
        gate: &CpuStorage,
        at: &Layout,
        value: &CpuStorage,
        value_at: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        Ok((run(self, [(gate, at), (value, value_at)])?, at.shape().clone()))
    }

    fn bwd(&self, gate: &Tensor, value: &Tensor, _: &Tensor, dy: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let both = gate.contiguous()?.apply_op3(&value.contiguous()?, &dy.contiguous()?, GatedBackward(self.0))?;
        Ok((Some(both.get(0)?), Some(both.get(1)?)))
    }
}

impl CustomOp3 for GatedBackward {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn cpu_fwd(
        &self,
        gate: &CpuStorage,
        at: &Layout,
        value: &CpuStorage,
        value_at: &Layout,
        dy: &CpuStorage,
        dy_at: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let both = run(self, [(gate, at), (value, value_at), (dy, dy_at)])?;
        Ok((both, Shape::from([&[2], at.shape().dims()].concat())))
    }

    fn bwd(
        &self,
        _: &Tensor,
        _: &Tensor,
        _: &Tensor,
        _: &Tensor,
        _: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        Err(no_second_derivative(self.0.name()))
    }
}
