//! A result depends on the value alone: every instruction set, length, alignment, number of threads and way of writing gives the
//! bits of the scalar function.

use excite::{Engine, Float, Function, Level, SlopeFrom, Threads, Writes};

/// Bits, so that −0 and 0 differ; all NaN are one.
trait Bits: Float {
    fn bits(self) -> u64;
}

impl Bits for f32 {
    fn bits(self) -> u64 {
        if self.is_nan() { u64::MAX } else { self.to_bits().into() }
    }
}

impl Bits for f64 {
    fn bits(self) -> u64 {
        if self.is_nan() { u64::MAX } else { self.to_bits() }
    }
}

fn assert_same<F: Bits>(found: &[F], expected: &[F], what: impl std::fmt::Display) {
    let differs = found.iter().zip(expected).position(|(a, b)| a.bits() != b.bits());
    if let Some(i) = differs {
        panic!("{what}: element {i} is {}, the scalar function gives {}", found[i], expected[i]);
    }
    assert_eq!(found.len(), expected.len());
}

/// Inputs of every binade, sign and kind.
fn inputs_f32(count: u32) -> Vec<f32> {
    // An odd stride walks through all exponents and mantissas.
    (0..count).map(|i| f32::from_bits(i.wrapping_mul(0x9E37_79B1))).chain(special().map(|x| x as f32)).collect()
}

fn inputs_f64(count: u64) -> Vec<f64> {
    let wide = (0..count).map(|i| f64::from_bits(i.wrapping_mul(0x9E37_79B9_7F4A_7C15)));
    let near = (0..count).map(|i| (i as f64 / count as f64 - 0.5) * 1600.0);
    wide.chain(near).chain(special()).collect()
}

fn special() -> impl Iterator<Item = f64> {
    [0.0, 0.5, 6.0, 9.01, 17.3, 88.7, 103.9, 745.1, f64::INFINITY, f64::NAN].into_iter().flat_map(|x| [x, -x])
}

fn every_engine() -> Vec<Engine> {
    let all = |level| {
        [Threads::One, Threads::Auto]
            .into_iter()
            .flat_map(move |threads| [Writes::Cached, Writes::Auto].map(|writes| Engine { level, threads, writes }))
    };
    Level::available().into_iter().flat_map(all).collect()
}

fn saved<F: Float>(f: Function, x: &[F], y: &[F]) -> Vec<F> {
    match f.slope_from() {
        SlopeFrom::Input => x.to_vec(),
        SlopeFrom::Output => y.to_vec(),
    }
}

fn check_all<F: Bits>(x: &[F]) {
    let dy: Vec<F> = (0..x.len()).map(|i| F::lit((i % 7) as f64 - 3.0)).collect();
    for f in Function::ALL {
        let y: Vec<F> = x.iter().map(|&x| f.value(x)).collect();
        let dx: Vec<F> = x.iter().zip(&dy).map(|(&x, &dy)| dy * f.slope_at(x)).collect();
        for engine in every_engine() {
            let mut out = vec![F::ZERO; x.len()];
            f.forward_on(engine, x, &mut out).unwrap();
            assert_same(&out, &y, format_args!("{f} forward on {engine:?}"));
            f.backward_on(engine, &saved(*f, x, &y), &dy, &mut out).unwrap();
            assert_same(&out, &dx, format_args!("{f} backward on {engine:?}"));
            out.copy_from_slice(x);
            f.forward_in_place_on(engine, &mut out);
            assert_same(&out, &y, format_args!("{f} in place on {engine:?}"));
        }
    }
}

#[test]
fn every_path_gives_the_bits_of_the_scalar_function_f32() {
    check_all(&inputs_f32(200_000));
}

#[test]
fn every_path_gives_the_bits_of_the_scalar_function_f64() {
    check_all(&inputs_f64(50_000));
}

#[test]
fn every_length_and_alignment_gives_the_same_bits() {
    let x = inputs_f32(216);
    for f in Function::ALL {
        let y: Vec<f32> = x.iter().map(|&x| f.value(x)).collect();
        for engine in every_engine() {
            for length in 0..=200 {
                for first in 0..16 {
                    let range = first..first + length;
                    let mut out = vec![7.0; 232];
                    // The output at another alignment than the input.
                    let to = 15 - first;
                    f.forward_on(engine, &x[range.clone()], &mut out[to..to + length]).unwrap();
                    assert_same(
                        &out[to..to + length],
                        &y[range],
                        format_args!("{f} on {engine:?}, {length} from {first}"),
                    );
                    assert!(out[..to].iter().chain(&out[to + length..]).all(|&untouched| untouched == 7.0));
                }
            }
        }
    }
}

#[test]
fn writing_past_the_caches_and_several_threads_give_the_same_bits() {
    // Long enough for both (16 MiB), at every alignment within a cache line; the slow baseline is left out.
    let x: Vec<f32> = inputs_f32(4 << 20);
    let mut out = vec![0.0; x.len() + 16];
    let f: Function = "sigmoid".parse().unwrap();
    let mut y = vec![0.0; x.len()];
    f.forward_on(Engine { threads: Threads::One, writes: Writes::Cached, ..Engine::default() }, &x, &mut y).unwrap();
    for engine in every_engine().into_iter().filter(|engine| engine.level != Level::Baseline) {
        for first in [0, 1, 7, 15] {
            let out = &mut out[first..first + x.len()];
            f.forward_on(engine, &x, out).unwrap();
            assert_same(out, &y, format_args!("{engine:?} from {first}"));
        }
    }
}

#[test]
fn slices_of_other_lengths_are_refused_before_anything_is_written() {
    let f: Function = "relu".parse().unwrap();
    let mut y = [7.0_f32; 2];
    let error = f.forward(&[1.0; 3], &mut y).unwrap_err();
    assert_eq!(
        error.to_string(),
        "slice `y` has 2 elements where the input has 3: all slices of one call must be of one length"
    );
    assert_eq!(f.backward(&[1.0; 2], &[1.0; 3], &mut y).unwrap_err().slice, "dy");
    assert_eq!(f.backward(&[1.0; 3], &[1.0; 3], &mut y).unwrap_err().slice, "dx");
    assert_eq!(y, [7.0; 2]);
}

/// A kernel that is not inlined into the function compiled for its instruction set falls back to calls, 50 times
/// slower. That shows in any measurement, however noisy. (Checked optimised builds only: others inline little.)
#[test]
#[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
fn kernels_are_inlined_into_the_functions_compiled_for_their_instruction_set() {
    // Ordinary inputs: subnormal results take some processors 100 cycles each, which would hide the difference.
    let x: Vec<f32> = (0..1 << 14).map(|i| (i as f32 / (1 << 10) as f32) - 8.0).collect();
    let mut y = vec![0.0; x.len()];
    let mut fastest = |f: Function, level| {
        let engine = Engine { level, threads: Threads::One, writes: Writes::Cached };
        (0..20)
            .map(|_| {
                let start = std::time::Instant::now();
                f.forward_on(engine, &x, &mut y).unwrap();
                start.elapsed()
            })
            .min()
            .unwrap()
    };
    for name in ["sigmoid", "tanh"] {
        let f = name.parse().unwrap();
        let baseline = fastest(f, Level::Baseline);
        for level in Level::available().into_iter().filter(|&level| level != Level::Baseline) {
            let dispatched = fastest(f, level);
            assert!(dispatched * 5 < baseline, "{f} on {level}: {dispatched:?}, baseline {baseline:?}");
        }
    }
}
