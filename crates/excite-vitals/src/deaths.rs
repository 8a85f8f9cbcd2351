//! When units of a network under training died, and of what.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What became of one hidden unit that was dead at some time: no gradient passed through it for any of the samples looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fate {
    /// The hidden layer, counted from 0.
    pub layer: usize,
    /// The unit, counted from 0.
    pub unit: usize,
    /// What happened to it, at least one thing, in order: deaths and revivals by turns.
    pub events: Vec<Event>,
}

/// A change of a unit from alive to dead or back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// It was dead before the first step.
    BornDead,
    /// It was alive before a step and dead after it.
    Killed(Killing),
    /// It was dead before a step and alive after it.
    Revived {
        /// The step, counted from 1.
        step: usize,
    },
}

/// The death of a unit in training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Killing {
    /// The step, counted from 1; where not every step was looked at, the first look that found it dead.
    pub step: usize,
    /// How far each part of the change pushed it.
    pub push: Push,
    /// Whether it would have lived had the weights gone half as far: the same step at half the rate.
    pub survives_half: bool,
}

/// How far each part of a step pushed a unit to its dead side: by how much its largest pre-activation over the data fell (for one that died
/// above the range of a clamp, by how much the least rose) when only that part took the step. Below 0 where the part pulled the
/// other way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Push {
    /// The unit's own incoming weights.
    pub own_weights: f64,
    /// Its own bias.
    pub own_bias: f64,
    /// All layers before its own.
    pub upstream: f64,
}

/// The part of a step that pushed a unit furthest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The unit's own incoming weights.
    OwnWeights,
    /// Its own bias.
    OwnBias,
    /// The layers before its own.
    Upstream,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::OwnWeights, Self::OwnBias, Self::Upstream];
}

impl fmt::Display for Cause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::OwnWeights => "own weights",
            Self::OwnBias => "own bias",
            Self::Upstream => "upstream",
        })
    }
}

impl Push {
    /// The part that pushed furthest.
    ///
    /// ```
    /// use excite_vitals::deaths::{Cause, Push};
    /// let push = Push { own_weights: 0.5, own_bias: -0.1, upstream: 2.0 };
    /// assert_eq!(push.cause(), Cause::Upstream);
    /// ```
    pub fn cause(self) -> Cause {
        if self.own_weights >= self.own_bias.max(self.upstream) {
            Cause::OwnWeights
        } else if self.own_bias >= self.upstream {
            Cause::OwnBias
        } else {
            Cause::Upstream
        }
    }
}

impl Fate {
    /// Whether it was dead before the first step.
    pub fn is_born_dead(&self) -> bool {
        self.events.first() == Some(&Event::BornDead)
    }

    /// Its first death in training, if it was alive before.
    pub fn killed(&self) -> Option<Killing> {
        self.events.iter().find_map(|event| if let Event::Killed(killing) = event { Some(*killing) } else { None })
    }

    /// Whether it came back to life, if only for a while.
    pub fn has_revived(&self) -> bool {
        self.events.iter().any(|event| matches!(event, Event::Revived { .. }))
    }

    /// Whether it is dead at the end.
    pub fn is_dead(&self) -> bool {
        !matches!(self.events.last(), None | Some(Event::Revived { .. }))
    }
}
