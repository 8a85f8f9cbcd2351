//! Which values of a batch go into the histogram.

/// One value in this number is taken from a sample: all would cost a third as much as all else that is measured.
const STRIDE: usize = 16;

/// The values that go into the histogram, of samples of `sample` values each.
pub fn of(z: &[f32], sample: usize) -> Vec<f32> {
    let (whole, rest) = (sample / STRIDE, sample % STRIDE);
    let mut picked = vec![0.0; z.len() / sample * (whole + 1)];
    let mut count = 0;
    for sample in z.chunks_exact(sample) {
        let first = first_of(sample);
        for (to, strides) in picked[count..].iter_mut().zip(sample.as_chunks::<STRIDE>().0) {
            *to = strides[first];
        }
        // Written in any case, and counted if it is there: a branch would be guessed wrong.
        picked[count + whole] = sample[sample.len() - rest.max(1)..][first.min(rest.max(1) - 1)];
        count += whole + usize::from(first < rest);
    }
    picked.truncate(count);
    picked
}

/// The first value of a sample that goes into the histogram: a hash of a few of its values.
fn first_of(sample: &[f32]) -> usize {
    let places = [0, sample.len() / 3, sample.len() / 2, sample.len() - 1];
    // Knuth's multiplicative hash: the upper bits of the product are the well-mixed ones.
    let hash = places.iter().fold(0_u32, |hash, &at| (hash ^ sample[at].to_bits()).wrapping_mul(0x9E37_79B1));
    (hash >> 16) as usize % STRIDE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_16th_value_from_the_first_on_is_taken() {
        for sample in [1, 3, 15, 16, 17, 31, 32, 40, 100] {
            let z: Vec<f32> = (0..sample * 50).map(|i| (i * 7919 % 10007) as f32).collect();
            let expected: Vec<f32> = z
                .chunks(sample)
                .flat_map(|values| values.iter().copied().skip(first_of(values)).step_by(STRIDE))
                .collect();
            assert_eq!(of(&z, sample), expected, "{sample}");
        }
    }
}
