//! Test errors compared by pairs: the same held-out samples and the same seeds for all functions.

use super::comparison::{Difference, Task};
use super::run::{Outcome, Run};

/// Draws of the bootstrap.
const DRAWS: usize = 1000;

/// How far the test error of `other` lies above that of `best`. None where they have no seed in common, or the errors of single samples are
/// not known. With one seed only the samples are drawn again.
pub(super) fn difference(task: Task, best: &[Run], other: &[Run]) -> Option<Difference> {
    let pairs: Vec<(&[f32], &[f32])> = best
        .iter()
        .filter(|run| is_known(run))
        .filter_map(|run| {
            let same = |other: &&Run| {
                other.seed == run.seed && is_known(other) && other.held_out_errors.len() == run.held_out_errors.len()
            };
            Some((&run.held_out_errors[..], &other.iter().find(same)?.held_out_errors[..]))
        })
        .collect();
    let samples = pairs.first()?.0.len();
    let once = vec![1_u32; samples];
    let mean = of_draw(task, &pairs, &vec![1; pairs.len()], &once);
    let mut random = SplitMix(0x5EED);
    let mut draws: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let (mut seeds, mut weights) = (vec![0_u32; pairs.len()], vec![0_u32; samples]);
            (0..pairs.len()).for_each(|_| seeds[random.below(pairs.len())] += 1);
            (0..samples).for_each(|_| weights[random.below(samples)] += 1);
            of_draw(task, &pairs, &seeds, &weights)
        })
        .collect();
    draws.sort_by(f64::total_cmp);
    let at = |share: f64| draws[((share * DRAWS as f64) as usize).min(DRAWS - 1)];
    Some(Difference { mean, low: at(0.025), high: at(0.975) })
}

fn is_known(run: &Run) -> bool {
    run.outcome == Outcome::Finished && !run.held_out_errors.is_empty()
}

/// The difference of the errors where each seed and each sample counts as often as it was drawn.
fn of_draw(task: Task, pairs: &[(&[f32], &[f32])], seeds: &[u32], samples: &[u32]) -> f64 {
    let total: f64 = samples.iter().map(|&count| f64::from(count)).sum();
    let error = |errors: &[f32]| {
        let sum: f64 = errors.iter().zip(samples).map(|(&error, &count)| f64::from(error) * f64::from(count)).sum();
        match task {
            Task::Classification => sum / total,
            Task::Regression => (sum / total).sqrt(),
        }
    };
    let drawn: f64 = seeds.iter().map(|&count| f64::from(count)).sum();
    let differences = pairs.iter().zip(seeds).filter(|(_, count)| **count > 0);
    differences.map(|((best, other), &count)| f64::from(count) * (error(other) - error(best))).sum::<f64>() / drawn
}

/// Numbers that are the same on every machine: SplitMix64 (Steele, Lea and Flood 2014).
struct SplitMix(u64);

impl SplitMix {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((u128::from(z ^ (z >> 31)) * end as u128) >> 64) as usize
    }
}
