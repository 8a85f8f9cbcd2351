//! Sums of many units or positions side by side, one to a lane.

use std::ops::Range;

use super::Moments;

/// Values worked on side by side: one vector of AVX-512, two of AVX2, four of SSE2 or NEON.
pub(super) const LANES: usize = 16;

/// `std::array::from_fn`, always inlined: what is not is compiled for the baseline.
#[inline(always)]
fn from_fn<T: Copy + Default>(lane: impl Fn(usize) -> T) -> [T; LANES] {
    let mut lanes = [T::default(); LANES];
    for (i, to) in lanes.iter_mut().enumerate() {
        *to = lane(i);
    }
    lanes
}

/// The moments of each lane, in double precision around a pivot that is one of the values, so that next to nothing is lost.
pub(super) struct MomentLanes {
    pivot: [f64; LANES],
    sum: [f64; LANES],
    squares: [f64; LANES],
    min: [f32; LANES],
    max: [f32; LANES],
}

impl MomentLanes {
    /// With one of each lane's values, which becomes its pivot. Adding it again changes nothing but the count.
    #[inline(always)]
    pub fn around(pivot: &[f32; LANES]) -> Self {
        let pivot = from_fn(|i| if pivot[i].is_finite() { f64::from(pivot[i]) } else { 0.0 });
        Self { pivot, sum: [0.0; LANES], squares: [0.0; LANES], min: [f32::MAX; LANES], max: [f32::MIN; LANES] }
    }

    /// NaN and infinities poison the sums, by which [`moments`](Self::moments) knows of them; nothing else does, for the square
    /// of an f32 is far from overflow in f64.
    #[inline(always)]
    pub fn add(&mut self, x: &[f32; LANES]) {
        // One short loop a figure, each of which becomes a vector instruction or two.
        let deviation: [f64; LANES] = from_fn(|i| f64::from(x[i]) - self.pivot[i]);
        self.sum = from_fn(|i| self.sum[i] + deviation[i]);
        self.squares = from_fn(|i| self.squares[i] + deviation[i] * deviation[i]);
        self.min = from_fn(|i| if x[i] < self.min[i] { x[i] } else { self.min[i] });
        self.max = from_fn(|i| if x[i] > self.max[i] { x[i] } else { self.max[i] });
    }

    /// The moments of `count` values in `lanes`, which have one pivot. None if one of them was not finite.
    #[inline(always)]
    pub fn moments(&self, lanes: Range<usize>, count: u64) -> Option<Moments> {
        let pivot = self.pivot[lanes.start];
        let (mut sum, mut squares, mut min, mut max) = (0.0, 0.0, f32::MAX, f32::MIN);
        for i in lanes {
            sum += self.sum[i];
            squares += self.squares[i];
            min = min.min(self.min[i]);
            max = max.max(self.max[i]);
        }
        if !(sum.is_finite() && squares.is_finite()) {
            return None;
        }
        if count == 0 {
            return Some(Moments::default());
        }
        Some(Moments {
            count,
            mean: pivot + sum / count as f64,
            m2: (squares - sum * sum / count as f64).max(0.0),
            min: f64::from(min),
            max: f64::from(max),
            ..Moments::default()
        })
    }
}

/// Σ|x − from| of each lane.
pub(super) struct DistanceLanes {
    from: f64,
    sum: [f64; LANES],
}

impl DistanceLanes {
    #[inline(always)]
    pub fn from(from: f64) -> Self {
        Self { from, sum: [0.0; LANES] }
    }

    #[inline(always)]
    pub fn add(&mut self, x: &[f32; LANES]) {
        let distance: [f64; LANES] = from_fn(|i| (f64::from(x[i]) - self.from).abs());
        self.sum = from_fn(|i| self.sum[i] + distance[i]);
    }

    /// The sum over `lanes`, less that of so many times `padding`.
    #[inline(always)]
    pub fn total(&self, lanes: Range<usize>, padding: f32, times: u64) -> f64 {
        let sum: f64 = self.sum[lanes].iter().sum();
        if times == 0 { sum } else { sum - times as f64 * (f64::from(padding) - self.from).abs() }
    }
}

/// How many values of each lane passed a test.
pub(super) struct CountLanes([u32; LANES]);

impl CountLanes {
    #[inline(always)]
    pub fn new() -> Self {
        Self([0; LANES])
    }

    #[inline(always)]
    pub fn add(&mut self, passes: impl Fn(usize) -> bool) {
        self.0 = from_fn(|i| self.0[i] + u32::from(passes(i)));
    }

    #[inline(always)]
    pub fn total(&self, lanes: Range<usize>) -> u64 {
        self.0[lanes].iter().map(|&count| u64::from(count)).sum()
    }
}

/// The values from `start` on, and 0 at the end of the slice.
#[inline(always)]
pub(super) fn load(values: &[f32], start: usize) -> [f32; LANES] {
    let rest = &values[start..];
    if let Some(lanes) = rest.first_chunk() {
        return *lanes;
    }
    let mut lanes = [0.0; LANES];
    lanes[..rest.len()].copy_from_slice(rest);
    lanes
}

/// The `width` values from `start` on, and `padding` in the other lanes.
#[inline(always)]
pub(super) fn load_some(values: &[f32], start: usize, width: usize, padding: f32) -> [f32; LANES] {
    let lanes = load(values, start);
    from_fn(|i| if i < width { lanes[i] } else { padding })
}
