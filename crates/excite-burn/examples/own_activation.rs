//! An activation function of one's own in burn: that of `examples/own-activation`, which takes it through slices, configurations, candle
//! and vitals.
//!
//! `cargo run --release -p excite-burn --example own_activation`

#[path = "../../../examples/own-activation/src/isru.rs"]
mod isru;

use std::error::Error;

use burn::config::Config;
use burn::tensor::{Device, Tensor};
use excite::{Elementwise, Function};
use excite_burn::ActivationConfig;
use isru::Isru;

fn in_burn() -> Result<(), Box<dyn Error>> {
    Function::register(Isru::default())?;
    // From here on it is known by its name.
    let layer = ActivationConfig::load_binary(br#"{"function":"isru(alpha=1)"}"#)?.init();
    let z = [-0.75_f32, 0.0, 0.75];
    let device = Device::flex().autodiff();
    let tensor = Tensor::<1>::from_floats(z, &device).require_grad();
    let y = layer.forward(tensor.clone());
    assert_eq!(y.to_data().try_to_vec::<f32>()?, [-0.6, 0.0, 0.6]);
    let gradients = y.sum().backward();
    let gradient = tensor.grad(&gradients).ok_or("no gradient has come to z")?;
    assert_eq!(gradient.to_data().try_to_vec::<f32>()?, z.map(|z| Isru::default().slope(z)));
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    in_burn()?;
    println!("isru: burn has its values and its gradients");
    Ok(())
}

#[test]
fn burn_has_its_values_and_its_gradients() -> Result<(), Box<dyn Error>> {
    in_burn()
}
