//! The curves of activations that are no function of the catalogue.
//!
//! The curve is taken at as many points as it takes for the slope to change little from one to the next, and exactly
//! where it has a corner or a jump. So its facts (the range, where the gradient is 0, where it saturates) are those of the
//! model's own nodes.

use excite::Function;

use super::region::Region;

/// The most points of a curve: smooth bends take some 300, corners one each.
const MOST: usize = 1000;
/// The largest change of the slope from one half of a line to the other, as a share of the largest slope near 0 or of the slope itself.
const CHANGE: f64 = 0.005;
/// Lines are not made shorter than this share of 1 + |z|.
const SHORTEST: f64 = 1e-7;
/// How far from 0 lines are made shorter: pre-activations are rarely larger.
const FARTHEST: f64 = 64.0;
/// The longest description, in letters.
const LONGEST: usize = 40;

/// The function that a region computes at one index of its constants, from its values at the numbers of a grid. None where these are not
/// finite near 0, or the model has had its share of work.
pub(super) fn function(region: &Region, lane: &[usize], grid: &[f64], curve: &[f64]) -> Option<Function> {
    let points: Vec<(f64, f64)> = grid.iter().copied().zip(curve.iter().copied()).collect();
    // Formulas that overflow far from 0 go on as straight lines there.
    let is_finite = |(_, y): &(f64, f64)| y.is_finite();
    let centre = points.partition_point(|(z, _)| *z < 0.0);
    let first = points[..centre].iter().rposition(|point| !is_finite(point)).map_or(0, |place| place + 1);
    let last = points[centre..].iter().position(|point| !is_finite(point)).map_or(points.len(), |place| centre + place);
    let points = refined(points.get(first..last)?.to_vec(), |z| region.curve(lane, z))?;
    Function::from_curve(&region.description(LONGEST), &points).ok()
}

/// The points, and more of them where the curve bends.
fn refined(points: Vec<(f64, f64)>, at: impl Fn(&[f64]) -> Option<Vec<f64>>) -> Option<Vec<(f64, f64)>> {
    let near = || points.iter().copied().filter(|(z, _)| z.abs() <= 8.0);
    let steepest = near().zip(near().skip(1)).map(|(a, b)| slope(a, b).abs()).fold(0.0, f64::max);
    let (low, high) = near().fold((f64::MAX, f64::MIN), |(low, high), (_, y)| (low.min(y), high.max(y)));
    // Whether the curve may bend between a point and the next.
    let mut open = vec![true; points.len()];
    let mut points = points;
    loop {
        let mut cut: Vec<usize> = (0..points.len() - 1).filter(|&line| open[line] && is_long(&points, line)).collect();
        cut.sort_by(|&a, &b| points[a].0.abs().total_cmp(&points[b].0.abs()));
        cut.truncate(MOST.saturating_sub(points.len()));
        if cut.is_empty() {
            break;
        }
        cut.sort_unstable();
        let cut_at = |&line: &usize| corner(&points, line, &at).unwrap_or(0.5 * (points[line].0 + points[line + 1].0));
        let z: Vec<f64> = cut.iter().map(cut_at).collect();
        let y = at(&z)?;
        let mut more = Vec::with_capacity(points.len() + cut.len());
        let mut still_open = Vec::with_capacity(points.len() + cut.len());
        let mut cuts = cut.iter().zip(z.into_iter().zip(y)).peekable();
        for line in 0..points.len() {
            more.push(points[line]);
            still_open.push(false);
            let Some((_, between)) = cuts.next_if(|(cut, _)| **cut == line) else { continue };
            let (before, after) = (slope(points[line], between), slope(between, points[line + 1]));
            let change = CHANGE * steepest.max(before.abs().min(after.abs()));
            if (before - after).abs() > change {
                *still_open.last_mut()? = true;
                more.push(between);
                still_open.push(true);
            }
        }
        (points, open) = (more, still_open);
    }
    Some(straightened(&with_jumps(&points, 1e-3 * (high - low)), steepest))
}

fn slope(a: (f64, f64), b: (f64, f64)) -> f64 {
    (b.1 - a.1) / (b.0 - a.0)
}

/// Whether a line is long enough to be cut in two.
fn is_long(points: &[(f64, f64)], line: usize) -> bool {
    let (a, b) = (points[line].0, points[line + 1].0);
    b - a > 2.0 * SHORTEST * (1.0 + a.abs()) && a.abs().min(b.abs()) <= FARTHEST
}

