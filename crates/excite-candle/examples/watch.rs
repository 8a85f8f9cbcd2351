//! A training at too high a rate, watched: which units died, at which step, and of what.
//!
//! `cargo run --release -p excite-candle --features watch --example watch`

use std::sync::PoisonError;

use candle_core::{DType, Device, Module, Result, Tensor};
use candle_nn::{Optimizer, SGD, VarBuilder, VarMap};
use excite_candle::Watched;

/// 256 points of four coordinates in no order, the same in every run, and ten times the first coordinate of each.
fn data() -> Result<(Tensor, Tensor)> {
    let points: Vec<f32> = (0..1024_u32).map(|i| (i * 577 % 1003) as f32 / 250.0 - 2.0).collect();
    let targets: Vec<f32> = points.iter().step_by(4).map(|x| 10.0 * x).collect();
    Ok((Tensor::from_vec(points, (256, 4), &Device::Cpu)?, Tensor::from_vec(targets, (256, 1), &Device::Cpu)?))
}

fn watch(rate: f64) -> Result<Watched> {
    let variables = VarMap::new();
    let vb = VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu);
    let watched = Watched::new("mlp", &variables);
    let network = candle_nn::seq()
        .add(candle_nn::linear(4, 32, vb.pp("hidden"))?)
        .add(watched.activation("hidden", "relu".parse()?))
        .add(candle_nn::linear(32, 1, vb.pp("output"))?);
    // Weights in no order, the same in every run.
    for (name, variable) in variables.data().lock().unwrap_or_else(PoisonError::into_inner).iter() {
        let scale = if name.ends_with("weight") { 1.0 } else { 0.0 };
        let value = |i: usize| scale * ((i * 577 % 1003) as f32 / 1003.0 - 0.5);
        let values: Vec<f32> = (0..variable.elem_count()).map(value).collect();
        variable.set(&Tensor::from_vec(values, variable.shape(), &Device::Cpu)?)?;
    }
    let mut optimizer = SGD::new(variables.all_vars(), rate)?;
    let (x, y) = data()?;
    for step in 0..=20 {
        watched.look(step, || network.forward(&x))?;
        let gradients = candle_nn::loss::mse(&network.forward(&x)?, &y)?.backward()?;
        watched.gradients(&gradients)?;
        optimizer.step(&gradients)?;
    }
    Ok(watched)
}

fn main() -> Result<()> {
    println!("{}", watch(0.08)?.report());
    Ok(())
}

#[test]
fn too_high_a_rate_kills_units_and_a_low_one_does_not() -> Result<()> {
    let report = watch(0.08)?.report();
    let killed = report.histories.iter().filter_map(excite_vitals::deaths::UnitHistory::killed);
    assert!(killed.count() > 0, "{report}");
    assert!(report.to_string().contains("killed at step"), "{report}");
    let calm = watch(1e-4)?;
    assert_eq!(calm.report().histories, []);
    assert_eq!(calm.vitals().samples(), 21 * 256);
    Ok(())
}

#[test]
fn a_planted_death_is_told_with_its_cause_and_the_variables_are_left_as_they_were() -> Result<()> {
    let variables = VarMap::new();
    let vb = VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu);
    let watched = Watched::new("mlp", &variables);
    let hidden = candle_nn::linear(4, 8, vb.pp("hidden"))?;
    let network = candle_nn::seq().add(hidden).add(watched.activation("hidden", "relu".parse()?));
    let (x, _) = data()?;
    watched.look(0, || network.forward(&x))?;
    let bias = variables.data().lock().unwrap()["hidden.bias"].clone();
    let planted = Tensor::new(&[-100_f32, 0., 0., 0., 0., 0., 0., 0.], &Device::Cpu)?;
    bias.set(&planted)?;
    watched.look(1, || network.forward(&x))?;
    assert_eq!(bias.to_vec1::<f32>()?, planted.to_vec1::<f32>()?);
    let shown = watched.report().to_string();
    assert!(shown.contains("hidden, unit 0: killed at step 1 by its own bias"), "{shown}");
    // What the network is run on fails: the watch and the variables stay as they are.
    assert!(watched.look(2, || Tensor::zeros(0, DType::F32, &Device::Cpu)?.get(3)).is_err());
    assert_eq!(bias.to_vec1::<f32>()?, planted.to_vec1::<f32>()?);
    Ok(())
}
