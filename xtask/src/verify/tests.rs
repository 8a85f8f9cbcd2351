//! A part of what `cargo xtask verify` does, small enough for every run of the tests.

use excite::define::Real;
use excite::{Accuracy, Elementwise, Engine, Function, Level, Relu, Threads};
use half::{bf16, f16};

use super::estimate::Estimate;
use super::measure::{Domain, Side, Tally};
use super::precise::Usual;
use super::sampled::Samples;
use super::sweep::{Exact, Promise, Sweep};
use super::ulp::{Format, Short};
use super::{Job, What};

const SIDES: [Side; 2] = [Side::Value, Side::Slope];

/// How far a stated bound may be above what is found: one that is far above would let errors in.
const LOOSE: f64 = 0.25;

/// The same in f64, where the worst of all inputs is not met.
const LOOSE_F64: f64 = 0.5;

/// Every float that is so near to a landmark is taken.
const NEAR: u64 = 5_000;

fn engine(level: Level, accuracy: Accuracy) -> Engine {
    Engine::default().with_threads(Threads::One).with_level(level).with_accuracy(accuracy)
}

/// A prime, so that every exponent and every low bit is met; the baseline emulates fused multiply-add.
fn stride(level: Level) -> u64 {
    match level {
        Level::Baseline => 40_009,
        level if level == Level::best() => 251,
        _ => 1_009,
    }
}

fn swept<F: Short>(f: Function, side: Side, engine: Engine, stride: u64) -> Tally {
    let whole = Sweep { f, side, engines: vec![engine], domain: side.domain::<F>(f), stride };
    let near = |landmark| {
        let domain = Domain::around(F::from_f64(landmark), NEAR, whole.domain);
        let sweep = Sweep { domain, stride: 1, ..whole.clone() };
        sweep.measure::<F>(0, sweep.inputs())[0]
    };
    let found = whole.measure::<F>(0, whole.inputs())[0];
    if stride == 1 { found } else { side.landmarks(f).into_iter().map(near).fold(found, Tally::merge) }
}

/// Panics with all complaints at once.
fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn f32_results_keep_the_stated_bounds() {
    let mut complaints = Vec::new();
    for level in Level::available() {
        for f in Function::ALL {
            for side in SIDES {
                let found = swept::<f32>(*f, side, engine(level, Accuracy::Stated), stride(level));
                let what = What::F32(side);
                let bound = what.bound(*f);
                if !what.holds(*f, &found) {
                    complaints.push(format!("{f}, {} on {level}: {found:?}, stated {bound}", what.name()));
                }
                if level == Level::best() && found.worst + LOOSE < bound {
                    complaints.push(format!("{f}, {}: {bound} is too loose: {found:?}", what.name()));
                }
            }
        }
    }
    assert_none(&complaints);
}

#[test]
fn exact_results_are_correctly_rounded() {
    let mut complaints = Vec::new();
    for level in Level::available() {
        for f in Function::ALL {
            let found = swept::<f32>(*f, Side::Value, engine(level, Accuracy::Exact), stride(level));
            if !What::ExactF32.holds(*f, &found) {
                complaints.push(format!("{f} on {level}: {found:?}"));
            }
        }
    }
    assert_none(&complaints);
}

#[test]
fn fast_results_keep_their_bounds() {
    let mut complaints = Vec::new();
    for level in Level::available() {
        for f in Function::ALL {
            for side in SIDES {
                let found = swept::<f32>(*f, side, engine(level, Accuracy::Fast), stride(level));
                let bound = side.fast_bound(*f).unwrap_or(1.0);
                let what = What::FastF32(side).name();
                if found.worst > bound {
                    complaints.push(format!("{f}, {what} on {level}: {found:?}, stated {bound}"));
                }
                if level == Level::best() && found.worst + 4.0 * LOOSE < bound && side.fast_bound(*f).is_some() {
                    complaints.push(format!("{f}, {what}: {bound} is too loose: {found:?}"));
                }
            }
        }
    }
    assert_none(&complaints);
}

/// One of the two neighbours, or the exact value itself where there is such a number.
fn fast_short_results_are_faithful<F: Short>() {
    let mut complaints = Vec::new();
    for level in Level::available() {
        for f in Function::ALL {
            for side in SIDES {
                let found = swept::<F>(*f, side, engine(level, Accuracy::Fast), 1);
                if found.worst >= 1.0 {
                    complaints.push(format!("{f}, {side:?} on {level}: {found:?}"));
                }
            }
        }
    }
    assert_none(&complaints);
}

#[test]
fn fast_f16_results_are_faithful() {
    fast_short_results_are_faithful::<f16>();
}

#[test]
fn fast_bf16_results_are_faithful() {
    fast_short_results_are_faithful::<bf16>();
}

