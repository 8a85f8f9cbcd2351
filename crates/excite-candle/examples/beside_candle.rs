//! A layer of each function, forward and backward, as candle computes it and as excite does, side by side.
//!
//! `cargo run --release -p excite-candle --example beside_candle [ROWS COLUMNS]`

use std::time::Instant;

use candle_core::{DType, Device, Result, Tensor, Var};
use excite::Function;

const REPEATS: usize = 200;

type Layer = fn(&Tensor) -> Result<Tensor>;

/// Microseconds of one forward and one backward pass.
fn once(z: &Var, f: &dyn Fn(&Tensor) -> Result<Tensor>) -> Result<[f64; 2]> {
    let start = Instant::now();
    let a = f(z)?;
    let forward = start.elapsed().as_secs_f64() * 1e6;
    let start = Instant::now();
    let gradients = a.backward()?;
    let backward = start.elapsed().as_secs_f64() * 1e6;
    assert!(gradients.get(z).is_some());
    Ok([forward, backward])
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() -> Result<()> {
    let arguments: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let shape = if let [rows, columns] = arguments[..] { (rows, columns) } else { (256, 1024) };
    let z = Var::from_tensor(&Tensor::randn(0.0, 2.0, shape, &Device::Cpu)?.to_dtype(DType::F32)?)?;
    println!(
        "{shape:?} of f32: microseconds, medians of {REPEATS}, taken in turns; the ratio is candle's time over excite's"
    );
    println!("{:8} {:>21} {:>21} {:>21}", "", "forward", "backward", "both");
    let peers: [(&str, Layer); 3] =
        [("sigmoid", candle_nn::ops::sigmoid), ("tanh", Tensor::tanh), ("relu", Tensor::relu)];
    for (name, candles) in peers {
        let function: Function = name.parse().map_err(candle_core::Error::wrap)?;
        let excites = |z: &Tensor| excite_candle::apply(z, function);
        let mut times: [[Vec<f64>; 3]; 2] = Default::default();
        for _ in 0..REPEATS {
            for (times, f) in times.iter_mut().zip([&candles as &dyn Fn(&Tensor) -> Result<Tensor>, &excites]) {
                let [forward, backward] = once(&z, f)?;
                times[0].push(forward);
                times[1].push(backward);
                times[2].push(forward + backward);
            }
        }
        let [candle, excite] = times.map(|times| times.map(median));
        print!("{name:8}");
        for (candle, excite) in candle.into_iter().zip(excite) {
            print!(" {candle:7.1}/{excite:6.1} {:5.2}x", candle / excite);
        }
        println!();
    }
    Ok(())
}
