//! Values and gradients beside those over slices, beside burn's own, and beside finite differences.

use burn::tensor::{DType, Device, Element, Tensor, TensorData, activation};
use excite::{Engine, Float, Function, Gate, RowFunction, Rows, Rowwise, SlopeFrom};
use half::{bf16, f16};

/// 60 numbers in [-5.01, 5.01], none of them 0, in no order.
fn numbers(first: u32) -> Vec<f64> {
    (first..first + 60).map(|i| f64::from(i * 577 % 1003) / 100.0 - 5.005).collect()
}

fn tensor<F: Element, const D: usize>(elements: &[F], shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(elements.to_vec(), shape), (device, F::dtype()))
}

fn elements<F: Element, const D: usize>(t: &Tensor<D>) -> Vec<F> {
    t.to_data().try_to_vec().unwrap()
}

fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs() / (1.0 + b.abs())).fold(0.0, f64::max)
}

fn values_and_gradients_are_those_over_slices<F: Float + Element>() {
    let device = Device::flex().autodiff();
    let [x, dy] = [0, 300].map(|first| numbers(first).into_iter().map(<F as Float>::from_f64).collect::<Vec<F>>());
    let (mut y, mut dx, mut d_value) = (vec![F::default(); 60], vec![F::default(); 60], vec![F::default(); 60]);
    let engine = Engine::default();
    let weights = || tensor(&dy, [5, 12], &device);
    for &f in Function::ALL {
        let z = tensor(&x, [5, 12], &device).require_grad();
        let a = excite_burn::apply(z.clone(), f);
        f.forward(&x, &mut y).unwrap();
        assert_eq!(elements::<F, 2>(&a), y, "{f} in {:?}", F::dtype());
        let gradients = (a * weights()).sum().backward();
        f.backward(if f.slope_from() == SlopeFrom::Input { &x } else { &y }, &dy, &mut dx).unwrap();
        assert_eq!(elements::<F, 2>(&z.grad(&gradients).unwrap()), dx, "{f} in {:?}", F::dtype());
    }
    for &f in RowFunction::ALL {
        for (dim, rows) in [Rows { len: 5, inner: 12 }, Rows::of(12)].into_iter().enumerate() {
            let z = tensor(&x, [5, 12], &device).require_grad();
            let a = excite_burn::apply_along(z.clone(), dim, f);
            engine.forward(&f.along(rows), &x, &mut y).unwrap();
            assert_eq!(elements::<F, 2>(&a), y, "{f} in {:?}", F::dtype());
            let gradients = (a * weights()).sum().backward();
            engine.backward(&f.along(rows), &y, &dy, &mut dx).unwrap();
            assert_eq!(elements::<F, 2>(&z.grad(&gradients).unwrap()), dx, "{f} in {:?}", F::dtype());
        }
    }
    for &unit in Gate::ALL {
        let (gate, value) = (weights().require_grad(), tensor(&x, [5, 12], &device).require_grad());
        let a = excite_burn::gated(gate.clone(), value.clone(), unit);
        unit.forward_on(engine, [&dy, &x], &mut y).unwrap();
        assert_eq!(elements::<F, 2>(&a), y, "{unit} in {:?}", F::dtype());
        let gradients = (a * weights()).sum().backward();
        unit.backward_on(engine, [&dy, &x, &dy], [&mut dx, &mut d_value]).unwrap();
        assert_eq!(elements::<F, 2>(&gate.grad(&gradients).unwrap()), dx, "{unit} in {:?}", F::dtype());
        assert_eq!(elements::<F, 2>(&value.grad(&gradients).unwrap()), d_value, "{unit} in {:?}", F::dtype());
    }
}

#[test]
fn values_and_gradients_in_f32_are_those_over_slices() {
    values_and_gradients_are_those_over_slices::<f32>();
}

#[test]
fn values_and_gradients_in_f64_are_those_over_slices() {
    values_and_gradients_are_those_over_slices::<f64>();
}

#[test]
fn values_and_gradients_in_f16_are_those_over_slices() {
    values_and_gradients_are_those_over_slices::<f16>();
}

#[test]
fn values_and_gradients_in_bf16_are_those_over_slices() {
    values_and_gradients_are_those_over_slices::<bf16>();
}

#[test]
fn gradients_agree_with_finite_differences() {
    let (device, step) = (Device::flex().autodiff(), 1e-6);
    let (x, weights) = (numbers(0), numbers(300));
    for &f in Function::ALL {
        let z = tensor(&x, [60], &device).require_grad();
        let loss = (excite_burn::apply(z.clone(), f) * tensor(&weights, [60], &device)).sum();
        let gradient = elements::<f64, 1>(&z.grad(&loss.backward()).unwrap());
        let quotient: Vec<f64> = x
            .iter()
            .zip(&weights)
            .map(|(x, weight)| weight * (f.value(x + step) - f.value(x - step)) / (2.0 * step))
            .collect();
        assert!(largest_difference(&gradient, &quotient) < 1e-7, "{f}");
    }
}

