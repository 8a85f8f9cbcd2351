//! A training at too high a rate, watched: which units died, at which step, and of what.
//!
//! `cargo run --release -p excite-burn --features watch --example watch`

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Gradients, Tensor};
use excite_burn::{Watched, WatchedActivation};

/// As burn's own: a column of weights for each unit.
#[derive(Module, Debug)]
struct Linear {
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<2>>,
}

#[derive(Module, Debug)]
struct Mlp {
    hidden: Linear,
    activation: WatchedActivation,
    output: Linear,
}

impl Linear {
    /// Weights in no order, the same in every run.
    fn new(inputs: usize, units: usize, device: &Device) -> Self {
        let weights: Vec<f32> = (0..inputs * units).map(|i| (i * 577 % 1003) as f32 / 1003.0 - 0.5).collect();
        let weight = Tensor::<1>::from_floats(&weights[..], device).reshape([inputs, units]);
        Self { weight: Param::from_tensor(weight), bias: Param::from_tensor(Tensor::zeros([1, units], device)) }
    }

    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        x.matmul(self.weight.val()) + self.bias.val()
    }
}

impl Mlp {
    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.output.forward(self.activation.forward(self.hidden.forward(x)))
    }
}

/// Plain descent.
struct Step<'a>(&'a Gradients, f64);

impl ModuleMapper for Step<'_> {
    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        parameter.map(|value| match value.grad(self.0) {
            Some(gradient) => Tensor::from_inner(value.inner() - gradient.mul_scalar(self.1)).require_grad(),
            None => value,
        })
    }
}

fn watch(rate: f64) -> Result<Watched, Box<dyn std::error::Error>> {
    let device = Device::flex().autodiff();
    let watched = Watched::new("mlp");
    let mut network = Mlp {
        hidden: Linear::new(4, 32, &device),
        activation: watched.activation("hidden", "relu".parse()?),
        output: Linear::new(32, 1, &device),
    };
    let points: Vec<f32> = (0..1024_u32).map(|i| (i * 577 % 1003) as f32 / 250.0 - 2.0).collect();
    let x = Tensor::<1>::from_floats(&points[..], &device).reshape([256, 4]);
    let y = x.clone().narrow(1, 0, 1).mul_scalar(10.0);
    for step in 0..=20 {
        watched.look(step, &network, |network| drop(network.forward(x.clone())))?;
        let error = network.forward(x.clone()) - y.clone();
        let gradients = (error.clone() * error).mean().backward();
        watched.gradients(&network, &gradients)?;
        network = network.map(&mut Step(&gradients, rate));
    }
    Ok(watched)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{}", watch(0.08)?.report());
    Ok(())
}

#[test]
fn too_high_a_rate_kills_units_and_a_low_one_does_not() -> Result<(), Box<dyn std::error::Error>> {
    let report = watch(0.08)?.report();
    let killed = report.histories.iter().filter_map(excite_vitals::deaths::UnitHistory::killed);
    assert!(killed.count() > 0 && report.to_string().contains("killed at step"), "{report}");
    let calm = watch(1e-4)?;
    assert_eq!(calm.report().histories, []);
    assert_eq!(calm.vitals().samples(), 21 * 256);
    assert!(calm.vitals().layers[0].gradient_norm().is_some_and(|norm| norm > 0.0));
    Ok(())
}

#[test]
fn a_planted_death_is_told_with_its_cause() -> Result<(), excite_vitals::VitalsError> {
    let device = Device::flex();
    let watched = Watched::new("mlp");
    let activation = watched.activation("hidden", excite::Relu.into());
    let mut network = Mlp { hidden: Linear::new(4, 3, &device), activation, output: Linear::new(3, 1, &device) };
    let x = Tensor::<2>::ones([8, 4], &device);
    let run = |network: &Mlp| drop(network.forward(x.clone()));
    network.hidden.bias = Param::from_tensor(Tensor::from_floats([[9.0, 9.0, 9.0]], &device));
    watched.look(0, &network, run)?;
    network.hidden.bias = Param::from_tensor(Tensor::from_floats([[9.0, -99.0, 9.0]], &device));
    watched.look(1, &network, run)?;
    let shown = watched.report().to_string();
    assert!(shown.contains("hidden, unit 1: killed at step 1 by its own bias"), "{shown}");
    Ok(())
}
