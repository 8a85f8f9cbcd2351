//! Defines an activation function and takes it wherever one of excite's own goes.

mod isru;

use std::error::Error;

use candle_core::{Device, Var};
use excite::{Elementwise, Function};
use excite_candle::Activation;
use excite_vitals::LayerVitals;
use isru::Isru;

fn main() -> Result<(), Box<dyn Error>> {
    over_slices()?;
    // From here on it is known by its name.
    Function::register(Isru::default())?;
    by_name_in_a_configuration()?;
    in_candle()?;
    in_vitals()?;
    println!("isru: slices, configuration, candle and vitals agree");
    Ok(())
}

fn over_slices() -> Result<(), Box<dyn Error>> {
    let x = [-3.0_f32, 0.0, 0.75, f32::INFINITY];
    let mut y = [0.0; 4];
    Isru::default().forward(&x, &mut y)?;
    assert!((y[0] + 3.0 / 10.0_f32.sqrt()).abs() < 1e-7);
    assert_eq!(y[1..], [0.0, 0.6, 1.0]);

    let mut dx = [0.0; 4];
    Isru::default().backward(&x, &[1.0, 2.0, 1.0, 1.0], &mut dx)?;
    assert_eq!((dx[1], dx[3]), (2.0, 0.0));
    assert!((dx[2] - 0.8_f32.powi(3)).abs() < 1e-7);

    let flatter = Isru::default().with_parameter(0, 0.25)?;
    assert_eq!(flatter.value(f64::INFINITY), 2.0);
    assert!(flatter.with_parameter(0, -1.0).is_err());
    Ok(())
}

#[derive(Debug, serde::Deserialize, serde::Serialize)]
struct Configuration {
    activation: Function,
    width: usize,
}

fn by_name_in_a_configuration() -> Result<(), Box<dyn Error>> {
    let read: Configuration = serde_json::from_str(r#"{"activation": "isru(alpha=4)", "width": 64}"#)?;
    assert_eq!(read.activation.name(), "isru");
    assert_eq!(read.activation.value(f32::INFINITY), 0.5);
    let again: Configuration = serde_json::from_str(&serde_json::to_string(&read)?)?;
    assert_eq!((again.activation, again.width), (read.activation, 64));
    Ok(())
}

fn in_candle() -> candle_core::Result<()> {
    let layer: Activation = "isru".parse()?;
    let z = Var::new(&[-0.75_f32, 0.0, 0.75], &Device::Cpu)?;
    let y = excite_candle::apply(&z, layer)?;
    assert_eq!(y.to_vec1::<f32>()?, [-0.6, 0.0, 0.6]);
    let gradients = y.sum_all()?.backward()?;
    let gradient = gradients.get(&z).map(|gradient| gradient.to_vec1::<f32>()).transpose()?;
    let expected = [-0.75, 0.0, 0.75].map(|x: f32| Isru::default().slope(x));
    assert_eq!(gradient.as_deref(), Some(&expected[..]));
    Ok(())
}

fn in_vitals() -> Result<(), Box<dyn Error>> {
    let function: Function = "isru".parse()?;
    let mut vitals = LayerVitals::new("hidden 1", function, 2);
    let z = [-4.0_f32, 0.5, 4.0, 0.1];
    vitals.update(&z, &function.apply(&z))?;
    let record = vitals.record();
    // At ±4 the gradient is (1 / √17)³, 1.4 % of the largest.
    assert_eq!((record.saturated, record.dead), (0.5, 0.0));
    Ok(())
}
