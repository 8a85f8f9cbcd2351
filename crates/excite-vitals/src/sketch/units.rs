//! What each unit of a layer does.

use excite::{Engine, Error, Function, Level, SlopeFrom, Threads};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Unit;
use super::lanes::{CountLanes, LANES, Lanes, MomentLanes, ShortfallLanes};
use super::layout::Layout;

/// The function of each unit of a layer: one for all, or one with a first parameter of the unit's own, as the slopes of a `PReLU`.
#[derive(Clone, Copy, Debug)]
pub struct Functions<'a> {
    /// The function.
    pub shared: Function,
    /// The first parameter of each unit; empty where all have that of the shared one.
    pub parameters: &'a [f32],
}

impl Functions<'_> {
    /// That of a unit.
    pub fn of(&self, unit: usize) -> Function {
        let own = self.parameters.get(unit);
        // Whoever made these has seen to it that the function takes them.
        own.and_then(|&own| self.shared.with_parameter(0, f64::from(own)).ok()).unwrap_or(self.shared)
    }
}

/// The limits that values are compared with to be counted. Limits that do not apply are NaN, which no value passes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// The |slope| under which a value is saturated.
    pub slope: f32,
    /// The input up to which a saturated value is on the low side.
    pub centre: f32,
    /// The output from which on a value is at the cap.
    pub cap: f32,
    /// The middle of the range of outputs; 0 where it is not bounded.
    pub middle: f32,
    /// f(0): where only outputs are given, those up to it have z ≤ 0.
    pub output_at_zero: f32,
    /// f(centre), likewise.
    pub output_at_centre: f32,
}

/// The values of one batch, each slice laid out [outer, units, positions].
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    /// Pre-activations, if known.
    pub z: Option<&'a [f32]>,
    /// Activations; computed where they are not given.
    pub a: Option<&'a [f32]>,
    /// The slopes, where they are not those of the unit's function.
    pub slopes: Option<&'a [f32]>,
    /// Values of one unit that lie next to one another: 1 in a layer of features.
    pub positions: usize,
}

/// From this number of values on, units are shared out to the threads of the caller's rayon pool: there handing over
/// takes a tenth of the work at most.
pub(crate) const SHARED_OUT: usize = 1 << 16;

/// The units of one layer, side by side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Units(Vec<Unit>);

impl Units {
    /// `units` units that have seen nothing.
    pub fn new(units: usize) -> Self {
        Self(vec![Unit::default(); units])
    }

    /// The units.
    pub fn as_slice(&self) -> &[Unit] {
        &self.0
    }

    /// Adds a batch of a layer with these activation functions.
    ///
    /// # Errors
    /// If z and a differ in length.
    ///
    /// # Panics
    /// If neither is given, or if their length is not a multiple of units × positions.
    pub fn update(&mut self, values: Values<'_>, functions: Functions<'_>, limits: Limits) -> Result<(), Error> {
        let Values { z, a, positions, .. } = values;
        let length = z.or(a).expect("z or a").len();
        let units = self.0.len();
        assert!(length.is_multiple_of((units * positions).max(1)), "lengths disagree");
        if let Some(found) = a.map(<[f32]>::len).filter(|&found| found != length) {
            return Err(Error::Length { slice: "a", found, expected: length });
        }
        if length == 0 {
            return Ok(());
        }
        // The values of a single unit all lie in one piece.
        let positions = if units == 1 { length } else { positions };
        // The units of a group share their function.
        let in_groups = positions == 1 && functions.parameters.is_empty();
        let group = if in_groups { LANES } else { 1 };
        let add = |first: usize, share: &mut [Unit]| {
            let mut blocks = Blocks::of(length / units * group);
            Level::best().run(
                #[inline(always)]
                || {
                    for (at, group) in (first..).step_by(group).zip(share.chunks_mut(group)) {
                        let layout = if in_groups {
                            Layout::Rows { units, at }
                        } else {
                            Layout::Planes { units, at, positions }
                        };
                        blocks.add(values, functions.of(at), limits, layout, group)?;
                    }
                    Ok(())
                },
            )
        };
        if length < SHARED_OUT {
            return add(0, &mut self.0);
        }
        // Whole groups, so that the sums do not depend on the number of threads.
        let share = units.div_ceil(group).div_ceil(rayon::current_num_threads()) * group;
        self.0.par_chunks_mut(share).enumerate().try_for_each(|(index, units)| add(index * share, units))
    }

