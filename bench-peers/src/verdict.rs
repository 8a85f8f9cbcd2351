//! The aims, and whether the figures meet them.

use crate::accuracy::CLASS_ULP;
use crate::jobs::{Job, Table};
use crate::peers::{COPY, FAST, FAST_AVX2, LIBM, OWN, OWN_AVX2, PASS, RTEN_AVX2, STREAMED_PASS};
use crate::results::Results;

/// One aim, held against what was measured.
pub struct Verdict {
    pub aim: String,
    /// How many figures were measured, and how many of them meet it.
    pub total: usize,
    pub met: usize,
    /// The figure that is furthest from it, or nearest to missing it.
    pub worst: String,
    /// All figures that miss it, the furthest first.
    pub missed: String,
}

/// A figure, and what it is of.
type Figure = (String, f64);

/// Whether figures are to be so large or so small.
#[derive(Clone, Copy)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Bound {
    /// By the figure as it is printed.
    fn holds(self, figure: f64) -> bool {
        let printed = (figure * 100.0).round() / 100.0;
        match self {
            Self::AtLeast(bound) => printed >= bound,
            Self::AtMost(bound) => printed <= bound,
        }
    }
}

/// Whether a column of the tables of libraries is a rival of this library, and no yardstick or other form of itself.
pub fn is_rival(column: &str) -> bool {
    ![OWN, OWN_AVX2, FAST, FAST_AVX2, RTEN_AVX2, COPY, PASS, STREAMED_PASS].contains(&column)
}

/// Whether the normal results of that library are within the class.
pub fn is_accurate(results: &Results, row: &str, column: &str) -> bool {
    results.get(Table::Accuracy, 0, row, column).is_some_and(|ulp| ulp <= CLASS_ULP)
}

pub fn all(results: &Results, jobs: &[Job], sizes: [usize; 3]) -> Vec<Verdict> {
    use Bound::{AtLeast, AtMost};
    let figures = Figures { results, jobs };
    let (caches, large) = (&sizes[..2], &sizes[2..]);
    // A tie is not faster.
    let faster = AtLeast(1.01);
    vec![
        judge(
            "Fast: in the caches at least as fast as the fastest library of any accuracy",
            AtLeast(1.0),
            figures.fastest_over(FAST, caches, false),
        ),
        judge("Fast: in memory faster than every library", faster, figures.fastest_over(FAST, large, false)),
        judge(
            "Fast: on AVX2 at least as fast as rten-vecmath on AVX2",
            AtLeast(1.0),
            figures.ratios(Table::Forward, &sizes, &[], RTEN_AVX2, figures.on_avx2(FAST_AVX2, FAST)),
        ),
        judge(
            "in the caches at least as fast as the fastest library within 3 ULP",
            AtLeast(1.0),
            figures.fastest_over(OWN, caches, true),
        ),
        judge(
            "in the caches within 1.15 of the fastest library of any accuracy (0.87)",
            AtLeast(0.87),
            figures.fastest_over(OWN, caches, false),
        ),
        judge("in memory faster than every library", faster, figures.fastest_over(OWN, large, false)),
        judge(
            "on AVX2 at least as fast as rten-vecmath on AVX2",
            AtLeast(1.0),
            figures.ratios(Table::Forward, &sizes, &[], RTEN_AVX2, figures.on_avx2(OWN_AVX2, OWN)),
        ),
        judge(
            "identity, ReLU, ReLU6 and leaky ReLU in memory under 0.8 of memcpy",
            AtMost(0.8),
            figures.ratios(Table::Forward, large, &["identity", "relu", "relu6", "leaky_relu"], OWN, COPY),
        ),
        judge(
            "backward of sigmoid, tanh and ReLU in memory within 1.1 of a pass that reads two arrays and writes one, past the caches",
            AtMost(1.1),
            figures.ratios(Table::Backward, large, &["sigmoid", "tanh", "relu"], OWN, STREAMED_PASS),
        ),
        judge(
            "backward of GELU, SiLU, Mish and softplus at least twice as fast as PyTorch's",
            AtLeast(2.0),
            figures.ratios(Table::Backward, &sizes, &["gelu", "silu", "mish", "softplus"], "PyTorch", OWN),
        ),
        judge(
            "Fast: f16 in memory faster than f32",
            faster,
            figures.ratios(Table::Types, large, &[], "f32, Fast", "f16, Fast"),
        ),
        judge(
            "Fast: bf16 in memory faster than f32",
            faster,
            figures.ratios(Table::Types, large, &[], "f32, Fast", "bf16, Fast"),
        ),
        judge("f16 in memory faster than f32", faster, figures.ratios(Table::Types, large, &[], "f32", "f16")),
        judge("bf16 in memory faster than f32", faster, figures.ratios(Table::Types, large, &[], "f32", "bf16")),
        judge(
            "f64 at least twice as fast as libm",
            AtLeast(2.0),
            figures.ratios(Table::Double, &sizes, &[], LIBM, OWN),
        ),
        judge(
            "exact at most twice the time of the default",
            AtMost(2.0),
            figures.ratios(Table::Exact, &sizes, &[], "exact", "default"),
        ),
        judge(
            "2 threads in memory at least 1.7 times as fast as one",
            AtLeast(1.7),
            figures.ratios(Table::Threads, large, &[], "1 thread", "2 threads"),
        ),
    ]
}

