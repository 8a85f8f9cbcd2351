//! Sums over blocks of values in which each lane is a unit of its own, or all lanes are one unit.
//!
//! The loops have one short inner loop for each figure and no branches, so that each becomes a vector instruction or two.

use super::Moments;

/// Values worked on side by side: one vector of AVX-512, two of AVX2, four of SSE2 or NEON.
pub(super) const LANES: usize = 16;

/// One value of each lane.
pub(super) type Lanes = [f32; LANES];

/// `std::array::from_fn`, always inlined: a function that is not is compiled for the baseline.
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
    min: Lanes,
    max: Lanes,
    nan: [u32; LANES],
    infinite: [u32; LANES],
}

impl MomentLanes {
    /// No values yet.
    #[inline(always)]
    pub fn new() -> Self {
        Self {
            pivot: [0.0; LANES],
            sum: [0.0; LANES],
            squares: [0.0; LANES],
            min: [f32::MAX; LANES],
            max: [f32::MIN; LANES],
            nan: [0; LANES],
            infinite: [0; LANES],
        }
    }

    /// Sets the pivots, before anything is added; 0 where one is not finite.
    #[inline(always)]
    pub fn set_pivots(&mut self, pivots: &Lanes) {
        self.pivot = from_fn(
            #[inline(always)]
            |i| if pivots[i].is_finite() { f64::from(pivots[i]) } else { 0.0 },
        );
    }

    /// Adds a block. NaN and infinities poison its sums, by which they are known; nothing else does, for the square of
    /// an f32 is far from overflow in f64. Then the block is added again, value by value.
    #[inline(always)]
    pub fn add(&mut self, block: &[Lanes]) {
        let Self { pivot, mut sum, mut squares, mut min, mut max, .. } = *self;
        for x in block {
            let deviation: [f64; LANES] = from_fn(
                #[inline(always)]
                |i| f64::from(x[i]) - pivot[i],
            );
            sum = from_fn(
                #[inline(always)]
                |i| sum[i] + deviation[i],
            );
            squares = from_fn(
                #[inline(always)]
                |i| squares[i] + deviation[i] * deviation[i],
            );
            min = from_fn(
                #[inline(always)]
                |i| if x[i] < min[i] { x[i] } else { min[i] },
            );
            max = from_fn(
                #[inline(always)]
                |i| if x[i] > max[i] { x[i] } else { max[i] },
            );
        }
        // 0 times a number is 0, and NaN times what is none.
        if squares.iter().map(|square| square * 0.0).sum::<f64>() == 0.0 {
            (self.sum, self.squares, self.min, self.max) = (sum, squares, min, max);
        } else {
            self.add_one_by_one(block);
        }
    }

    /// Adds a block if all its values are 0 or 1, as the slopes of a ReLU are: counting both takes half as long, and gives the same sums.
    /// Otherwise adds nothing, and tells so.
    #[inline(always)]
    pub fn add_steps(&mut self, block: &[Lanes]) -> bool {
        let mut ones: BlockCount = [0.0; LANES];
        let mut zeros: BlockCount = [0.0; LANES];
        for x in block {
            ones = from_fn(
                #[inline(always)]
                |i| ones[i] + if x[i] == 1.0 { 1.0 } else { 0.0 },
            );
            zeros = from_fn(
                #[inline(always)]
                |i| zeros[i] + if x[i] == 0.0 { 1.0 } else { 0.0 },
            );
        }
        let others: BlockCount = from_fn(
            #[inline(always)]
            |i| block.len() as f32 - ones[i] - zeros[i],
        );
        if others.iter().sum::<f32>() != 0.0 {
            return false;
        }
        for (count, x) in [(zeros, 0.0), (ones, 1.0)] {
            for (i, &count) in count.iter().enumerate() {
                let deviation = f64::from(x) - self.pivot[i];
                self.sum[i] += f64::from(count) * deviation;
                self.squares[i] += f64::from(count) * deviation * deviation;
                if count > 0.0 {
                    self.min[i] = self.min[i].min(x);
                    self.max[i] = self.max[i].max(x);
                }
            }
        }
        true
    }

    #[cold]
    #[inline(never)]
    fn add_one_by_one(&mut self, block: &[Lanes]) {
        for x in block {
            for (i, &x) in x.iter().enumerate() {
                if x.is_finite() {
                    let deviation = f64::from(x) - self.pivot[i];
                    self.sum[i] += deviation;
                    self.squares[i] += deviation * deviation;
                    self.min[i] = self.min[i].min(x);
                    self.max[i] = self.max[i].max(x);
                } else if x.is_nan() {
                    self.nan[i] += 1;
                } else {
                    self.infinite[i] += 1;
                }
            }
        }
    }

    /// Whether any value so far is under `limit`; infinities may be.
    #[inline(always)]
    pub fn any_under(&self, limit: f32) -> bool {
        (0..LANES).any(|i| (self.min[i] < limit) | (self.infinite[i] > 0))
    }

    /// Whether any value so far is `limit` or above; infinities may be.
    #[inline(always)]
    pub fn any_from(&self, limit: f32) -> bool {
        (0..LANES).any(|i| (self.max[i] >= limit) | (self.infinite[i] > 0))
    }

