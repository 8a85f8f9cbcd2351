//! What the function costs beside a built-in one and beside a plain loop, in nanoseconds an element.
//!
//! `cargo run --example speed`, with `--no-default-features` to build excite alone. With `--config profile.dev.opt-level=0` added it is that of
//! a debug build in which excite alone is optimised, and with `--config profile.dev.package.excite.opt-level=0` too of one in which nothing is.

#[path = "../src/isru.rs"]
mod isru;

use std::hint::black_box;
use std::time::Instant;

use excite::{Elementwise, Function, Softsign};
use isru::Isru;

/// So many elements stay in the nearest cache.
const ELEMENTS: usize = 4096;

const ROUNDS: usize = 25;

/// Takes the slices x, dy, y and dx.
type Pass<'a> = &'a dyn Fn(&[f32], &[f32], &mut [f32], &mut [f32]);

/// α is 1.
fn plain_loop(x: &[f32], dy: &[f32], y: &mut [f32], dx: &mut [f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y = x / (1.0 + x * x).sqrt();
    }
    for ((dx, x), dy) in dx.iter_mut().zip(x).zip(dy) {
        let root = 1.0 / (1.0 + x * x).sqrt();
        *dx = dy * (root * root * root);
    }
}

fn by_excite(f: impl Elementwise) -> impl Fn(&[f32], &[f32], &mut [f32], &mut [f32]) {
    move |x, dy, y, dx| {
        f.forward(x, y).expect("the slices are of one length");
        f.backward(x, dy, dx).expect("the slices are of one length");
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let registered = Function::register(Isru::default())?;
    let built_in: Function = "softsign".parse()?;
    let passes: [(&str, Pass); 5] = [
        ("ISRU in a plain loop", &plain_loop),
        ("ISRU, defined here", &by_excite(Isru::default())),
        ("ISRU, registered", &by_excite(registered)),
        ("softsign, built in", &by_excite(Softsign)),
        ("softsign, chosen by name", &by_excite(built_in)),
    ];
    let x: Vec<f32> = (0..ELEMENTS).map(|i| i as f32 / 512.0 - 4.0).collect();
    let dy = vec![1.0; ELEMENTS];
    let (mut y, mut dx) = (vec![0.0; ELEMENTS], vec![0.0; ELEMENTS]);
    let mut least = [f64::INFINITY; 5];
    for _ in 0..ROUNDS {
        for (least, (_, pass)) in least.iter_mut().zip(passes) {
            let (start, mut times) = (Instant::now(), 0);
            // Long enough for the clock, optimised or not.
            while times < 10 || start.elapsed().as_micros() < 500 {
                pass(black_box(&x), black_box(&dy), black_box(&mut y), black_box(&mut dx));
                times += 1;
            }
            *least = least.min(start.elapsed().as_secs_f64() * 1e9 / (times * ELEMENTS) as f64);
        }
    }
    println!("forward and backward over {ELEMENTS} f32, ns an element, least of {ROUNDS}");
    for ((name, _), least) in passes.iter().zip(least) {
        println!("{name:25} {least:7.2}");
    }
    Ok(())
}
