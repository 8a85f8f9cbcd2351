//! A layer of each function, forward and backward, as burn computes it on Flex and as excite does, side by side.
//!
//! `cargo run --release -p excite-burn --example beside_burn [ROWS COLUMNS]`

use std::time::Instant;

use burn::tensor::{Device, Distribution, Tensor, activation};
use excite::{Function, ParseFunctionError};

/// Elements that are worked through at each size, for the number of repeats.
const ELEMENTS: usize = 1 << 26;

type Layer<'a> = &'a dyn Fn(Tensor<2>) -> Tensor<2>;

/// A function by its name, as the framework has it.
type Peer = (&'static str, fn(Tensor<2>) -> Tensor<2>);

/// Microseconds of one forward pass, and of one forward and backward.
fn once(z: &Tensor<2>, dy: &Tensor<2>, f: Layer) -> [f64; 2] {
    let z = z.clone().require_grad();
    let start = Instant::now();
    let a = f(z.clone());
    let forward = start.elapsed().as_secs_f64() * 1e6;
    let loss = a * dy.clone();
    let start = Instant::now();
    let gradients = loss.backward();
    let backward = start.elapsed().as_secs_f64() * 1e6;
    assert!(z.grad(&gradients).is_some());
    [forward, forward + backward]
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn beside(name: &str, z: &Tensor<2>, burns: Layer, excites: Layer) {
    let dy = z.ones_like();
    let repeats = (ELEMENTS / z.shape().num_elements()).clamp(15, 400);
    let mut times: [[Vec<f64>; 2]; 2] = Default::default();
    for _ in 0..repeats {
        for (times, f) in times.iter_mut().zip([burns, excites]) {
            for (times, time) in times.iter_mut().zip(once(z, &dy, f)) {
                times.push(time);
            }
        }
    }
    let [burn, excite] = times.map(|times| times.map(median));
    print!("{name:10}");
    for (burn, excite) in burn.into_iter().zip(excite) {
        print!(" {burn:9.1} {excite:9.1} {:6.2}x", burn / excite);
    }
    println!();
}

fn main() -> Result<(), ParseFunctionError> {
    let arguments: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let given = if let [rows, columns] = arguments[..] { vec![[rows, columns]] } else { Vec::new() };
    let shapes = if given.is_empty() { vec![[32, 256], [128, 1024], [1024, 4096]] } else { given };
    let peers: [Peer; 8] = [
        ("relu", activation::relu),
        ("sigmoid", activation::sigmoid),
        ("tanh", activation::tanh),
        ("gelu", activation::gelu),
        ("gelu_tanh", activation::gelu_approximate),
        ("silu", activation::silu),
        ("elu", |z| activation::elu(z, 1.0)),
        ("mish", activation::mish),
    ];
    println!("f32, microseconds, medians taken in turns: burn's, excite's, burn's over excite's");
    let device = Device::flex().autodiff();
    for shape in shapes {
        println!("{:10} {:>27} {:>27}", format!("{shape:?}"), "forward", "forward and backward");
        let z = Tensor::<2>::random(shape, Distribution::Normal(0.0, 2.0), &device);
        for (name, burns) in peers {
            let f: Function = name.parse()?;
            beside(name, &z, &burns, &|z| excite_burn::apply(z, f));
        }
        beside("softmax", &z, &|z| activation::softmax(z, 1), &|z| {
            excite_burn::apply_along(z, 1, excite::Softmax::default().into())
        });
    }
    Ok(())
}