    /// Puts what all lanes have, which have one pivot, into the first.
    pub fn gather(&mut self) {
        self.sum[0] = self.sum.iter().sum();
        self.squares[0] = self.squares.iter().sum();
        self.min[0] = self.min.iter().copied().fold(f32::MAX, f32::min);
        self.max[0] = self.max.iter().copied().fold(f32::MIN, f32::max);
        self.nan[0] = self.nan.iter().sum();
        self.infinite[0] = self.infinite.iter().sum();
    }

    /// The moments of the values in a lane: `values` in all, of which `padding` were NaN put in.
    #[inline(always)]
    pub fn moments(&self, lane: usize, values: u64, padding: u64) -> Moments {
        let (nan, infinite) = (u64::from(self.nan[lane]), u64::from(self.infinite[lane]));
        let count = values - nan - infinite;
        let from_pivot = if count == 0 { 0.0 } else { self.sum[lane] / count as f64 };
        Moments {
            count,
            mean: if count == 0 { 0.0 } else { self.pivot[lane] + from_pivot },
            m2: (self.squares[lane] - self.sum[lane] * from_pivot).max(0.0),
            min: if count == 0 { f64::MAX } else { f64::from(self.min[lane]) },
            max: if count == 0 { f64::MIN } else { f64::from(self.max[lane]) },
            nan: nan - padding,
            infinite,
        }
    }
}

/// Σ max(limit − x, 0) of each lane, over finite x. Twice that and Σ(x − limit) is Σ|x − limit|.
pub(super) struct ShortfallLanes {
    limit: f32,
    sum: [f64; LANES],
}

impl ShortfallLanes {
    #[inline(always)]
    pub fn under(limit: f32) -> Self {
        Self { limit, sum: [0.0; LANES] }
    }

    #[inline(always)]
    pub fn add(&mut self, block: &[Lanes]) {
        let (limit, mut sum) = (self.limit, self.sum);
        for x in block {
            let under: Lanes = from_fn(
                #[inline(always)]
                |i| if (x[i] < limit) & (x[i] > f32::NEG_INFINITY) { x[i] } else { limit },
            );
            sum = from_fn(
                #[inline(always)]
                |i| sum[i] + (f64::from(limit) - f64::from(under[i])),
            );
        }
        self.sum = sum;
    }

    /// Puts what all lanes have into the first.
    pub fn gather(&mut self) {
        self.sum[0] = self.sum.iter().sum();
    }

    /// Σ|x − limit| of the values in a lane, whose moments are `moments`.
    #[inline(always)]
    pub fn distance(&self, lane: usize, moments: &Moments) -> f64 {
        (moments.mean - f64::from(self.limit)) * moments.count as f64 + 2.0 * self.sum[lane]
    }
}

/// How many values of each lane passed a test.
pub(super) struct CountLanes([u64; LANES]);

/// Counts of a block, which are exact in f32. Sums of integers would be put in another order by the compiler: one that goes
/// across the steps, and takes eight times as long.
type BlockCount = [f32; LANES];

impl CountLanes {
    #[inline(always)]
    pub fn new() -> Self {
        Self([0; LANES])
    }

    /// Counts those for which `passes` holds.
    #[inline(always)]
    pub fn add(&mut self, block: &[Lanes], passes: impl Fn(f32) -> bool) {
        let mut count: BlockCount = [0.0; LANES];
        for x in block {
            count = from_fn(
                #[inline(always)]
                |i| count[i] + if passes(x[i]) { 1.0 } else { 0.0 },
            );
        }
        self.add_block(&count);
    }

    /// Counts in `all` those of `block` for which `passes` holds, and in `some` those of them of which the value at the same place of
    /// `other` is `limit` or under.
    #[inline(always)]
    pub fn add_both(
        [all, some]: [&mut Self; 2],
        [block, other]: [&[Lanes]; 2],
        limit: f32,
        passes: impl Fn(f32) -> bool,
    ) {
        let mut counts: [BlockCount; 2] = [[0.0; LANES]; 2];
        for (x, y) in block.iter().zip(other) {
            let one: BlockCount = from_fn(
                #[inline(always)]
                |i| if passes(x[i]) { 1.0 } else { 0.0 },
            );
            counts = [
                from_fn(
                    #[inline(always)]
                    |i| counts[0][i] + one[i],
                ),
                from_fn(
                    #[inline(always)]
                    |i| counts[1][i] + if y[i] <= limit { one[i] } else { 0.0 },
                ),
            ];
        }
        all.add_block(&counts[0]);
        some.add_block(&counts[1]);
    }

    #[inline(always)]
    fn add_block(&mut self, count: &BlockCount) {
        for (total, &count) in self.0.iter_mut().zip(count) {
            *total += count as u64;
        }
    }

    /// Puts what all lanes have into the first.
    pub fn gather(&mut self) {
        self.0[0] = self.0.iter().sum();
    }

    #[inline(always)]
    pub fn total(&self, lane: usize) -> u64 {
        self.0[lane]
    }
}