    /// Adds what `other` has seen, unit by unit. Both must have the same number of units; those in excess are left out.
    pub fn merge(&mut self, other: &Self) {
        self.add(&other.0);
    }

    /// Adds what units have seen that are not counted here.
    pub fn add(&mut self, units: &[Unit]) {
        for (unit, more) in self.0.iter_mut().zip(units) {
            unit.merge(more);
        }
    }
}

/// Room for a block of pre-activations, activations and slopes.
struct Blocks {
    z: Vec<Lanes>,
    a: Vec<Lanes>,
    slope: Vec<Lanes>,
}

/// Values of a block: the three blocks stay in the first-level cache.
const BLOCK: usize = 2048;

impl Blocks {
    /// Room for blocks of `values` values, or of as many as a block has.
    fn of(values: usize) -> Self {
        let lanes = vec![[0.0; LANES]; values.min(BLOCK).div_ceil(LANES)];
        Self { z: lanes.clone(), a: lanes.clone(), slope: lanes }
    }

    /// Adds to each unit of the group what the batch holds of it.
    #[inline(always)]
    fn add(
        &mut self,
        Values { z, a, slopes, .. }: Values<'_>,
        f: Function,
        limits: Limits,
        layout: Layout,
        group: &mut [Unit],
    ) -> Result<(), Error> {
        static ONES: [f32; BLOCK] = [1.0; BLOCK];
        let engine = Engine::default().with_threads(Threads::One);
        let values = layout.values(z.or(a).unwrap_or_default().len());
        let whole = values / LANES * LANES;
        let knows_slopes = z.is_some() || slopes.is_some() || f.slope_from() == SlopeFrom::Output;
        let mut sums = Sums::new(z.is_some(), knows_slopes, limits);
        for start in (0..whole).step_by(BLOCK).chain((whole < values).then_some(whole)) {
            let range = start..if start == whole { values } else { whole.min(start + BLOCK) };
            let padding = range.len().next_multiple_of(LANES) - range.len();
            let z = z.map(|z| layout.block(z, range.clone(), &mut self.z));
            let a = match (a, z) {
                (Some(a), _) => layout.block(a, range.clone(), &mut self.a),
                (None, z) => {
                    let z = z.unwrap_or_default();
                    let (z, a) = (z.as_flattened(), self.a[..z.len()].as_flattened_mut());
                    engine.forward(&f, z, a)?;
                    a[z.len() - padding..].fill(f32::NAN);
                    a.as_chunks().0
                }
            };
            let from = if f.slope_from() == SlopeFrom::Output { Some(a) } else { z };
            let slope = match (slopes, from) {
                (Some(slopes), _) => Some(layout.block(slopes, range, &mut self.slope)),
                (None, Some(from)) => {
                    let (from, slope) = (from.as_flattened(), self.slope[..from.len()].as_flattened_mut());
                    engine.backward(&f, from, &ONES[..from.len()], slope)?;
                    slope[from.len() - padding..].fill(f32::NAN);
                    Some(slope.as_chunks().0)
                }
                (None, None) => None,
            };
            let block = Block { z, a, slope };
            if start == 0 {
                sums.set_pivots(block, layout);
            }
            sums.add(block, limits);
        }
        let with_padding = values.next_multiple_of(LANES);
        if layout.is_one_unit() {
            sums.gather();
        }
        let lanes = if layout.is_one_unit() { 1 } else { LANES };
        for (lane, unit) in group.iter_mut().enumerate() {
            sums.add_to(unit, lane, (with_padding / lanes) as u64, (with_padding - values) as u64);
        }
        Ok(())
    }
}

/// Some values of the units in the lanes.
#[derive(Clone, Copy)]
struct Block<'a> {
    z: Option<&'a [Lanes]>,
    a: &'a [Lanes],
    slope: Option<&'a [Lanes]>,
}

/// The sums over the values of the units in the lanes.
struct Sums {
    z: Option<MomentLanes>,
    a: MomentLanes,
    slope: Option<MomentLanes>,
    /// Whether all slopes so far are 0 or 1.
    slopes_are_steps: bool,
    knows_signs: bool,
    not_positive: CountLanes,
    at_cap: CountLanes,
    saturated: CountLanes,
    low: CountLanes,
    under_zero: ShortfallLanes,
    /// None where the middle is 0.
    under_middle: Option<ShortfallLanes>,
}

