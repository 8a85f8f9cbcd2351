//! Next to the root of a slope, where its formula would cancel.

use super::Number;

/// f(x₀ + d) = d·(c₀ + c₁·d + …), the Taylor series at a root x₀, in mpmath with 80 digits.
pub struct Root {
    /// x₀
    pub at: (f64, f64),
    /// c₀
    pub steepness: (f64, f64),
    /// The other coefficients, highest power first.
    pub rest: [f64; 11],
}

/// How far from the root the series counts: cut off it is right to 2^-61 there, and beyond no formula loses more than four digits.
const REACH: f64 = 1.0 / 16.0;

impl Root {
    /// f(x) by the series next to the root, else `elsewhere`.
    #[inline(always)]
    pub fn beside<N: Number>(&self, x: N, elsewhere: N) -> N {
        // The difference of the heads is exact here, and x₀'s tail has all digits that are left where they are equal.
        let d = x - N::constant(self.at.0, self.at.1);
        let near = d.polynomial_f64(&self.rest) * d + N::constant(self.steepness.0, self.steepness.1);
        if d.abs() < N::lit(REACH) { near * d } else { elsewhere }
    }
}
