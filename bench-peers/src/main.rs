//! excite beside other libraries: f32, one thread, interleaved in one run. Prints a Markdown table of nanoseconds an
//! element and of ratios. `cargo run --release [SIZE ...]`, in elements; the default sizes are those of `docs/performance.md`.

mod peers;

use std::time::Instant;

use excite::{Engine, Function, Level, Threads};
use peers::Contender;

/// In the first-level cache, in the second-level cache, in memory.
const SIZES: [usize; 3] = [4_096, 262_144, 33_554_432];

/// Elements that one timed sample works through at least: about a millisecond.
const SAMPLE: usize = 2_000_000;

fn main() {
    let sizes: Vec<usize> = std::env::args().skip(1).map(|size| size.parse().expect("a number of elements")).collect();
    println!("f32, one thread, ns per element, median of interleaved samples; excite on {}", Level::best());
    for n in if sizes.is_empty() { SIZES.to_vec() } else { sizes } {
        println!("\n### {n} elements\n\n| function | library | ns | time relative to excite |\n|---|---|---|---|");
        let x = Aligned::new(&inputs(n), 0);
        let x = x.values();
        for f in Function::ALL {
            let peers = peers::all(*f, x);
            if peers.is_empty() {
                continue;
            }
            let mut contenders = vec![excite(*f, Level::best())];
            contenders.extend(
                Level::available().into_iter().skip(1).filter(|l| *l != Level::Baseline).map(|l| excite(*f, l)),
            );
            contenders.push(peers::memcpy());
            contenders.extend(peers);
            report(f, &measure(&mut contenders, x));
        }
    }
}

/// Numbers from a given offset in a page on. Input and output at the same offset alias in the processor's store buffer, which
/// costs whoever happens on it up to a fifth; here all contenders work on the same two arrays, half a page apart.
struct Aligned {
    storage: Vec<f32>,
    start: usize,
}

impl Aligned {
    const PAGE: usize = 4096;

    fn new(values: &[f32], offset: usize) -> Self {
        let mut storage = vec![0.0; values.len() + 2 * Self::PAGE / size_of::<f32>()];
        let start = (storage.as_ptr().align_offset(Self::PAGE)) + offset / size_of::<f32>();
        storage.truncate(start + values.len());
        storage[start..].copy_from_slice(values);
        Self { storage, start }
    }

    fn values(&self) -> &[f32] {
        &self.storage[self.start..]
    }

    fn values_mut(&mut self) -> &mut [f32] {
        &mut self.storage[self.start..]
    }
}

fn excite(f: Function, level: Level) -> Contender {
    let engine = Engine { level, threads: Threads::One, ..Engine::default() };
    let name = if level == Level::best() { "excite".to_owned() } else { format!("excite, {level} only") };
    Contender::new(&name, move |x, y| f.forward_on(engine, x, y).expect("slices of one length"))
}

/// Sums of uniform numbers: near enough to normal(0, 3), and the same everywhere.
fn inputs(n: usize) -> Vec<f32> {
    let mut state = 1_u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u64 << 24) as f32 - 0.5
    };
    (0..n).map(|_| (uniform() + uniform() + uniform() + uniform()) * 5.2).collect()
}

/// The median time of each contender, in nanoseconds an element. All take turns, so that noise meets all.
fn measure(contenders: &mut [Contender], x: &[f32]) -> Vec<(String, f64)> {
    let mut y = Aligned::new(&vec![0.0; x.len()], 2048);
    let y = y.values_mut();
    let repeats = SAMPLE.div_ceil(x.len());
    let rounds = if x.len() > SAMPLE { 11 } else { 41 };
    let mut times = vec![Vec::new(); contenders.len()];
    for round in 0..=rounds {
        for (contender, times) in contenders.iter_mut().zip(&mut times) {
            peers::clean_registers();
            let start = Instant::now();
            for _ in 0..repeats {
                (contender.run)(x, y);
                std::hint::black_box(&mut *y);
            }
            // The first round warms up.
            if round > 0 {
                times.push(start.elapsed().as_secs_f64() * 1e9 / (repeats * x.len()) as f64);
            }
        }
    }
    contenders
        .iter()
        .zip(&mut times)
        .map(|(contender, times)| {
            times.sort_by(f64::total_cmp);
            (contender.name.clone(), times[times.len() / 2])
        })
        .collect()
}

fn report(f: &Function, medians: &[(String, f64)]) {
    let own = medians[0].1;
    for (name, ns) in medians {
        println!("| {f} | {name} | {ns:.3} | {:.2} |", ns / own);
    }
}
