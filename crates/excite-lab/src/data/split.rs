//! Which samples are held out.

use std::collections::HashMap;

use super::{Labels, Options, Problem, Table};

/// The samples of each class, or all of them together where there are no classes.
pub(super) fn groups(labels: &Labels, codes: &HashMap<&str, u32>) -> Vec<Vec<usize>> {
    if codes.is_empty() {
        return vec![(0..labels.len()).collect()];
    }
    let mut groups = vec![Vec::new(); codes.len()];
    labels.names().iter().enumerate().for_each(|(sample, name)| groups[codes[&**name] as usize].push(sample));
    groups
}

/// Holds out a share of the samples, group by group; a group of a single sample stays in the training split.
pub(super) fn split(all: &Table, mut groups: Vec<Vec<usize>>, options: &Options) -> Result<(Table, Table), Problem> {
    let mut shuffle = Shuffle { state: options.seed };
    for group in &mut groups {
        shuffle.apply(group);
    }
    let held_out = held_out(&groups, options.test_share);
    if held_out.iter().all(|&count| count == 0) {
        return Err(Problem::NothingToHoldOut { samples: all.labels.len() });
    }
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for (group, count) in groups.iter().zip(held_out) {
        test.extend_from_slice(&group[..count]);
        train.extend_from_slice(&group[count..]);
    }
    train.sort_unstable();
    test.sort_unstable();
    Ok((pick(all, &train), pick(all, &test)))
}

/// How many samples of each group to hold out. Counts are rounded over the groups so far, so that the total is the
/// share of the whole however small the groups are.
fn held_out(groups: &[Vec<usize>], share: f64) -> Vec<usize> {
    let (mut seen, mut held) = (0, 0);
    let mut counts = vec![0; groups.len()];
    for (group, count) in groups.iter().zip(&mut counts).filter(|(group, _)| group.len() > 1) {
        seen += group.len();
        let due = (share * seen as f64).round() as usize;
        *count = due.saturating_sub(held).min(group.len() - 1);
        held += *count;
    }
    let largest = (0..groups.len()).max_by_key(|&group| groups[group].len());
    if let Some(largest) = largest.filter(|&group| held == 0 && groups[group].len() > 1) {
        counts[largest] = 1;
    }
    counts
}

/// The samples of these numbers.
fn pick(all: &Table, samples: &[usize]) -> Table {
    let inputs = all.inputs.pick(samples, all.inputs.len() / all.labels.len());
    let labels = match &all.labels {
        Labels::Text(labels) => Labels::Text(samples.iter().map(|&sample| labels[sample].clone()).collect()),
        Labels::Numbers(labels) => Labels::Numbers(samples.iter().map(|&sample| labels[sample]).collect()),
    };
    Table { inputs, labels }
}

/// Shuffles with the `SplitMix64` generator, so that a seed means the same split in every version of every library.
struct Shuffle {
    state: u64,
}

impl Shuffle {
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Fisher and Yates; the bias of the multiplication is below 2⁻³² for any list that fits into memory.
    fn apply(&mut self, items: &mut [usize]) {
        for last in (1..items.len()).rev() {
            let chosen = (u128::from(self.next()) * (last as u128 + 1)) >> 64;
            items.swap(last, chosen as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups_of(lens: &[usize]) -> Vec<Vec<usize>> {
        lens.iter().map(|&len| (0..len).collect()).collect()
    }

    #[test]
    fn the_share_held_out_is_right_in_each_class_and_in_all() {
        assert_eq!(held_out(&groups_of(&[100, 50, 10]), 0.2), [20, 10, 2]);
        assert_eq!(held_out(&groups_of(&[3; 100]), 0.2).iter().sum::<usize>(), 60);
        assert!(held_out(&groups_of(&[3; 100]), 0.2).iter().all(|&count| count <= 1));
    }

    #[test]
    fn a_class_of_one_sample_is_never_held_out() {
        assert_eq!(held_out(&groups_of(&[1, 40, 1, 1]), 0.2), [0, 8, 0, 0]);
        assert_eq!(held_out(&groups_of(&[1, 2]), 1.0), [0, 1]);
        assert_eq!(held_out(&groups_of(&[1, 1]), 0.5), [0, 0]);
    }

    #[test]
    fn at_least_one_sample_is_on_each_side_whatever_the_share() {
        for share in [f64::NEG_INFINITY, -1.0, 0.0, 0.01, f64::NAN] {
            assert_eq!(held_out(&groups_of(&[2, 3]), share), [0, 1], "{share}");
        }
        for share in [1.0, 7.0, f64::INFINITY] {
            assert_eq!(held_out(&groups_of(&[2, 3]), share), [1, 2], "{share}");
        }
    }

    #[test]
    fn a_shuffle_keeps_every_item_and_moves_most() {
        let mut items: Vec<usize> = (0..1000).collect();
        Shuffle { state: 0 }.apply(&mut items);
        assert!((0..1000).filter(|&index| items[index] == index).count() < 10);
        items.sort_unstable();
        assert!(items.into_iter().eq(0..1000));
    }
}