fn short_results_are_correctly_rounded<F: Short>() {
    let mut complaints = Vec::new();
    for level in Level::available() {
        for f in Function::ALL {
            for side in SIDES {
                let found = swept::<F>(*f, side, engine(level, Accuracy::Stated), 1);
                if found.misrounded > 0 || found.worst > 0.5 {
                    complaints.push(format!("{f}, {side:?} on {level}: {found:?}"));
                }
            }
        }
    }
    assert_none(&complaints);
}

#[test]
fn f16_results_are_correctly_rounded() {
    short_results_are_correctly_rounded::<f16>();
}

#[test]
fn bf16_results_are_correctly_rounded() {
    short_results_are_correctly_rounded::<bf16>();
}

#[test]
fn f64_results_keep_the_stated_bounds() {
    let mut complaints = Vec::new();
    for f in Function::ALL {
        for side in SIDES {
            let found = Samples::new(*f, side).measure(0, 40_000);
            let what = What::F64(side);
            let bound = what.bound(*f);
            if !what.holds(*f, &found) {
                complaints.push(format!("{f}, {}: {found:?}, stated {bound}", what.name()));
            }
            if found.worst + LOOSE_F64 < bound {
                complaints.push(format!("{f}, {}: {bound} is too loose: {found:?}", what.name()));
            }
        }
    }
    assert_none(&complaints);
}

/// The judge of f32 stands on what the estimates say of themselves.
#[test]
fn estimates_are_off_by_no_more_than_they_say() {
    let mut complaints = Vec::new();
    for f in Function::ALL {
        for side in SIDES {
            let samples = Samples::new(*f, side);
            let inputs = (0..4_000).map(|number| f64::from(samples.input(number) as f32));
            for x in inputs.filter(|x| x.is_finite()) {
                let estimate: Estimate = side.reference(*f, x);
                let exact: Usual = side.reference(*f, x);
                if estimate.value.is_infinite() {
                    assert!(exact.abs().to_f64() > 1e40, "{f}, {side:?} at {x:e}: the reference overflows");
                    continue;
                }
                let off = (Usual::from(estimate.value) - exact).abs().to_f64();
                // Below the range of f32 nothing is asked for.
                if estimate.error.is_finite() && off > estimate.error + 1e-60 {
                    complaints.push(format!("{f}, {side:?} at {x:e}: {estimate:?} is off by {off:e}"));
                }
            }
        }
    }
    assert_none(&complaints);
}

#[test]
fn f64_is_nearly_always_enough_to_judge_f32() {
    for f in Function::ALL {
        for side in SIDES {
            let found = swept::<f32>(*f, side, engine(Level::best(), Accuracy::Stated), 40_009);
            assert!(found.decided * 10 <= found.inputs, "{f}, {side:?}: the reference cancels: {found:?}");
        }
    }
}

/// A function that is wrong at one input only is found out.
#[test]
fn the_checkers_can_fail() {
    let f = Function::from(Relu);
    let sweep = Sweep {
        f,
        side: Side::Value,
        engines: vec![engine(Level::best(), Accuracy::Stated)],
        domain: Domain::between(1.0_f32, 2.0),
        stride: 1,
    };
    let x = [1.0_f32, 1.5];
    let exact = Exact::of(f, Side::Value, &x);
    let right = sweep.judged::<f32>(Promise::Everywhere, &x, &[1.0, 1.5], &exact);
    assert_eq!((right.worst, right.misrounded), (0.0, 0));
    let wrong = sweep.judged::<f32>(Promise::Everywhere, &x, &[1.0, 1.5_f32.next_up()], &exact);
    assert_eq!((wrong.worst, wrong.worst_at, wrong.misrounded), (1.0, 1.5, 1));
    let off = Relu.value(0.3_f64).next_down();
    assert_eq!(Side::Value.decide(f, Format::F64, 0.3, off), (1.0, true));
    assert!(!What::ExactF32.holds(f, &wrong) && !What::F32(Side::Value).holds(f, &wrong));
}

#[test]
fn a_job_measures_each_input_once_and_goes_on_where_it_was_stopped() {
    let job = Job::new(Function::from(Relu), &[What::F32(Side::Value), What::ExactF32], 1 << 12, 0);
    let bar = indicatif::ProgressBar::hidden();
    let whole = job.over_all(vec![Tally::NONE; 2], &job.measure, &bar, |_| Ok(())).unwrap();
    for found in &whole {
        assert_eq!((found.inputs, found.misrounded), (1 << 20, 0));
    }
    // The checksums alone are those of the results judged.
    let checksums = job.checksums.as_ref().unwrap()(0, job.inputs);
    assert!(
        checksums.iter().zip(&whole).all(|(alone, judged)| alone.checksum == judged.checksum && alone.checksum != 0)
    );
    let mut saved = Vec::new();
    let half = (job.measure)(0, 1 << 19);
    let finished = job.over_all(half, &job.measure, &bar, |found| {
        saved = found.to_vec();
        Ok(())
    });
    assert_eq!(finished.unwrap(), whole);
    assert_eq!(saved, whole);
}
