//! Functions composed of candle's own operations, for tensors that are not on the CPU. They are differentiable as candle's are, and as
//! accurate: to about the last place of 1.

use candle_core::{Error, Result, Tensor};
use excite::Function;
#[cfg(feature = "all-operations")]
use excite::{RowFunction, Rowwise};

/// The constants of Klambauer et al. 2017.
const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;
const SELU_SCALE: f64 = 1.050_700_987_355_480_5;

/// f(z), element by element.
pub(crate) fn activation(z: &Tensor, f: Function) -> Result<Tensor> {
    let parameter = |index: usize| f.parameter(index).unwrap_or(f64::NAN);
    match f {
        Function::Identity(_) => Ok(z.clone()),
        Function::Sigmoid(_) => sigmoid(z),
        Function::Tanh(_) => z.tanh(),
        Function::Relu(_) => z.relu(),
        Function::Relu6(_) => z.clamp(0.0, 6.0),
        Function::ReluN(_) => z.clamp(0.0, parameter(0)),
        Function::LeakyRelu(_) | Function::Prelu(_) => z.gt(0.0)?.where_cond(z, &(z * parameter(0))?),
        Function::Elu(_) => z.elu(parameter(0)),
        Function::Selu(_) => z.elu(SELU_ALPHA)? * SELU_SCALE,
        Function::Celu(_) => (z / parameter(0))?.elu(1.0)? * parameter(0),
        Function::Gelu(_) => z.gelu_erf(),
        Function::GeluTanh(_) => z.gelu(),
        Function::Silu(_) => z.silu(),
        Function::Swish(_) => z * sigmoid(&(z * parameter(0))?)?,
        Function::Mish(_) => z * softplus(z)?.tanh()?,
        Function::Softplus(_) => {
            let scaled = (z * parameter(0))?;
            scaled.gt(parameter(1))?.where_cond(z, &(softplus(&scaled)? / parameter(0))?)
        }
        Function::Softsign(_) => z / (z.abs()? + 1.0)?,
        Function::LogSigmoid(_) => softplus(&z.neg()?)?.neg(),
        Function::HardSigmoid(_) => hard_sigmoid(z),
        Function::HardTanh(_) => z.clamp(parameter(0), parameter(1)),
        Function::HardSwish(_) => z * hard_sigmoid(z)?,
        Function::SquaredRelu(_) => z.relu()?.sqr(),
        Function::Exponential(_) => z.exp(),
        Function::Sine(_) => z.sin(),
        _ => Err(missing(f.name(), z)),
    }
}

/// f along the rows of a dimension.
#[cfg(feature = "all-operations")]
pub(crate) fn rows(z: &Tensor, dim: usize, f: RowFunction) -> Result<Tensor> {
    let temperature = f.parameter(0).unwrap_or(1.0);
    let sign = if matches!(f, RowFunction::Softmin(_)) { -1.0 } else { 1.0 };
    let scaled = (z * (sign / temperature))?;
    // The largest cancels from the result, so no gradient need flow through it.
    let below = scaled.broadcast_sub(&scaled.max_keepdim(dim)?.detach())?;
    match f {
        RowFunction::Softmax(_) | RowFunction::Softmin(_) => {
            let raised = below.exp()?;
            raised.broadcast_div(&raised.sum_keepdim(dim)?)
        }
        RowFunction::LogSoftmax(_) => below.broadcast_sub(&below.exp()?.sum_keepdim(dim)?.log()?),
        _ => Err(missing(f.name(), z)),
    }
}

/// PReLU with one slope, or one for each element of dimension 1 (of dimension 0, if that is the only one).
#[cfg(feature = "nn")]
pub(crate) fn prelu(z: &Tensor, slopes: &Tensor) -> Result<Tensor> {
    let mut shape = vec![1; z.rank()];
    if let Some(channels) = shape.get_mut(usize::from(z.rank() > 1)) {
        *channels = slopes.elem_count();
    }
    z.gt(0.0)?.where_cond(z, &z.broadcast_mul(&slopes.reshape(shape)?)?)
}

/// By e^−|z|, which neither overflows nor makes the gradient infinite.
fn sigmoid(z: &Tensor) -> Result<Tensor> {
    let e = z.abs()?.neg()?.exp()?;
    z.ge(0.0)?.where_cond(&e.ones_like()?, &e)? / (&e + 1.0)?
}

/// max(z, 0) + ln(1 + e), where e is e^−|z|. Where e is so small that 1 + e has lost its digits, e − e²/2 + e³/3 has them.
fn softplus(z: &Tensor) -> Result<Tensor> {
    let e = z.abs()?.neg()?.exp()?;
    let series = (((((&e / 3.0)? - 0.5)? * &e)? + 1.0)? * &e)?;
    let tail = e.lt(1e-3)?.where_cond(&series, &(&e + 1.0)?.log()?)?;
    z.relu()? + tail
}

fn hard_sigmoid(z: &Tensor) -> Result<Tensor> {
    ((z + 3.0)? / 6.0)?.clamp(0.0, 1.0)
}

