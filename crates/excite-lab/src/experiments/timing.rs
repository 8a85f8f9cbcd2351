//! Timings that are compared side by side.

use std::time::Instant;

use excite_vitals::statistics::median;

/// A measurement goes on for so long, in seconds, over as many calls as that takes.
const LEAST: f64 = 1e-3;

/// Something that is timed, and how many calls of it are one measurement.
pub(super) struct Task<'a> {
    work: Box<dyn FnMut() + 'a>,
    calls: u32,
}

impl<'a> Task<'a> {
    pub(super) fn new(work: impl FnMut() + 'a) -> Self {
        let mut task = Self { work: Box::new(work), calls: 1 };
        // Once for pages and caches, once for the clock.
        task.call();
        task.calls = (LEAST / task.seconds().max(1e-9)).ceil().clamp(1.0, 1e6) as u32;
        task
    }

    pub(super) fn call(&mut self) {
        (self.work)();
    }

    /// Of one call.
    fn seconds(&mut self) -> f64 {
        let start = Instant::now();
        for _ in 0..self.calls {
            self.call();
        }
        start.elapsed().as_secs_f64() / f64::from(self.calls)
    }
}

/// The seconds of each task in each round, in which all of them take their turn.
pub(super) fn in_turns(mut tasks: Vec<Task<'_>>, rounds: usize) -> Vec<Vec<f64>> {
    let mut seconds = vec![Vec::with_capacity(rounds); tasks.len()];
    for _ in 0..rounds {
        tasks.iter_mut().zip(&mut seconds).for_each(|(task, seconds)| seconds.push(task.seconds()));
    }
    seconds
}

/// The median over the rounds of the ratio within each: what slows a round down cancels.
pub(super) fn ratio(a: &[f64], b: &[f64]) -> f64 {
    median(a.iter().zip(b).map(|(a, b)| a / b)).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_ten_times_as_long_is_timed_as_longer() {
        let work = |times: u32| {
            move || {
                for i in 0..times {
                    std::hint::black_box(f64::from(i).sqrt());
                }
            }
        };
        let times = in_turns(vec![Task::new(work(4_000)), Task::new(work(40_000))], 9);
        // Wide bounds: other tests run at the same time.
        let longer = ratio(&times[1], &times[0]);
        assert!((2.0..50.0).contains(&longer), "{longer}");
        // Ratios are taken round by round, and the one that was disturbed does not count.
        assert_eq!(ratio(&[2.0, 20.0, 200.0], &[1.0, 10.0, 1.0]), 2.0);
    }
}