/// What was measured, as ratios.
struct Figures<'a> {
    results: &'a Results,
    jobs: &'a [Job],
}

impl Figures<'_> {
    fn jobs(&self, table: Table, sizes: &[usize]) -> impl Iterator<Item = &Job> {
        self.jobs.iter().filter(move |job| job.table == table && sizes.contains(&job.size))
    }

    /// One column's time over another's, for the functions of those names, or for all; where both were measured.
    fn ratios(&self, table: Table, sizes: &[usize], functions: &[&str], above: &str, below: &str) -> Vec<Figure> {
        self.jobs(table, sizes)
            .filter(|job| functions.is_empty() || functions.contains(&job.task.subject.name()))
            .filter_map(|job| {
                let cell = |column| self.results.get(table, job.size, &job.task.to_string(), column);
                Some((label(job, sizes), cell(above)? / cell(below)?))
            })
            .collect()
    }

    /// The time of the fastest other library over that of excite, forward.
    fn fastest_over(&self, own: &str, sizes: &[usize], accurate: bool) -> Vec<Figure> {
        self.jobs(Table::Forward, sizes)
            .filter_map(|job| {
                let row = job.task.to_string();
                let own = self.results.get(Table::Forward, job.size, &row, own)?;
                let others = self.results.row(Table::Forward, job.size, &row).iter();
                let (name, fastest) = others
                    .filter(|(name, _)| is_rival(name) && (!accurate || is_accurate(self.results, &row, name)))
                    .min_by(|a, b| a.1.total_cmp(&b.1))?;
                Some((format!("{} ({name})", label(job, sizes)), fastest / own))
            })
            .collect()
    }

    /// The column of excite on AVX2: where the machine has no more, that of its best.
    fn on_avx2(&self, avx2: &'static str, best: &'static str) -> &'static str {
        let has = |job: &Job| self.results.get(job.table, job.size, &job.task.to_string(), avx2).is_some();
        if self.jobs.iter().any(has) { avx2 } else { best }
    }
}

/// The function, and the size where there are several.
fn label(job: &Job, sizes: &[usize]) -> String {
    let backward = if job.table == Table::Threads && job.task.is_backward() { " backward" } else { "" };
    let size = if sizes.len() > 1 { format!(" at {}", grouped(job.size)) } else { String::new() };
    format!("{}{backward}{size}", job.task.subject.name())
}

/// With a comma after each three digits.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).expect("digits")).collect();
    groups.join(",")
}

/// All figures against the bound, those that miss it named, the furthest first.
fn judge(aim: &str, bound: Bound, mut figures: Vec<Figure>) -> Verdict {
    let distance = |figure: f64| match bound {
        Bound::AtLeast(_) => figure,
        Bound::AtMost(_) => -figure,
    };
    figures.sort_by(|a, b| distance(a.1).total_cmp(&distance(b.1)));
    let total = figures.len();
    let print = |figures: &[Figure]| -> String {
        figures.iter().map(|(label, figure)| format!("{label} {figure:.2}")).collect::<Vec<_>>().join(", ")
    };
    let missed: Vec<Figure> = figures.iter().filter(|(_, figure)| !bound.holds(*figure)).cloned().collect();
    Verdict {
        aim: aim.to_owned(),
        total,
        met: total - missed.len(),
        worst: print(&figures[..total.min(1)]),
        missed: print(&missed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(all: &[f64]) -> Vec<Figure> {
        all.iter().map(|figure| (format!("f{figure}"), *figure)).collect()
    }

    #[test]
    fn misses_are_found_and_named() {
        let verdict = judge("fast", Bound::AtLeast(1.0), figures(&[1.2, 0.8, 0.998]));
        assert_eq!((verdict.met, verdict.total, verdict.missed.as_str()), (2, 3, "f0.8 0.80"));
        let verdict = judge("slow", Bound::AtMost(2.0), figures(&[1.2, 1.9]));
        assert_eq!((verdict.met, verdict.worst.as_str(), verdict.missed.as_str()), (2, "f1.9 1.90", ""));
        assert_eq!(judge("nothing", Bound::AtMost(2.0), Vec::new()).total, 0);
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([7, 4_096, 33_554_432].map(grouped), ["7", "4,096", "33,554,432"]);
    }
}