/// Where the lines on both sides of a line meet, if the curve has a corner there.
fn corner(points: &[(f64, f64)], line: usize, at: impl Fn(&[f64]) -> Option<Vec<f64>>) -> Option<f64> {
    let [a, b, c, d] = *points.get(line.checked_sub(1)?..line + 3)?.as_array()?;
    let (before, after) = (slope(a, b), slope(c, d));
    let meeting = (c.1 - b.1 + before * b.0 - after * c.0) / (before - after);
    let margin = 1e-6 * (c.0 - b.0);
    let is_corner = |z: &f64| {
        let lines = [before.mul_add(z - b.0, b.1), after.mul_add(z - c.0, c.1)];
        let found = (b.0 + margin..c.0 - margin).contains(z).then(|| at(&[*z])).flatten();
        found.is_some_and(|found| lines.iter().all(|line| (found[0] - line).abs() <= 1e-9 * (1.0 + line.abs())))
    };
    // Corners are numbers of the model, which has them in f32.
    [f64::from(meeting as f32), meeting].into_iter().find(is_corner)
}

/// The points with jumps in place of short lines that climb more than `height`: two points at one place.
fn with_jumps(points: &[(f64, f64)], height: f64) -> Vec<(f64, f64)> {
    let mut all = points.to_vec();
    for place in 1..points.len().saturating_sub(1) {
        let (a, b) = (points[place - 1], points[place]);
        if (b.1 - a.1).abs() > height && b.0 - a.0 <= 4.0 * SHORTEST * (1.0 + a.0.abs()) {
            // The last of three points at one place would be one too many.
            all[place].0 = a.0;
        }
    }
    let mut kept: Vec<(f64, f64)> = Vec::with_capacity(all.len());
    for point in all {
        if kept.len() >= 2 && kept[kept.len() - 2].0 == point.0 {
            kept.pop();
        }
        kept.push(point);
    }
    kept
}

/// The points without those on a straight line between others.
fn straightened(points: &[(f64, f64)], steepest: f64) -> Vec<(f64, f64)> {
    let mut kept: Vec<(f64, f64)> = Vec::with_capacity(points.len());
    for &point in points {
        if let [.., a, b] = kept[..] {
            let (before, after) = (slope(a, b), slope(b, point));
            let is_level = before == 0.0 && after == 0.0;
            // A jump has no finite slope.
            let is_straight = before.is_finite() && (before - after).abs() <= 1e-9 * steepest.max(before.abs());
            if is_level || (is_straight && before != 0.0 && after != 0.0) {
                kept.pop();
            }
        }
        kept.push(point);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(f: impl Fn(f64) -> f64) -> Function {
        let grid: Vec<f64> = (-64..=64).map(|step| f64::from(step) / 8.0).collect();
        let points = grid.iter().map(|&z| (z, f(z))).collect();
        let points = refined(points, |z| Some(z.iter().map(|&z| f(z)).collect())).unwrap();
        Function::from_curve("f", &points).unwrap()
    }

    #[test]
    fn corners_are_found_where_they_are() {
        let f = curve(|z| z.clamp(-0.3, 2.77));
        let points: Vec<f64> = f.curve().unwrap().iter().map(|point| point.0).collect();
        assert_eq!(points.len(), 4, "{points:?}");
        assert!((points[1] + 0.3).abs() < 1e-6 && (points[2] - 2.77).abs() < 1e-6, "{points:?}");
        assert_eq!([-0.31, 0.0, 2.76, 2.78].map(|z: f64| f.slope(z) != 0.0), [false, true, true, false]);
    }

    #[test]
    fn smooth_bends_have_their_slope_and_corners_between_them_are_exact() {
        let f = curve(|z| z.min(3.03) / (1.0 + (-z).exp()));
        let count = f.curve().unwrap().len();
        assert!((100..600).contains(&count), "{count} points");
        for z in [-5.01, -1.3, 0.07, 2.9, 3.02, 3.04, 6.0_f64] {
            let exact = |z: f64| z.min(3.03) / (1.0 + (-z).exp());
            let slope = (exact(z + 1e-6) - exact(z - 1e-6)) / 2e-6;
            assert!((f.slope(z) - slope).abs() < 0.007, "{} for {slope} at {z}", f.slope(z));
            assert!((f.value(z) - exact(z)).abs() < 1e-3);
        }
    }

    #[test]
    fn jumps_are_two_points_at_one_place() {
        let f = curve(|z| if z > 0.7 { z } else { 0.0 });
        assert!(f.curve().unwrap().windows(2).any(|pair| pair[0].0 == pair[1].0), "{:?}", f.curve());
        assert!(excite::Facts::of(f).lipschitz.is_infinite());
        assert_eq!([0.69, 0.71].map(|z: f64| f.value(z)), [0.0, 0.71]);
        assert_eq!([0.69, 0.71].map(|z: f64| f.slope(z).abs() < 1e-9), [true, false]);
        assert!(f.curve().unwrap().len() < 60, "{:?}", f.curve());
    }
}
