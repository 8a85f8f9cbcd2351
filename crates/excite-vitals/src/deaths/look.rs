//! What the units of a layer do on the same samples.

use excite::Function;

use super::Range;

/// What the units of a layer do on some samples: which of them pass no gradient for any, and between what their pre-activations lie.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnitsOnSamples {
    /// Whether each unit is dead: the derivative of its function is 0 for all samples.
    pub dead: Vec<bool>,
    /// The least and the largest pre-activation of each unit.
    pub ranges: Vec<Range>,
}

impl UnitsOnSamples {
    /// Of pre-activations, a row of `units` for each sample (for each position of each sample in a convolution).
    ///
    /// ```
    /// use excite_vitals::deaths::UnitsOnSamples;
    /// let found = UnitsOnSamples::of(&[-1.0, 2.0, -3.0, -4.0], 2, "relu".parse()?);
    /// assert_eq!(found.dead, [true, false]);
    /// assert_eq!((found.ranges[1].least, found.ranges[1].largest), (-4.0, 2.0));
    /// # Ok::<(), excite::ParseFunctionError>(())
    /// ```
    pub fn of(z: &[f32], units: usize, function: Function) -> Self {
        Self::of_planes(z, units, 1, function)
    }

    /// Of pre-activations in the layout [samples, units, positions], as of a convolution whose channels come first.
    ///
    /// ```
    /// use excite_vitals::deaths::UnitsOnSamples;
    /// let found = UnitsOnSamples::of_planes(&[-1.0, -2.0, 3.0, -4.0], 2, 2, "relu".parse()?);
    /// assert_eq!(found.dead, [true, false]);
    /// # Ok::<(), excite::ParseFunctionError>(())
    /// ```
    pub fn of_planes(z: &[f32], units: usize, positions: usize, function: Function) -> Self {
        let (units, positions) = (units, positions.max(1));
        let of_unit = |unit: usize| {
            let planes = z.chunks_exact(positions).skip(unit).step_by(units);
            planes.flatten().copied()
        };
        let mut ranges = vec![Range { least: f32::INFINITY, largest: f32::NEG_INFINITY }; units];
        // As the values lie, and not unit by unit.
        for sample in z.chunks_exact((units * positions).max(1)) {
            for (range, plane) in ranges.iter_mut().zip(sample.chunks_exact(positions)) {
                for &z in plane {
                    range.least = if z < range.least { z } else { range.least };
                    range.largest = if z > range.largest { z } else { range.largest };
                }
            }
        }
        // A unit whose largest value has a slope is alive: the others are looked at where it has none.
        let passes = |z: f32| function.slope_at(z) != 0.0;
        let dead =
            |unit: usize| !passes(ranges[unit].largest) && !passes(ranges[unit].least) && !of_unit(unit).any(passes);
        Self { dead: (0..units).map(dead).collect(), ranges }
    }

    /// The same units on more samples: of another call of the layer in one pass.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        for (dead, other) in self.dead.iter_mut().zip(&other.dead) {
            *dead &= other;
        }
        for (range, other) in self.ranges.iter_mut().zip(&other.ranges) {
            range.least = range.least.min(other.least);
            range.largest = range.largest.max(other.largest);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_that_no_sample_lifts_are_dead_and_those_beyond_a_clamp_too() {
        let z = [-1.0, 6.5, 1.0, -2.0, -2.0, 7.0, -1.0, 8.0];
        let found = UnitsOnSamples::of(&z, 4, "relu6".parse().unwrap());
        assert_eq!(found.dead, [true, true, false, true]);
        assert_eq!(found.ranges[3], Range { least: -2.0, largest: 8.0 });
        assert!(UnitsOnSamples::of(&[], 0, "relu".parse().unwrap()).dead.is_empty());
        assert_eq!(UnitsOnSamples::of(&z, 4, "tanh".parse().unwrap()).dead, [false; 4]);
    }
}
