//! What the notes say of tanh.

use super::answer::Said;
use super::place::{Group, Widget};
use super::reading::{figure, percent};
use super::sigmoid::kills;
use super::statement::Statement;

const GROUP: Group = Group::Tanh;

pub(super) const STATEMENTS: &[Statement] = &[
    Statement {
        number: 13,
        group: GROUP,
        sentence: "tanh is zero-centred.",
        experiment: "not-zero-centred",
        figure: "tanh-outputs",
        why: "tanh(−x) = −tanh(x): inputs that lie evenly around 0 give outputs that do. It is a sigmoid stretched to [−1, 1], and 0 goes to 0.",
        known: &[],
        widget: Some(Widget::OneNeuron),
        read: |r| {
            let mean = r.of("tanh", "mean, last layer")?;
            let deviation = r.median("tanh", "standard deviation, last layer")?;
            let under = r.median("tanh", "outputs under 0, last layer")?;
            let said = format!(
                "the outputs of a fifth layer have a mean of {}, and {} of them are under 0.",
                figure(mean.median),
                percent(under)
            );
            let short = format!("mean {}", figure(mean.median));
            // A tenth of the standard deviation is as good as centred.
            let is_centred = mean.median.abs() < 0.1 * deviation;
            Some(if is_centred { Said::yes(said, short) } else { Said::no(said, short) })
        },
    },
    Statement {
        number: 14,
        group: GROUP,
        sentence: "It still kills gradients when it saturates.",
        experiment: "saturation-kills-gradients",
        figure: "tanh-kills",
        why: "Its curve is flat at both ends as that of sigmoid is, and twice as soon. Its derivative at 0 is 1, not 0.25, so depth alone does \
              not make the gradient vanish.",
        known: &[],
        widget: Some(Widget::Depth),
        read: |r| kills(r, "tanh", 3),
    },
];
