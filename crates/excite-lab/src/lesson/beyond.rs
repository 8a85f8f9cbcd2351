//! What the notes do not ask, and a reader does.

use super::answer::Said;
use super::place::{Group, Widget};
use super::reading::Reading;
use super::statement::Statement;

pub(super) const STATEMENTS: &[Statement] = &[Statement {
    number: 32,
    group: Group::Beyond,
    sentence: "Dead units can be avoided.",
    experiment: "remedies",
    figure: "what-helps",
    why: "Units born dead need another start or a function with a gradient on both sides; units killed in training need shorter steps. A \
          remedy against the one cause need not help against the other.",
    known: &[],
    widget: Some(Widget::LearningRate),
    read: remedies,
}];

fn remedies(r: &Reading<'_>) -> Option<Said> {
    const REMEDIES: [&str; 7] =
        ["lower rate", "warm-up", "clipping", "leaky ReLU", "ELU", "standardising", "better start"];
    let helping = |ailment: &str| -> Option<Vec<&str>> {
        let helps = |name: &&str| Some(r.median(&format!("relu {ailment}, {name}"), "helps")? > 0.0);
        let all: Option<Vec<bool>> = REMEDIES.iter().map(helps).collect();
        Some(REMEDIES.into_iter().zip(all?).filter(|(_, helps)| *helps).map(|(name, _)| name).collect())
    };
    let (born, killed) = (helping("born dead")?, helping("killed in training")?);
    let short = format!("{} and {} of 7 remedies help", born.len(), killed.len());
    Some(if born.is_empty() && killed.is_empty() {
        Said::no("none of seven remedies helped.", short)
    } else {
        Said::yes(format!("born dead, by {}; killed in training, by {}.", listed(&born), listed(&killed)), short)
    })
}

fn listed(names: &[&str]) -> String {
    match names {
        [] => "nothing tried".to_owned(),
        [one] => (*one).to_owned(),
        [before @ .., last] => format!("{} or {last}", before.join(", ")),
    }
}
