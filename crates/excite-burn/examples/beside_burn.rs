//! A layer of each function that burn has, forward and backward, as burn computes it on Flex and as excite does, side by side.
//!
//! `cargo run --release -p excite-burn --example beside_burn [ROWS COLUMNS]`

use std::time::Instant;

use burn::tensor::{Device, Distribution, Tensor, activation};
use excite::{Function, ParseFunctionError, RowFunction};

/// Elements that are worked through at each size, for the number of repeats.
const ELEMENTS: usize = 1 << 27;

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

fn beside(name: &str, z: &Tensor<2>, burns: Layer, excites: Layer) {
    let dy = z.ones_like();
    let repeats = (ELEMENTS / z.shape().num_elements()).clamp(15, 400);
    // The least: what other programs take of the processor is in all but that.
    let mut times = [[f64::INFINITY; 2]; 2];
    for _ in 0..repeats {
        for (times, f) in times.iter_mut().zip([burns, excites]) {
            for (least, time) in times.iter_mut().zip(once(z, &dy, f)) {
                *least = least.min(time);
            }
        }
    }
    let [burn, excite] = times;
    print!("{name:17}");
    for (burn, excite) in burn.into_iter().zip(excite) {
        print!(" {burn:9.1} {excite:9.1} {:6.2}x", burn / excite);
    }
    println!();
}

fn main() -> Result<(), ParseFunctionError> {
    let arguments: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let given = if let [rows, columns] = arguments[..] { vec![[rows, columns]] } else { Vec::new() };
    let shapes = if given.is_empty() { vec![[32, 256], [128, 1024], [1024, 4096]] } else { given };
    let peers: [Peer; 26] = [
        ("relu", activation::relu),
        ("relu6", activation::relu6),
        ("leaky_relu", |z| activation::leaky_relu(z, 0.01)),
        ("squared_relu", |z| activation::relu(z).square()),
        ("thresholded_relu", |z| activation::thresholded_relu(z, 1.0)),
        ("sigmoid", activation::sigmoid),
        ("tanh", activation::tanh),
        ("gelu", activation::gelu),
        ("gelu_tanh", activation::gelu_approximate),
        ("silu", activation::silu),
        ("mish", activation::mish),
        ("elu", |z| activation::elu(z, 1.0)),
        ("selu", activation::selu),
        ("celu", |z| activation::celu(z, 1.0)),
        ("softplus", |z| activation::softplus_with_threshold(z, 1.0, 20.0)),
        ("softsign", activation::softsign),
        ("log_sigmoid", activation::log_sigmoid),
        ("hard_sigmoid", |z| activation::hard_sigmoid(z, 1.0 / 6.0, 0.5)),
        ("hard_tanh", |z| activation::hardtanh(z, -1.0, 1.0)),
        ("hard_swish", activation::hard_swish),
        ("tanh_shrink", activation::tanhshrink),
        ("soft_shrink", |z| activation::soft_shrink(z, 0.5)),
        ("hard_shrink", |z| activation::hard_shrink(z, 0.5)),
        ("threshold", |z| activation::threshold(z, 0.0, 0.0)),
        ("exponential", Tensor::exp),
        ("sine", Tensor::sin),
    ];
    println!("f32, microseconds, least of many taken in turns: burn's, excite's, burn's over excite's");
    let device = Device::flex().autodiff();
    for shape in shapes {
        println!("{:17} {:>27} {:>27}", format!("{shape:?}"), "forward", "forward and backward");
        let z = Tensor::<2>::random(shape, Distribution::Normal(0.0, 2.0), &device);
        for (name, burns) in peers {
            let f: Function = name.parse()?;
            beside(name, &z, &burns, &|z| excite_burn::apply(z, f));
        }
        for (name, burns) in [
            ("softmax", activation::softmax as fn(Tensor<2>, usize) -> Tensor<2>),
            ("log_softmax", activation::log_softmax),
        ] {
            let f: RowFunction = name.parse()?;
            beside(name, &z, &|z| burns(z, 1), &|z| excite_burn::apply_along(z, 1, f));
        }
    }
    Ok(())
}
