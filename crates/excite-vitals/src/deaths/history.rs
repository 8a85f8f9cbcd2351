//! What became of units, as data.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What became of one hidden unit that was dead at some time: no gradient passed through it for any of the samples looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UnitHistory {
    /// The hidden layer, counted from 0.
    pub layer: usize,
    /// The unit, counted from 0.
    pub unit: usize,
    /// What happened to it, at least one thing, in order: deaths and revivals by turns.
    pub events: Vec<Event>,
}

/// A change of a unit from alive to dead or back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// It was dead before the first step.
    BornDead,
    /// It was alive before a step and dead after it.
    Killed(Death),
    /// It was dead before a step and alive after it.
    Revived {
        /// The step, counted from 1.
        step: usize,
    },
}

/// The death of a unit in training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Death {
    /// The step, counted from 1; where not every step was looked at, the first look that found it dead.
    pub step: usize,
    /// The number of steps after which it was last found alive: `step` − 1 where every step was looked at.
    pub alive_at: usize,
    /// How far each part of the change pushed it.
    pub push: Push,
    /// Whether it would have lived had the weights gone half as far: the same step at half the rate.
    pub survives_half: bool,
}

/// How far each part of a step pushed a unit to its dead side: by how much its largest pre-activation over the data fell (for one that died
/// above the range of a clamp, by how much the least rose) when only that part took the step. Below 0 where the part pulled the
/// other way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The unit's own incoming weights.
    OwnWeights,
    /// Its own bias.
    OwnBias,
    /// The layers before its own.
    Upstream,
}

impl Event {
    /// The step after which it was seen; 0 is before the first.
    ///
    /// ```
    /// use excite_vitals::deaths::Event;
    /// assert_eq!([Event::BornDead, Event::Revived { step: 7 }].map(Event::step), [0, 7]);
    /// ```
    pub fn step(self) -> usize {
        match self {
            Self::BornDead => 0,
            Self::Killed(death) => death.step,
            Self::Revived { step } => step,
        }
    }
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

/// The least and the largest pre-activation of a unit over some samples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Range {
    /// The least.
    pub least: f32,
    /// The largest.
    pub largest: f32,
}

impl Push {
    /// The pushes of a step that killed a unit, from its ranges over the same samples before and after the step, and with only one part of
    /// the step taken.
    pub fn of(before: Range, after: Range, own_weights: Range, own_bias: Range, upstream: Range) -> Self {
        let part = |part| Self::of_part(before, after, part);
        Self { own_weights: part(own_weights), own_bias: part(own_bias), upstream: part(upstream) }
    }

    /// How far one part of a step that killed a unit pushed it. `part` is its range with only that part of the step taken.
    ///
    /// ```
    /// use excite_vitals::deaths::{Push, Range};
    /// let range = |least, largest| Range { least, largest };
    /// // The largest pre-activation fell from 1 to −2, and by one part alone to 0.
    /// assert_eq!(Push::of_part(range(-3.0, 1.0), range(-6.0, -2.0), range(-4.0, 0.0)), 1.0);
    /// // All of ReLU6's samples came to lie above 6: the least rose.
    /// assert_eq!(Push::of_part(range(4.0, 7.0), range(6.5, 9.0), range(5.0, 8.0)), 1.0);
    /// ```
    pub fn of_part(before: Range, after: Range, part: Range) -> f64 {
        f64::from(if after.least > 0.0 { part.least - before.least } else { before.largest - part.largest })
    }

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

impl UnitHistory {
    /// What happened to it, a sentence for each event, with the name of its layer.
    ///
    /// ```
    /// use excite_vitals::deaths::{Death, Event, Push, UnitHistory};
    /// let push = Push { own_bias: 1.5, ..Push::default() };
    /// let death = Death { step: 7, alive_at: 6, push, survives_half: true };
    /// let history = UnitHistory { layer: 0, unit: 3, events: vec![Event::Killed(death)] };
    /// assert_eq!(
    ///     history.sentences("hidden").collect::<Vec<_>>(),
    ///     ["hidden, unit 3: killed at step 7 by its own bias, and half of the step would not have"]
    /// );
    /// ```
    pub fn sentences(&self, layer: &str) -> impl Iterator<Item = String> {
        self.events.iter().map(move |event| {
            let what = match event {
                Event::BornDead => "born dead".to_owned(),
                Event::Killed(death) => {
                    let half = if death.survives_half { "would not have" } else { "would have too" };
                    let cause = death.push.cause();
                    format!("killed at step {} by its {cause}, and half of the step {half}", death.step)
                }
                Event::Revived { step } => format!("revived at step {step}"),
            };
            format!("{layer}, unit {}: {what}", self.unit)
        })
    }

    /// Whether it was dead before the first step.
    pub fn is_born_dead(&self) -> bool {
        self.events.first() == Some(&Event::BornDead)
    }

    /// Its first death in training, if it was alive before.
    pub fn killed(&self) -> Option<Death> {
        self.events.iter().find_map(|event| if let Event::Killed(death) = event { Some(*death) } else { None })
    }

    /// Whether it came back to life, if only for a while.
    pub fn has_revived(&self) -> bool {
        self.events.iter().any(|event| matches!(event, Event::Revived { .. }))
    }

    /// Whether it is dead at the end.
    pub fn is_dead(&self) -> bool {
        self.is_dead_after(usize::MAX)
    }

    /// Whether it is dead after `step` steps, as of the last look until then.
    pub fn is_dead_after(&self, step: usize) -> bool {
        let last = self.events.iter().take_while(|event| event.step() <= step).last();
        !matches!(last, None | Some(Event::Revived { .. }))
    }
}
