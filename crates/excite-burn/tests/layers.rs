//! Modules as users build them, their configurations, and the memory that results go into.

use burn::config::Config;
use burn::module::Module;
use burn::tensor::{DType, Device, Tensor, TensorData};
use excite::{Function, Gate, RowFunction};
use excite_burn::{Activation, ActivationConfig, GatedUnitConfig, RowActivationConfig};

/// Numbers in [-5.01, 5.01], none of them 0, in no order.
fn numbers<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    let count: usize = shape.iter().product();
    let numbers: Vec<f64> = (0..count as u32).map(|i| f64::from(i * 577 % 1003) / 100.0 - 5.005).collect();
    Tensor::from_data(TensorData::new(numbers, shape), (device, DType::F64))
}

fn flat<const D: usize>(t: &Tensor<D>) -> Vec<f64> {
    t.to_data().try_to_vec().unwrap()
}

#[derive(Module, Debug)]
struct Block {
    activation: Activation,
}

#[test]
fn activations_are_modules_inside_modules() {
    let block = Block { activation: ActivationConfig::new("tanh".parse().unwrap()).init() };
    assert_eq!(block.num_params(), 0);
    let z = numbers([3, 4], &Device::flex());
    let expected: Vec<f64> = flat(&z).into_iter().map(|z| block.activation.function().value(z)).collect();
    assert_eq!(flat(&block.activation.forward(z)), expected);
}

#[test]
fn configurations_are_written_and_read() {
    let written = ActivationConfig::new("leaky_relu(0.1)".parse().unwrap()).to_string();
    let read = ActivationConfig::load_binary(written.as_bytes()).unwrap();
    assert_eq!(read.function, excite::LeakyRelu::new(0.1).unwrap().into());
    let rows = RowActivationConfig::new("softmax".parse().unwrap()).with_dim(Some(0)).to_string();
    let read = RowActivationConfig::load_binary(rows.as_bytes()).unwrap();
    assert_eq!((read.function.to_string(), read.dim), ("softmax".to_owned(), Some(0)));
    let unit = GatedUnitConfig::load_binary(br#"{"unit":"swiglu"}"#).unwrap();
    assert_eq!(unit.unit, Gate::SwiGlu);
    assert!(ActivationConfig::load_binary(br#"{"function":"sigmoyd"}"#).is_err());
}

#[test]
fn the_module_of_rows_goes_along_its_dimension() {
    let z = numbers([3, 4], &Device::flex());
    let f = RowFunction::ALL[0];
    let along = |dim| flat(&RowActivationConfig::new(f).with_dim(dim).init().forward(z.clone()));
    assert_eq!(along(None), flat(&excite_burn::apply_along(z.clone(), 1, f)));
    assert_eq!(along(Some(0)), flat(&excite_burn::apply_along(z.clone(), 0, f)));
}

#[test]
fn packed_gates_give_what_their_halves_give() {
    let device = Device::flex().autodiff();
    for &unit in Gate::ALL {
        let values_and_gradients = |is_packed: bool| {
            let x = numbers([3, 2, 10], &device).require_grad();
            let y = if is_packed {
                GatedUnitConfig::new(unit).init().forward(x.clone())
            } else {
                let (value, gate) = (x.clone().narrow(2, 0, 5), x.clone().narrow(2, 5, 5));
                excite_burn::gated(gate, value, unit)
            };
            assert_eq!(y.dims(), [3, 2, 5]);
            let gradients = (y.clone() * numbers([3, 2, 5], &device)).sum().backward();
            [flat(&y), flat(&x.grad(&gradients).unwrap())]
        };
        assert_eq!(values_and_gradients(true), values_and_gradients(false), "{unit}");
    }
}

#[test]
#[should_panic(expected = "`glu` of excite: the last dimension holds values and as many gates, but has 3 elements")]
fn an_odd_last_dimension_is_refused() {
    excite_burn::packed(numbers([2, 3], &Device::flex()), Gate::Glu);
}

#[test]
fn a_result_in_the_memory_of_its_input_changes_nothing_else() {
    let f: Function = "relu".parse().unwrap();
    let device = Device::flex();
    let z = numbers([3, 4], &device);
    let before = flat(&z);
    let expected: Vec<f64> = before.iter().map(|&z| f.value(z)).collect();
    // z is still needed: its memory must stay as it is. So must that of a view and of what the view is of.
    assert_eq!(flat(&excite_burn::apply(z.clone(), f)), expected);
    let view = z.clone().narrow(0, 1, 2);
    assert_eq!(flat(&excite_burn::apply(view, f)), expected[4..]);
    assert_eq!(flat(&z), before);
    // Now nothing else needs it.
    assert_eq!(flat(&excite_burn::apply(z, f)), expected);
}

#[test]
fn a_gradient_in_the_memory_of_another_changes_nothing_else() {
    let device = Device::flex().autodiff();
    let z = numbers([3, 4], &device).require_grad();
    let relu = excite_burn::apply(z.clone(), "relu".parse().unwrap());
    let tanh = excite_burn::apply(z.clone(), "tanh".parse().unwrap());
    // The gradient by the sum reaches both functions, and z a third time.
    let gradients = (relu + tanh + z.clone()).sum().backward();
    let found = flat(&z.grad(&gradients).unwrap());
    for (z, found) in flat(&z).into_iter().zip(found) {
        let expected = f64::from(u8::from(z > 0.0)) + (1.0 - z.tanh().powi(2)) + 1.0;
        assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
    }
}
