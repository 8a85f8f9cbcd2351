//! The grids that a layer may have, and what its own values lose on each.

use excite_fixed::QFormat;
use excite_fixed::calibration::{Distribution, Grid, Method, Quality};

use super::LayerDistribution;
use crate::quantisation::{Fit, LayerFormat};

/// How a grid is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// By a method, from the data.
    By(Method),
    /// All that the function can give, whatever the data.
    Bounds,
    /// The Q format with this number of integer bits fewer than the one that holds all values.
    Fewer(i8),
    /// By the user.
    Given,
}

/// A grid for a layer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub choice: Choice,
    pub bits: u32,
    pub grid: Grid,
    /// The Q format, if it is one.
    pub format: Option<QFormat>,
    /// What the layer's own values make of it.
    pub quality: Quality,
}

impl Choice {
    pub fn title(self) -> String {
        match self {
            Self::By(method) => method.title().to_owned(),
            Self::Bounds => "range of the function".to_owned(),
            Self::Fewer(0) => "no overflow".to_owned(),
            Self::Fewer(_) => "binary point".to_owned(),
            Self::Given => "given".to_owned(),
        }
    }
}

/// The grid that holds all that such a function gives, as TensorFlow Lite and PyTorch have it: steps of 2^−bits from 0 to 1, or of
/// 2^(1 − bits) from −1 to 1, the largest value short by one step. As a Q format it has no zero point.
pub(super) fn bounded_grid(bits: u32, (low, _): (f64, f64), as_format: bool) -> Option<(Grid, Option<QFormat>)> {
    let signed = low < 0.0;
    if as_format || !signed {
        let format = QFormat::with_bits(signed, bits, 0).ok()?;
        return Some((format.into(), Some(format)));
    }
    let half = 1_i64 << (bits - 1);
    Some((Grid::new(1.0 / half as f32, half, 0, 2 * half - 1).ok()?, None))
}

/// The candidates of a layer in `bits` bits; those of equal grids once.
pub(super) fn candidates(layer: &LayerDistribution, bits: u32, power_of_two: bool) -> Vec<Candidate> {
    let values = &layer.a;
    let of = |choice: Choice, grid: Grid, format: Option<QFormat>| Candidate {
        choice,
        bits,
        grid,
        format,
        quality: values.measure(&grid),
    };
    if let Some(bounds) = layer.bounds {
        let grid = bounded_grid(bits, bounds, power_of_two);
        return grid.map(|(grid, format)| of(Choice::Bounds, grid, format)).into_iter().collect();
    }
    let mut found: Vec<Candidate> = Vec::new();
    let mut add = |candidate: Candidate| {
        if found.iter().all(|known| known.grid != candidate.grid) {
            found.push(candidate);
        }
    };
    if power_of_two {
        for fewer in 0..=MOST_FEWER {
            if let Some(format) = fewer_integer_bits(values, bits, fewer) {
                add(of(Choice::Fewer(fewer), format.into(), Some(format)));
            }
        }
    } else {
        for method in Method::ALL {
            let (low, high) = method.range(values, bits);
            if let Ok(grid) = Grid::spanning(bits, low, high) {
                add(of(Choice::By(method), grid, None));
            }
        }
    }
    found
}

/// Formats that clip all but a sixteenth of the range are not tried.
const MOST_FEWER: i8 = 4;

fn fewer_integer_bits(values: &Distribution, bits: u32, fewer: i8) -> Option<QFormat> {
    let largest = values.largest().max(-values.least());
    let holding = QFormat::holding(values.has_negative(), bits, largest).ok()?;
    QFormat::with_bits(holding.is_signed(), bits, holding.integer_bits().checked_sub(fewer)?).ok()
}

impl Candidate {
    pub fn record(&self, layer: &LayerDistribution, tensor: String) -> LayerFormat {
        let (least_code, largest_code) = self.grid.codes();
        let Quality { clipped, codes, .. } = self.quality;
        LayerFormat {
            layer: layer.name.clone(),
            tensor,
            bits: self.bits,
            by: self.choice.title(),
            scale: self.grid.scale(),
            zero_point: self.grid.zero_point(),
            least_code,
            largest_code,
            low: self.grid.low(),
            high: self.grid.high(),
            format: self.format,
            fit: Fit { signal_to_noise: self.quality.signal_to_noise(), clipped, codes },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantise::bounds::bounds;

    #[test]
    fn a_range_has_the_steps_that_libraries_give_it() {
        let (grid, format) = bounded_grid(8, (0.0, 1.0), false).unwrap();
        assert_eq!(
            (grid.scale(), grid.high(), format.unwrap().to_string()),
            (1.0 / 256.0, 255.0 / 256.0, "UQ0.8".to_owned())
        );
        let (grid, _) = bounded_grid(8, (-1.0, 1.0), false).unwrap();
        assert_eq!((grid.scale(), grid.zero_point(), grid.low()), (1.0 / 128.0, 128, -1.0));
    }

    #[test]
    fn few_values_do_not_narrow_a_sigmoid() {
        let a = Distribution::of(&[0.1, 0.2, 0.42]).unwrap();
        let function = "sigmoid".parse().unwrap();
        let layer = |bounds| LayerDistribution {
            site: 0,
            name: "s".to_owned(),
            function,
            units_differ: false,
            bounds,
            converted: None,
            a: a.clone(),
            z: None,
        };
        let all = candidates(&layer(bounds(function)), 8, false);
        assert_eq!((all.len(), all[0].choice, all[0].grid.high()), (1, Choice::Bounds, 255.0 / 256.0));
        assert!(candidates(&layer(None), 8, false).iter().all(|candidate| candidate.grid.high() < 0.5));
    }
}
