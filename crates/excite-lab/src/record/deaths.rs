//! When units of a network under training died, and of what.

use std::fmt;

use excite_vitals::statistics::Spread;
use serde::{Deserialize, Serialize};

pub use excite_vitals::deaths::{Cause, Death, Event, Push, Range, UnitHistory};

/// The deaths of one training run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Deaths {
    /// The number of hidden units that were looked at.
    pub units: usize,
    /// The steps of the run.
    pub steps: usize,
    /// On how many training samples, besides those of the current batch, a unit must have had no gradient to be called
    /// dead.
    pub samples: usize,
    /// The units that were dead at some time.
    #[serde(rename = "fates")]
    pub histories: Vec<UnitHistory>,
}

impl Deaths {
    /// The share of the units that is dead after `step` steps.
    ///
    /// ```
    /// use excite_lab::record::deaths::{Deaths, Event, UnitHistory};
    /// let history = UnitHistory { layer: 0, unit: 3, events: vec![Event::BornDead, Event::Revived { step: 16 }] };
    /// let deaths = Deaths { units: 4, steps: 100, samples: 256, histories: vec![history] };
    /// assert_eq!([0, 15, 16].map(|step| deaths.dead_after(step)), [0.25, 0.25, 0.0]);
    /// ```
    pub fn dead_after(&self, step: usize) -> f64 {
        self.histories.iter().filter(|history| history.is_dead_after(step)).count() as f64 / self.units.max(1) as f64
    }
}

/// The deaths of several runs, counted. Of a unit that died more than once the first death counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeathCounts {
    /// The hidden units that were looked at, of all runs.
    pub units: usize,
    /// Dead before the first step.
    pub born_dead: usize,
    /// Killed in training.
    pub killed: usize,
    /// Killed units that fell most by their own weights.
    pub by_own_weights: usize,
    /// Killed units that fell most by their own bias.
    pub by_own_bias: usize,
    /// Killed units that fell most by the layers before their own.
    pub by_upstream: usize,
    /// Killed units that would have lived had the weights gone half as far.
    pub survives_half: usize,
    /// Units born dead or killed that came back to life, if only for a while.
    pub revived: usize,
    /// Dead at the end.
    pub dead: usize,
    /// The step at which the first was found killed.
    pub first_step: Option<usize>,
    /// The median of the steps at which the killed were found so.
    pub median_step: Option<f64>,
}

impl DeathCounts {
    /// Counts.
    pub fn of<'a>(runs: impl IntoIterator<Item = &'a Deaths>) -> Self {
        let (mut counts, mut steps) = (Self::default(), vec![]);
        for run in runs {
            counts.units += run.units;
            for history in &run.histories {
                counts.born_dead += usize::from(history.is_born_dead());
                counts.revived += usize::from(history.has_revived());
                counts.dead += usize::from(history.is_dead());
                let Some(death) = history.killed() else { continue };
                counts.killed += 1;
                counts.survives_half += usize::from(death.survives_half);
                *match death.push.cause() {
                    Cause::OwnWeights => &mut counts.by_own_weights,
                    Cause::OwnBias => &mut counts.by_own_bias,
                    Cause::Upstream => &mut counts.by_upstream,
                } += 1;
                steps.push(death.step as f64);
            }
        }
        let steps = Spread::of(&steps);
        counts.first_step = steps.map(|steps| steps.low as usize);
        counts.median_step = steps.map(|steps| steps.median);
        counts
    }

    /// The killed by cause.
    pub fn by(&self, cause: Cause) -> usize {
        match cause {
            Cause::OwnWeights => self.by_own_weights,
            Cause::OwnBias => self.by_own_bias,
            Cause::Upstream => self.by_upstream,
        }
    }

    /// Whether any unit was dead at any time.
    pub fn is_any(&self) -> bool {
        self.born_dead + self.killed > 0
    }
}

impl fmt::Display for DeathCounts {
    /// In a clause, the causes from the most frequent on.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_any() {
            return write!(out, "none of {} units", self.units);
        }
        write!(out, "of {} units {} born dead, {} killed", self.units, self.born_dead, self.killed)?;
        if let (Some(first), Some(median)) = (self.first_step, self.median_step) {
            let mut causes: Vec<_> =
                Cause::ALL.map(|cause| (self.by(cause), cause)).into_iter().filter(|(count, _)| *count > 0).collect();
            causes.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
            let causes: Vec<_> = causes.iter().map(|(count, cause)| format!("{count} {cause}")).collect();
            write!(out, " (first by step {first}, median {median:.0}; cause: {})", causes.join(", "))?;
        }
        write!(out, ", {} revived, {} dead at the end", self.revived, self.dead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toll_counts_units_by_their_first_death_and_what_became_of_them() {
        let killed = |step, own_weights, upstream| {
            let push = Push { own_weights, own_bias: 0.0, upstream };
            Event::Killed(Death { step, alive_at: step - 1, push, survives_half: step == 4 })
        };
        let history = |unit, events| UnitHistory { layer: 1, unit, events };
        let first = vec![
            history(0, vec![Event::BornDead]),
            history(1, vec![killed(4, 1.0, 0.5), Event::Revived { step: 6 }, killed(8, 0.1, 3.0)]),
        ];
        let second = vec![history(5, vec![killed(10, 0.1, 0.5), Event::Revived { step: 12 }])];
        let run = |histories| Deaths { units: 10, steps: 20, samples: 256, histories };
        let counts = DeathCounts::of([&run(first), &run(second), &run(vec![])]);
        let numbers =
            [counts.units, counts.born_dead, counts.killed, counts.revived, counts.dead, counts.survives_half];
        assert_eq!(numbers, [30, 1, 2, 2, 2, 1]);
        assert_eq!(Cause::ALL.map(|cause| counts.by(cause)), [1, 0, 1]);
        assert_eq!((counts.first_step, counts.median_step), (Some(4), Some(7.0)));
        assert_eq!(
            counts.to_string(),
            "of 30 units 1 born dead, 2 killed (first by step 4, median 7; cause: 1 own weights, 1 upstream), 2 revived, 2 dead at the end"
        );
        assert_eq!(DeathCounts::of([&run(vec![])]).to_string(), "none of 10 units");
    }
}
