//! What a unit is, in a word.

use serde::{Deserialize, Serialize};

use crate::{Diagnosis, LayerVitals};

/// The state of a unit: the worst that was found of it, in the order of the variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitState {
    /// It put out NaN or infinities.
    NotFinite,
    /// No gradient ever passed.
    Dead,
    /// Nearly always flat, mostly on the low side.
    SaturatedLow,
    /// Nearly always flat, mostly on the high side.
    SaturatedHigh,
    /// Often at the cap of its function.
    Clipped,
    /// Of a layer that put out the same for every sample.
    Constant,
    /// Next to silent.
    Dormant,
    /// Never cut: linear.
    AlwaysOn,
    /// Nothing was found.
    Healthy,
    /// No value was seen.
    NotSeen,
}

impl UnitState {
    /// All of them, the worst first.
    pub const ALL: [Self; 10] = [
        Self::NotFinite,
        Self::Dead,
        Self::SaturatedLow,
        Self::SaturatedHigh,
        Self::Clipped,
        Self::Constant,
        Self::Dormant,
        Self::AlwaysOn,
        Self::Healthy,
        Self::NotSeen,
    ];

    /// In words: `"saturated low"`.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotFinite => "NaN or infinite",
            Self::Dead => "dead",
            Self::SaturatedLow => "saturated low",
            Self::SaturatedHigh => "saturated high",
            Self::Clipped => "clipped",
            Self::Constant => "constant",
            Self::Dormant => "dormant",
            Self::AlwaysOn => "always on",
            Self::Healthy => "healthy",
            Self::NotSeen => "not seen",
        }
    }

    /// The identifier of the rule that finds it. None for the last two.
    pub fn rule(self) -> Option<&'static str> {
        match self {
            Self::NotFinite => Some("nan-or-infinite"),
            Self::Dead => Some("dead-units"),
            Self::SaturatedLow | Self::SaturatedHigh => Some("saturated-units"),
            Self::Clipped => Some("clipped-units"),
            Self::Constant => Some("constant-layer"),
            Self::Dormant => Some("dormant-units"),
            Self::AlwaysOn => Some("always-on"),
            Self::Healthy | Self::NotSeen => None,
        }
    }
}

impl Diagnosis {
    /// The state of each unit of a layer that this is a diagnosis of.
    ///
    /// ```
    /// use excite_vitals::{Diagnosis, LayerVitals, UnitState, Vitals};
    /// let z: Vec<f32> = (0..800).map(|i| if i % 2 == 0 { (i % 7) as f32 - 3.0 } else { -1.0 }).collect();
    /// let a: Vec<f32> = z.iter().map(|z| z.max(0.0)).collect();
    /// let mut layer = LayerVitals::new("fc1", "relu".parse()?, 2);
    /// layer.update(&z, &a)?;
    /// let vitals = Vitals::new("mlp", vec![layer]);
    /// let states = Diagnosis::of(&vitals).unit_states(&vitals.layers[0]);
    /// assert_eq!(states, [UnitState::Healthy, UnitState::Dead]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn unit_states(&self, layer: &LayerVitals) -> Vec<UnitState> {
        let units = layer.units();
        let nothing = if layer.samples() == 0 { UnitState::NotSeen } else { UnitState::Healthy };
        let mut states = vec![nothing; units.len()];
        for finding in self.judgement.all().filter(|finding| finding.layer.as_deref() == Some(layer.name())) {
            let found = UnitState::ALL.into_iter().find(|state| state.rule() == Some(finding.rule.id));
            let Some(found) = found else { continue };
            for &unit in finding.units.iter().filter(|&&unit| unit < units.len()) {
                let is_high = found == UnitState::SaturatedLow && units[unit].high > units[unit].low;
                states[unit] = states[unit].min(if is_high { UnitState::SaturatedHigh } else { found });
            }
        }
        states
    }
}

#[cfg(test)]
mod tests {
    use super::UnitState;
    use crate::findings::rule;

    #[test]
    fn every_state_is_told_apart_in_order_and_has_a_rule_that_is_there() {
        for (place, state) in UnitState::ALL.into_iter().enumerate() {
            assert_eq!(UnitState::ALL.iter().filter(|other| other.name() == state.name()).count(), 1);
            assert!(UnitState::ALL[..place].iter().all(|worse| *worse < state));
            assert!(state.rule().is_none_or(|id| rule(id).is_some()), "{state:?}");
        }
    }
}
