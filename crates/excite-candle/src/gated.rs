//! Gated units: the operation and its gradients.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Error, Layout, Result, Shape, Tensor};
use excite::{Float, Gate};

use crate::operation::{Kernel, filled, run};

/// f(gate) · value in one pass, such as SwiGLU: a contiguous tensor of their shape, through which gradients flow back to both.
///
/// ```
/// use candle_core::{Device, Tensor};
/// let gate = Tensor::new(&[-1.0_f32, 2.0], &Device::Cpu)?;
/// let value = Tensor::new(&[3.0_f32, 3.0], &Device::Cpu)?;
/// let y = excite_candle::gated(&gate, &value, "reglu".parse()?)?;
/// assert_eq!(y.to_vec1::<f32>()?, [0.0, 6.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the tensors differ in shape or type, are not of f32, f64, f16 or bf16, or not on the CPU.
pub fn gated(gate: &Tensor, value: &Tensor, unit: Gate) -> Result<Tensor> {
    if gate.shape() != value.shape() {
        let (gate, value) = (gate.shape(), value.shape());
        return Err(Error::Msg(format!("`{unit}` of excite: the gate has the shape {gate:?} and the value {value:?}")));
    }
    gate.contiguous()?.apply_op2(&value.contiguous()?, Gated(unit))
}

/// y = f(gate) · value.
struct Gated(Gate);

/// The gradients by gate and by value, one behind the other.
struct GatedBackward(Gate);

impl Kernel<2> for Gated {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn run<F: Float>(&self, [gate, value]: [&[F]; 2]) -> Result<Vec<F>> {
        filled(gate.len(), |range, y| self.0.forward([&gate[range.clone()], &value[range]], y))
    }
}

impl Kernel<3> for GatedBackward {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn run<F: Float>(&self, inputs: [&[F]; 3]) -> Result<Vec<F>> {
        let mut gradients = vec![F::default(); 2 * inputs[0].len()];
        let (d_gate, d_value) = gradients.split_at_mut(inputs[0].len());
        self.0.backward(inputs, [d_gate, d_value]).map_err(Error::wrap)?;
        Ok(gradients)
    }
}

impl CustomOp2 for Gated {
    fn name(&self) -> &'static str {
        Kernel::name(self)
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
        let dy = dy.contiguous()?;
        let both = gate.contiguous()?.apply_op3_no_bwd(&value.contiguous()?, &dy, &GatedBackward(self.0))?;
        Ok((Some(both.get(0)?), Some(both.get(1)?)))
    }
}

impl CustomOp3 for GatedBackward {
    fn name(&self) -> &'static str {
        Kernel::name(self)
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
}
