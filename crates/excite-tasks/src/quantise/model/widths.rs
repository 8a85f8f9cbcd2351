//! Which layers get which widths: the fewest bits with which the noise that arrives at the outputs stays within a limit.

/// What arrives at each output of the noise of layers in several widths, relative to the output.
pub(super) struct Arrivals {
    /// The numbers of bits, ascending.
    pub bits: Vec<u32>,
    /// By layer and width; None for a layer that stays in floats.
    pub noise: Vec<Vec<Option<Vec<f64>>>>,
    pub outputs: usize,
}

impl Arrivals {
    /// The place of each layer's width, and whether the noise of every output, as far as its parts add up, is at most `most`.
    pub fn fewest_bits(&self, most: f64) -> (Vec<usize>, bool) {
        let over = |noise: &[f64]| noise.iter().map(|noise| (noise - most).max(0.0)).sum::<f64>();
        let mut at = vec![0; self.noise.len()];
        let mut now = vec![0.0; self.outputs];
        for layer in 0..at.len() {
            now.iter_mut().zip(self.of(layer, 0)).for_each(|(now, noise)| *now += noise);
        }
        while over(&now) > 0.0 {
            // The step that takes off most for each bit that it adds.
            let mut found: Option<(f64, usize, usize)> = None;
            for (layer, &from) in at.iter().enumerate() {
                for width in from + 1..self.bits.len() {
                    let less = over(&now) - over(&self.after(&now, layer, from, width));
                    let gain = less / f64::from(self.bits[width] - self.bits[from]);
                    if gain > 0.0 && found.is_none_or(|(best, ..)| gain > best) {
                        found = Some((gain, layer, width));
                    }
                }
            }
            let Some((_, layer, width)) = found else { return (at, false) };
            now = self.after(&now, layer, at[layer], width);
            at[layer] = width;
        }
        self.narrow(&mut at, now, most);
        (at, true)
    }

    /// Narrows what turned out wider than it must be.
    fn narrow(&self, at: &mut [usize], mut now: Vec<f64>, most: f64) {
        for (layer, own) in at.iter_mut().enumerate() {
            for width in 0..*own {
                let next = self.after(&now, layer, *own, width);
                if next.iter().all(|noise| *noise <= most) {
                    (now, *own) = (next, width);
                    break;
                }
            }
        }
    }

    /// The noise of each output after a layer has changed its width.
    fn after(&self, now: &[f64], layer: usize, from: usize, to: usize) -> Vec<f64> {
        let (old, new) = (self.of(layer, from), self.of(layer, to));
        let part = |noise: &[f64], output: usize| noise.get(output).copied().unwrap_or(0.0);
        now.iter().enumerate().map(|(output, now)| now - part(old, output) + part(new, output)).collect()
    }

    fn of(&self, layer: usize, width: usize) -> &[f64] {
        self.noise[layer][width].as_deref().unwrap_or(&[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Layers whose noise quarters with each bit, from what they have in 4 bits on.
    fn arrivals(layers: &[&[f64]]) -> Arrivals {
        let bits = [4, 6, 8, 12];
        let of = |noise: &&[f64]| {
            bits.iter().map(|&bits| Some(noise.iter().map(|noise| noise * 0.25_f64.powi(bits - 4)).collect())).collect()
        };
        let noise = layers.iter().map(of).collect();
        Arrivals { bits: bits.iter().map(|&bits| bits as u32).collect(), noise, outputs: layers[0].len() }
    }

    #[test]
    fn the_layers_that_cost_most_are_widened() {
        let three = arrivals(&[&[1.0], &[0.01], &[0.001]]);
        assert_eq!(three.fewest_bits(2.0), (vec![0, 0, 0], true));
        assert_eq!(three.fewest_bits(0.1), (vec![1, 0, 0], true));
        assert_eq!(three.fewest_bits(0.006), (vec![2, 1, 0], true));
        assert_eq!(three.fewest_bits(0.0), (vec![3, 3, 3], false));
    }

    #[test]
    fn each_output_stays_within_the_limit() {
        // A layer for each output: neither alone helps the other.
        let two = arrivals(&[&[1.0, 0.0], &[0.0, 1.0]]);
        assert_eq!(two.fewest_bits(0.1), (vec![1, 1], true));
        let floats = Arrivals { noise: vec![vec![None; 4]], ..arrivals(&[&[1.0]]) };
        assert_eq!(floats.fewest_bits(0.1), (vec![0], true));
    }
}