impl Sums {
    /// Nothing yet.
    #[inline(always)]
    fn new(knows_z: bool, knows_slopes: bool, limits: Limits) -> Self {
        Self {
            z: knows_z.then(MomentLanes::new),
            a: MomentLanes::new(),
            slope: knows_slopes.then(MomentLanes::new),
            slopes_are_steps: true,
            knows_signs: knows_z || !limits.output_at_zero.is_nan(),
            not_positive: CountLanes::new(),
            at_cap: CountLanes::new(),
            saturated: CountLanes::new(),
            low: CountLanes::new(),
            under_zero: ShortfallLanes::under(0.0),
            under_middle: (limits.middle != 0.0).then(|| ShortfallLanes::under(limits.middle)),
        }
    }

    /// Takes the first values of the first block for pivots.
    #[inline(always)]
    fn set_pivots(&mut self, first: Block<'_>, layout: Layout) {
        let firsts =
            [(self.z.as_mut(), first.z), (Some(&mut self.a), Some(first.a)), (self.slope.as_mut(), first.slope)];
        for (moments, block) in firsts {
            if let (Some(moments), Some([lanes, ..])) = (moments, block) {
                moments.set_pivots(&layout.pivots(lanes));
            }
        }
    }

    /// Adds a block, one sum after the other, for all at once would not fit into the registers. What extremes rule out is not
    /// counted.
    #[inline(always)]
    fn add(&mut self, Block { z, a, slope }: Block<'_>, limits: Limits) {
        if let (Some(moments), Some(z)) = (&mut self.z, z) {
            moments.add(z);
        }
        self.a.add(a);
        if self.a.any_under(0.0) {
            self.under_zero.add(a);
        }
        if let Some(under_middle) = self.under_middle.as_mut().filter(|_| self.a.any_under(limits.middle)) {
            under_middle.add(a);
        }
        if self.a.any_from(limits.cap) {
            self.at_cap.add(
                a,
                #[inline(always)]
                |a| a >= limits.cap,
            );
        }
        let (told_by, zero, centre) = match z {
            Some(z) => (z, 0.0, limits.centre),
            None => (a, limits.output_at_zero, limits.output_at_centre),
        };
        self.not_positive.add(
            told_by,
            #[inline(always)]
            |side| side <= zero,
        );
        if let (Some(moments), Some(slope)) = (&mut self.slope, slope) {
            if !(self.slopes_are_steps && moments.add_steps(slope)) {
                self.slopes_are_steps = false;
                moments.add(slope);
            }
            CountLanes::add_both(
                [&mut self.saturated, &mut self.low],
                [slope, told_by],
                centre,
                #[inline(always)]
                |slope| slope.abs() < limits.slope,
            );
        }
    }

    /// Puts what all lanes have of their one unit into the first.
    fn gather(&mut self) {
        [self.z.as_mut(), Some(&mut self.a), self.slope.as_mut()].into_iter().flatten().for_each(MomentLanes::gather);
        [&mut self.not_positive, &mut self.at_cap, &mut self.saturated, &mut self.low]
            .into_iter()
            .for_each(CountLanes::gather);
        [Some(&mut self.under_zero), self.under_middle.as_mut()].into_iter().flatten().for_each(ShortfallLanes::gather);
    }

    /// Adds to a unit what was seen in its lane: `values` values, of which `padding` were NaN put in.
    #[inline(always)]
    fn add_to(&self, unit: &mut Unit, lane: usize, values: u64, padding: u64) {
        let a = self.a.moments(lane, values, padding);
        unit.a.merge(&a);
        let mut signs = a.count + a.infinite;
        if let Some(z) = &self.z {
            let z = z.moments(lane, values, padding);
            unit.z.merge(&z);
            signs = z.count + z.infinite;
        }
        if let Some(slope) = &self.slope {
            unit.slope.merge(&slope.moments(lane, values, padding));
        }
        if self.knows_signs {
            unit.signs += signs;
        }
        unit.not_positive += self.not_positive.total(lane);
        unit.low += self.low.total(lane);
        unit.high += self.saturated.total(lane) - self.low.total(lane);
        unit.at_cap += self.at_cap.total(lane);
        let size = self.under_zero.distance(lane, &a);
        unit.size += size;
        unit.from_middle += self.under_middle.as_ref().map_or(size, |under| under.distance(lane, &a));
    }
}
