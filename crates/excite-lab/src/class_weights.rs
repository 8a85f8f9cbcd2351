//! How much each class counts.

use serde::{Deserialize, Serialize};

use crate::data::Targets;

/// How much the samples of each class count, in the loss and in the errors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeights {
    /// Every sample as much as every other.
    #[default]
    Equal,
    /// Every class as much as every other: a sample counts samples / (classes · samples of its class), as scikit-learn has it. The error
    /// is then the mean over the classes of the share of their samples that are put into a wrong one.
    Balanced,
}

impl ClassWeights {
    /// The weight of each of `classes` classes in these targets, whose mean over the samples is 1; none for equal ones. Classes without a
    /// sample have no part.
    pub(crate) fn of(self, targets: &Targets, classes: usize) -> Vec<f64> {
        let Targets::Classes(samples) = targets else { return vec![] };
        if self == Self::Equal {
            return vec![];
        }
        let mut counts = vec![0.0; classes];
        for &class in samples {
            counts[class as usize] += 1.0;
        }
        let present = counts.iter().filter(|count| **count > 0.0).count() as f64;
        counts
            .into_iter()
            .map(|count| if count > 0.0 { samples.len() as f64 / (present * count) } else { 0.0 })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balanced_weights_give_each_class_the_same_sum() {
        let targets = Targets::Classes(vec![0, 0, 0, 2, 0, 2]);
        // 6 / (2 · 4) and 6 / (2 · 2); there is no sample of class 1.
        assert_eq!(ClassWeights::Balanced.of(&targets, 3), [0.75, 0.0, 1.5]);
        assert!(ClassWeights::Equal.of(&targets, 3).is_empty());
        assert!(ClassWeights::Balanced.of(&Targets::Values(vec![1.0]), 0).is_empty());
    }
}
