//! A layer of each function that candle has, forward and backward, as candle computes it and as excite does, side by side.
//!
//! `cargo run --release -p excite-candle --example beside_candle [ROWS COLUMNS]`

use std::time::Instant;

use candle_core::{D, DType, Device, Module, Result, Tensor, Var};
use excite_candle::{Activation, RowActivation};

/// Elements that are worked through at each size, for the number of repeats.
const ELEMENTS: usize = 1 << 27;

type Layer<'a> = &'a dyn Fn(&Tensor) -> Result<Tensor>;

/// A function by its name, as the framework has it.
type Peer = (&'static str, fn(&Tensor) -> Result<Tensor>);

/// Microseconds of one forward pass, and of one forward and backward.
fn once(z: &Var, dy: &Tensor, f: Layer) -> Result<[f64; 2]> {
    let start = Instant::now();
    let a = f(z)?;
    let forward = start.elapsed().as_secs_f64() * 1e6;
    let loss = (a * dy)?;
    let start = Instant::now();
    let gradients = loss.backward()?;
    let backward = start.elapsed().as_secs_f64() * 1e6;
    assert!(gradients.get(z).is_some());
    Ok([forward, forward + backward])
}

fn beside(name: &str, z: &Var, candles: Layer, excites: Layer) -> Result<()> {
    let dy = z.ones_like()?;
    let repeats = (ELEMENTS / z.elem_count()).clamp(15, 400);
    // The least: what other programs take of the processor is in all but that.
    let mut times = [[f64::INFINITY; 2]; 2];
    for _ in 0..repeats {
        for (times, f) in times.iter_mut().zip([candles, excites]) {
            for (least, time) in times.iter_mut().zip(once(z, &dy, f)?) {
                *least = least.min(time);
            }
        }
    }
    let [candle, excite] = times;
    print!("{name:15}");
    for (candle, excite) in candle.into_iter().zip(excite) {
        print!(" {candle:9.1} {excite:9.1} {:6.2}x", candle / excite);
    }
    println!();
    Ok(())
}

fn main() -> Result<()> {
    let arguments: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let given = if let [rows, columns] = arguments[..] { vec![(rows, columns)] } else { Vec::new() };
    let shapes = if given.is_empty() { vec![(32, 256), (128, 1024), (1024, 4096)] } else { given };
    let peers: [Peer; 14] = [
        ("relu", Tensor::relu),
        ("relu6", |z| z.clamp(0_f32, 6_f32)),
        ("squared_relu", |z| z.relu()?.sqr()),
        ("leaky_relu", |z| candle_nn::ops::leaky_relu(z, 0.01)),
        ("sigmoid", candle_nn::ops::sigmoid),
        ("tanh", Tensor::tanh),
        ("gelu", Tensor::gelu_erf),
        ("gelu_tanh", Tensor::gelu),
        ("silu", Tensor::silu),
        ("elu", |z| z.elu(1.0)),
        ("mish", candle_nn::ops::mish),
        ("hard_sigmoid", candle_nn::ops::hard_sigmoid),
        ("hard_swish", |z| z * candle_nn::ops::hard_sigmoid(z)?),
        ("exponential", Tensor::exp),
    ];
    println!("f32, microseconds, least of many taken in turns: candle's, excite's, candle's over excite's");
    for shape in shapes {
        println!("{:15} {:>27} {:>27}", format!("{shape:?}"), "forward", "forward and backward");
        let z = Var::from_tensor(&Tensor::randn(0.0, 2.0, shape, &Device::Cpu)?.to_dtype(DType::F32)?)?;
        for (name, candles) in peers {
            let activation: Activation = name.parse()?;
            beside(name, &z, &candles, &|z| activation.forward(z))?;
        }
        let (softmax, log_softmax) = (excite::Softmax::default(), excite::LogSoftmax::default());
        let (softmax, log_softmax) = (RowActivation::new(softmax), RowActivation::new(log_softmax));
        beside("softmax", &z, &|z| candle_nn::ops::softmax(z, D::Minus1), &|z| softmax.forward(z))?;
        beside("log_softmax", &z, &|z| candle_nn::ops::log_softmax(z, D::Minus1), &|z| log_softmax.forward(z))?;
    }
    Ok(())
}