/// ReLU is burn's own.
fn relu_has_excites_bits<F: Float + Element>() {
    let specials = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 1e-7, -1e-7, 65504.0];
    let x = specials.map(<F as Float>::from_f64);
    let relu: Function = "relu".parse().unwrap();
    let found = elements::<F, 1>(&excite_burn::apply(tensor(&x, [x.len()], &Device::flex()), relu));
    for ((found, expected), x) in found.iter().zip(relu.apply(&x)).zip(specials) {
        let bits = |y: &F| Some(<F as Float>::to_f64(*y)).filter(|y| !y.is_nan()).map(f64::to_bits);
        assert_eq!(bits(found), bits(&expected), "of {x}: {found:?}");
    }
}

#[test]
fn relu_has_excites_bits_in_every_type() {
    relu_has_excites_bits::<f32>();
    relu_has_excites_bits::<f64>();
    relu_has_excites_bits::<f16>();
    relu_has_excites_bits::<bf16>();
}

type Layer<'a> = &'a dyn Fn(Tensor<2>) -> Tensor<2>;

#[test]
fn values_and_gradients_agree_with_burns_own() {
    let device = Device::flex().autodiff();
    let (x, weights) = (numbers(0), numbers(300));
    let value_and_gradient = |layer: Layer| {
        let z = tensor(&x, [5, 12], &device).require_grad();
        let a = layer(z.clone());
        let gradients = (a.clone() * tensor(&weights, [5, 12], &device)).sum().backward();
        [elements::<f64, 2>(&a), elements(&z.grad(&gradients).unwrap())]
    };
    let peers: [(Layer, Layer); 5] = [
        (&|z| excite_burn::apply(z, "tanh".parse().unwrap()), &|z| activation::tanh(z)),
        (&|z| excite_burn::apply(z, "sigmoid".parse().unwrap()), &|z| activation::sigmoid(z)),
        (&|z| excite_burn::apply(z, "silu".parse().unwrap()), &|z| activation::silu(z)),
        (&|z| excite_burn::apply_along(z, 1, "softmax".parse().unwrap()), &|z| activation::softmax(z, 1)),
        (&|z| excite_burn::apply_along(z, 0, "log_softmax".parse().unwrap()), &|z| activation::log_softmax(z, 0)),
    ];
    for (number, (ours, theirs)) in peers.into_iter().enumerate() {
        let (ours, theirs) = (value_and_gradient(ours), value_and_gradient(theirs));
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert!(largest_difference(ours, theirs) < 1e-12, "pair {number}");
        }
    }
}

#[test]
fn strided_tensors_give_what_contiguous_ones_give() {
    let device = Device::flex();
    let x: Vec<f32> = numbers(0).into_iter().map(|x| x as f32).collect();
    let rows = tensor(&x, [5, 12], &device);
    for view in [rows.clone().transpose(), rows.clone().narrow(1, 3, 7), rows.clone().flip([0, 1])] {
        let plain: Tensor<2> = Tensor::from_data(view.to_data(), (&device, DType::F32));
        let f = "gelu".parse().unwrap();
        assert_eq!(
            elements::<f32, 2>(&excite_burn::apply(view.clone(), f)),
            elements::<f32, 2>(&excite_burn::apply(plain.clone(), f))
        );
        let f = "softmax".parse().unwrap();
        assert_eq!(
            elements::<f32, 2>(&excite_burn::apply_along(view, 0, f)),
            elements::<f32, 2>(&excite_burn::apply_along(plain, 0, f))
        );
    }
}

#[test]
fn gradients_pass_through_several_layers_and_skip_what_needs_none() {
    let device = Device::flex().autodiff();
    let x = numbers(0);
    let (gate, value) = (tensor(&x, [60], &device), tensor(&x, [60], &device).require_grad());
    let hidden = excite_burn::gated(gate.clone(), value.clone(), Gate::SwiGlu);
    let gradients = excite_burn::apply(hidden, "tanh".parse().unwrap()).sum().backward();
    assert!(gate.grad(&gradients).is_none());
    let found = elements::<f64, 1>(&value.grad(&gradients).unwrap());
    let silu: Function = "silu".parse().unwrap();
    let expected: Vec<f64> = x.iter().map(|&x| silu.value(x) * (1.0 - (silu.value(x) * x).tanh().powi(2))).collect();
    assert!(largest_difference(&found, &expected) < 1e-12);
}

#[test]
fn empty_tensors_stay_empty() {
    let z: Tensor<2> = Tensor::zeros([0, 3], &Device::flex());
    assert_eq!(excite_burn::apply(z.clone(), "gelu".parse().unwrap()).dims(), [0, 3]);
    assert_eq!(excite_burn::apply_along(z.clone(), 0, "softmax".parse().unwrap()).dims(), [0, 3]);
    assert_eq!(excite_burn::gated(z.clone(), z, Gate::Glu).dims(), [0, 3]);
}

#[test]
#[should_panic(expected = "`swiglu` of excite: the gate has the shape [2, 3] and the value [3, 2]")]
fn shapes_that_differ_are_refused() {
    let z: Tensor<2> = Tensor::zeros([2, 3], &Device::flex());
    excite_burn::gated(z.clone(), z.transpose(), Gate::SwiGlu);
}

#[test]
#[should_panic(expected = "there is no dimension 2 in a tensor of 2")]
fn a_dimension_that_is_not_there_is_refused() {
    excite_burn::apply_along(Tensor::<2>::zeros([2, 3], &Device::flex()), 2, RowFunction::ALL[0]);
}