fn missing(name: &str, z: &Tensor) -> Error {
    let device = z.device().location();
    Error::Msg(format!(
        "`{name}` of excite has no kernel for {device:?}, and candle no such function: bring the tensor to the CPU with \
         `to_device(&Device::Cpu)` first"
    ))
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};
    use excite::SlopeFrom;

    use super::*;

    /// 1,003 numbers in [-10.01, 10.01], none of them 0 or at a kink, in no order.
    fn numbers() -> Vec<f64> {
        (0..1003_u32).map(|i| f64::from(i * 577 % 1003) / 50.0 - 10.005).collect()
    }

    fn flat(t: &Tensor) -> Result<Vec<f64>> {
        t.flatten_all()?.to_vec1()
    }

    #[track_caller]
    fn assert_near(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
        assert_eq!(found.len(), expected.len(), "{what}");
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() <= tolerance * (1.0 + expected.abs()), "{what}: {found} for {expected}");
        }
    }

    #[test]
    fn functions_have_excites_values_and_gradients() -> Result<()> {
        let mut composed = 0;
        let x = numbers();
        let others =
            ["leaky_relu(0.2)", "elu(0.7)", "softplus(beta=2, threshold=5)", "hard_tanh(min_val=-2, max_val=3)"];
        let others = others.map(|name| name.parse::<Function>().unwrap());
        for &f in Function::ALL.iter().chain(&others) {
            let z = Var::new(&x[..], &Device::Cpu)?;
            let Ok(y) = activation(&z, f) else { continue };
            composed += 1;
            // candle's gradients of GELU have constants of six digits; the logarithm in Softplus loses some.
            let is_rough = matches!(f, Function::Gelu(_) | Function::GeluTanh(_));
            let tolerance = if is_rough { 1e-5 } else { 1e-9 };
            let expected: Vec<f64> = x.iter().map(|&x| f.value(x)).collect();
            assert_near(&flat(&y)?, &expected, tolerance, &format!("{f}"));
            let gradients = y.sum_all()?.backward()?;
            let expected: Vec<f64> = x.iter().map(|&x| f.slope_at(x)).collect();
            assert_near(&flat(gradients.get(&z).unwrap())?, &expected, tolerance, &format!("gradient of {f}"));
        }
        assert_eq!(composed, 29);
        Ok(())
    }

    #[test]
    fn large_inputs_overflow_nowhere() -> Result<()> {
        let x = [-1e30_f32, -1e4, -200.0, 200.0, 1e4, 1e30];
        for name in ["sigmoid", "softplus", "mish", "log_sigmoid", "tanh", "swish", "hard_swish"] {
            let f: Function = name.parse().unwrap();
            let z = Var::new(&x, &Device::Cpu)?;
            let y = activation(&z, f)?;
            let gradients = y.sum_all()?.backward()?;
            let gradient = gradients.get(&z).unwrap().to_vec1::<f32>()?;
            for ((x, y), slope) in x.iter().zip(y.to_vec1::<f32>()?).zip(gradient) {
                assert!((y - f.value(*x)).abs() <= 1e-6 * y.abs(), "{name} at {x}: {y}");
                let expected = if f.slope_from() == SlopeFrom::Input { f.slope(*x) } else { f.slope(f.value(*x)) };
                assert!((slope - expected).abs() <= 1e-5, "gradient of {name} at {x}: {slope}");
            }
        }
        Ok(())
    }

    #[test]
    fn a_function_that_candle_lacks_is_refused_with_what_to_do() -> Result<()> {
        let z = Tensor::new(&[1.0_f32], &Device::Cpu)?;
        let error = activation(&z, "snake".parse().unwrap()).unwrap_err().to_string();
        assert!(error.contains("`snake` of excite") && error.contains("to_device(&Device::Cpu)"), "{error}");
        Ok(())
    }

    #[cfg(feature = "all-operations")]
    #[test]
    fn rows_have_excites_values_and_gradients() -> Result<()> {
        let z = Var::from_tensor(&Tensor::new(&numbers()[..60], &Device::Cpu)?.reshape((3, 4, 5))?)?;
        let weights = Tensor::new(&numbers()[100..160], &Device::Cpu)?.reshape((3, 4, 5))?;
        for f in ["softmax", "softmax(temperature=2)", "log_softmax", "softmin"] {
            let f: RowFunction = f.parse().unwrap();
            for dim in 0..3 {
                let [ours, theirs] = [crate::apply_along(&z, dim, f.into())?, rows(&z, dim, f)?];
                assert_near(&flat(&theirs)?, &flat(&ours)?, 1e-12, &format!("{f} along {dim}"));
                let gradient = |y: &Tensor| -> Result<Vec<f64>> {
                    let gradients = (y * &weights)?.sum_all()?.backward()?;
                    flat(gradients.get(&z).unwrap())
                };
                assert_near(&gradient(&theirs)?, &gradient(&ours)?, 1e-12, &format!("gradient of {f} along {dim}"));
            }
        }
        assert!(rows(&z, 0, "sparsemax".parse().unwrap()).is_err());
        Ok(())
    }

    #[cfg(feature = "nn")]
    #[test]
    fn prelu_has_excites_values() -> Result<()> {
        let z = Tensor::new(&numbers()[..60], &Device::Cpu)?.reshape((3, 4, 5))?;
        for slopes in [&[0.1, 0.2, 0.3, 0.4][..], &[0.25]] {
            let slopes = Tensor::new(slopes, &Device::Cpu)?;
            let ours = candle_core::Module::forward(&crate::TrainedPrelu::new(slopes.clone())?, &z)?;
            assert_eq!(flat(&prelu(&z, &slopes)?)?, flat(&ours)?);
        }
        Ok(())
    }
}
