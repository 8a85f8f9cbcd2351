//! Scratch.
use candle_core::{DType, Device, Result, Tensor, Var, Module};
use candle_nn::{VarBuilder, VarMap, Optimizer};
use std::time::Instant;
fn main() -> Result<()> {
    let excite = std::env::args().nth(1).is_some();
    let d = Device::Cpu;
    let map = VarMap::new();
    let vb = VarBuilder::from_varmap(&map, DType::F32, &d);
    let (a, b, c) = (candle_nn::linear(64, 64, vb.pp("a"))?, candle_nn::linear(64, 64, vb.pp("b"))?, candle_nn::linear(64, 10, vb.pp("c"))?);
    let act = |z: &Tensor| if excite { excite_candle::apply(z, "tanh".parse().unwrap()) } else { z.tanh() };
    let mut sgd = candle_nn::SGD::new(map.all_vars(), 0.01)?;
    let n = 1437;
    let mut s = 1u64;
    let mut rnd = || { s = s.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407); ((s >> 40) as f32 / (1u64 << 24) as f32) * 2.0 - 1.0 };
    let xs: Vec<f32> = (0..n * 64).map(|_| rnd()).collect();
    let ys: Vec<u32> = (0..n).map(|i| (i % 10) as u32).collect();
    // velocities, as momentum needs them
    let vel: Vec<(Var, Var)> = map.all_vars().into_iter().map(|v| { let z = Var::zeros(v.shape(), DType::F32, &d).unwrap(); (v, z) }).collect();
    let mut times = vec![];
    for _ in 0..30 {
        let start = Instant::now();
        let mut sum = 0.0;
        for (x, y) in xs.chunks(32 * 64).zip(ys.chunks(32)) {
            let x = Tensor::from_slice(x, (y.len(), 64), &d)?;
            let y = Tensor::from_slice(y, y.len(), &d)?;
            let h = act(&a.forward(&x)?)?;
            let h = act(&b.forward(&h)?)?;
            let loss = candle_nn::loss::cross_entropy(&c.forward(&h)?, &y)?;
            sum += loss.to_scalar::<f32>()?;
            let g = loss.backward()?;
            for (w, v) in &vel {
                v.set(&((v.as_tensor() * 0.9)? + g.get(w).unwrap())?)?;
                w.set(&(w.as_tensor() - (v.as_tensor() * 0.01)?)?)?;
            }
        }
        times.push(start.elapsed().as_secs_f64() * 1e3);
        std::hint::black_box(sum);
    }
    let _ = &mut sgd;
    times.sort_by(f64::total_cmp);
    println!("candle ({}): {:.2} ms an epoch (median of 30), least {:.2}", if excite { "excite tanh" } else { "own tanh" }, times[15], times[0]);
    Ok(())
}
