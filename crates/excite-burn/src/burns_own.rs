//! Functions composed of burn's own operations, for backends that excite has no kernels for. They are as accurate as burn's.

use burn::tensor::{Tensor, activation as own};
use excite::{Function, RowFunction, Rowwise};

/// f(z), element by element.
pub fn activation<const D: usize>(z: Tensor<D>, f: Function) -> Tensor<D> {
    composed(z, f).unwrap_or_else(|| missing(f.name()))
}

/// f(z) where burn has operations for it.
fn composed<const D: usize>(z: Tensor<D>, f: Function) -> Option<Tensor<D>> {
    let parameter = |index: usize| f.parameter(index).unwrap_or(f64::NAN);
    Some(match f {
        Function::Identity(_) => z,
        Function::Sigmoid(_) => own::sigmoid(z),
        Function::Tanh(_) => own::tanh(z),
        Function::Relu(_) => own::relu(z),
        Function::Relu6(_) => own::relu6(z),
        Function::ReluN(_) => own::hardtanh(z, 0.0, parameter(0)),
        Function::LeakyRelu(_) | Function::Prelu(_) => own::leaky_relu(z, parameter(0)),
        Function::Elu(_) => own::elu(z, parameter(0)),
        Function::Selu(_) => own::selu(z),
        Function::Celu(_) => own::celu(z, parameter(0)),
        Function::Gelu(_) => own::gelu(z),
        Function::GeluTanh(_) => own::gelu_approximate(z),
        Function::Silu(_) => own::silu(z),
        Function::Swish(_) => z.clone() * own::sigmoid(z.mul_scalar(parameter(0))),
        Function::Mish(_) => own::mish(z),
        Function::Softplus(_) => own::softplus_with_threshold(z, parameter(0), parameter(1)),
        Function::Softsign(_) => own::softsign(z),
        Function::LogSigmoid(_) => own::log_sigmoid(z),
        Function::HardSigmoid(_) => own::hard_sigmoid(z, 1.0 / 6.0, 0.5),
        Function::HardTanh(_) => own::hardtanh(z, parameter(0), parameter(1)),
        Function::HardSwish(_) => own::hard_swish(z),
        Function::TanhShrink(_) => own::tanhshrink(z),
        Function::SoftShrink(_) => own::soft_shrink(z, parameter(0)),
        Function::HardShrink(_) => own::hard_shrink(z, parameter(0)),
        Function::Threshold(_) => own::threshold(z, parameter(0), parameter(1)),
        Function::ThresholdedRelu(_) => own::thresholded_relu(z, parameter(0)),
        Function::SquaredRelu(_) => own::relu(z).square(),
        Function::Exponential(_) => z.exp(),
        Function::Sine(_) => z.sin(),
        _ => return None,
    })
}

/// f along the rows of a dimension.
pub fn rows<const D: usize>(z: Tensor<D>, dim: usize, f: RowFunction) -> Tensor<D> {
    let scaled = z.div_scalar(f.parameter(0).unwrap_or(1.0));
    match f {
        RowFunction::Softmax(_) => own::softmax(scaled, dim),
        RowFunction::Softmin(_) => own::softmin(scaled, dim),
        RowFunction::LogSoftmax(_) => own::log_softmax(scaled, dim),
        _ => missing(f.name()),
    }
}

fn missing(name: &str) -> ! {
    panic!(
        "`{name}` of excite has no kernel for this backend, and burn no such function: run it on `Device::flex()`, or choose another \
         function"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{DType, Device, TensorData};

    /// 1,003 numbers in [-10.01, 10.01], none of them 0 or at a kink, in no order.
    fn numbers() -> Vec<f64> {
        (0..1003_u32).map(|i| f64::from(i * 577 % 1003) / 50.0 - 10.005).collect()
    }

    fn tensor<const D: usize>(numbers: &[f64], shape: [usize; D]) -> Tensor<D> {
        Tensor::from_data(TensorData::new(numbers.to_vec(), shape), (&Device::flex().autodiff(), DType::F64))
    }

    fn flat<const D: usize>(t: &Tensor<D>) -> Vec<f64> {
        t.to_data().try_to_vec().unwrap()
    }

    #[track_caller]
    fn assert_near(found: &[f64], expected: &[f64], what: &str) {
        assert_eq!(found.len(), expected.len(), "{what}");
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() <= 1e-6 * (1.0 + expected.abs()), "{what}: {found} for {expected}");
        }
    }

    #[test]
    fn functions_have_excites_values_and_gradients() {
        let x = numbers();
        let mut compared = 0;
        let others = ["leaky_relu(0.2)", "elu(0.7)", "hard_tanh(min_val=-2, max_val=3)", "soft_shrink(1.5)"];
        let others = others.map(|name| name.parse::<Function>().unwrap());
        for &f in Function::ALL.iter().chain(&others) {
            let z = tensor(&x, [x.len()]).require_grad();
            let Some(y) = composed(z.clone(), f) else { continue };
            compared += 1;
            assert_near(&flat(&y), &x.iter().map(|&x| f.value(x)).collect::<Vec<f64>>(), &f.to_string());
            let gradient = z.grad(&y.sum().backward()).unwrap();
            let expected: Vec<f64> = x.iter().map(|&x| f.slope_at(x)).collect();
            assert_near(&flat(&gradient), &expected, &format!("gradient of {f}"));
        }
        assert_eq!(compared, 34);
    }

    #[test]
    fn rows_have_excites_values() {
        let z = tensor(&numbers()[..60], [3, 4, 5]);
        for f in ["softmax", "softmax(temperature=2)", "log_softmax", "softmin"] {
            let f: RowFunction = f.parse().unwrap();
            for dim in 0..3 {
                let ours = crate::apply_along(z.clone(), dim, f);
                assert_near(&flat(&rows(z.clone(), dim, f)), &flat(&ours), &format!("{f} along {dim}"));
            }
        }
    }

    #[test]
    #[should_panic(expected = "`snake` of excite has no kernel for this backend")]
    fn a_function_that_burn_lacks_is_refused_with_what_to_do() {
        activation(tensor(&[1.0], [1]), "snake".parse().unwrap());
    }
}
