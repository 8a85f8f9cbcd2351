//! What the notes say of the sigmoid, and of inputs that are never negative.

use super::answer::Said;
use super::place::{Group, Widget};
use super::reading::{Order, Reading, figure, from_to, percent};
use super::statement::Statement;

const GROUP: Group = Group::Sigmoid;

pub(super) const STATEMENTS: &[Statement] = &[
    Statement {
        number: 1,
        group: GROUP,
        sentence: "Sigmoid has a linear region around 0.",
        experiment: "sigmoid-squashes",
        figure: "linear-region",
        why: "The curve is bent the one way below 0 and the other way above, so at 0 itself it is not bent at all. The derivative is largest \
              there, 0.25, and flat: close by it hardly changes.",
        known: &[],
        widget: Some(Widget::OneNeuron),
        read: |r| {
            let (low, high) = (r.median("sigmoid", "linear from")?, r.median("sigmoid", "linear to")?);
            let share = r.median("sigmoid", "normal inputs in the linear region")?;
            let span = format!("{} to {}", figure(low), figure(high));
            if !(low < -1e-3 && high > 1e-3) {
                return Some(Said::no("its derivative changes at once.", "none"));
            }
            let said = format!(
                "from {span} its gradient stays within 5 % of the largest; {} of standard normal inputs lie there.",
                percent(share)
            );
            Some(Said::yes(said, format!("linear from {span}")))
        },
    },
    Statement {
        number: 2,
        group: GROUP,
        sentence: "It squashes every number into [0, 1].",
        experiment: "sigmoid-squashes",
        figure: "squashed",
        why: "1 / (1 + e⁻ˣ) has a denominator from 1 to ∞, whatever x is. So large inputs are hardly distinguished.",
        known: &[],
        widget: Some(Widget::OneNeuron),
        read: |r| {
            let (low, high) = (r.median("sigmoid", "least output")?, r.median("sigmoid", "largest output")?);
            let span = format!("{} to {}", figure(low), figure(high));
            let said = format!("over all magnitudes of a 32-bit number its outputs go from {span}.");
            let is_within = low >= 0.0 && high <= 1.0;
            Some(if is_within { Said::yes(said, format!("outputs {span}")) } else { Said::no(said, span) })
        },
    },
    Statement {
        number: 3,
        group: GROUP,
        sentence: "Saturated neurons kill the gradients.",
        experiment: "saturation-kills-gradients",
        figure: "sigmoid-kills",
        why: "The gradient that comes back is multiplied by the derivative, which is near 0 where the curve is flat. Depth is another cause: \
              a derivative of at most 0.25 leaves at most 0.25ⁿ of it after n layers, saturated or not.",
        known: &[],
        widget: Some(Widget::OneNeuron),
        read: |r| kills(r, "sigmoid", 6),
    },
    Statement {
        number: 4,
        group: GROUP,
        sentence: "Its outputs are all positive, not zero-centred.",
        experiment: "not-zero-centred",
        figure: "sigmoid-outputs",
        why: "1 / (1 + e⁻ˣ) is over 0 for every x. An input of 0 gives 0.5, so outputs lie around 0.5 where inputs lie around 0.",
        known: &[],
        widget: Some(Widget::OneNeuron),
        read: |r| {
            let over = r.of("sigmoid", "outputs over 0, last layer")?;
            let mean = r.median("sigmoid", "mean, last layer")?;
            let said = format!(
                "{} of the outputs of a fifth layer are over 0, with a mean of {}.",
                percent(over.median),
                figure(mean)
            );
            let short = format!("mean {}", figure(mean));
            Some(if over.low == 100.0 { Said::yes(said, short) } else { Said::no(said, short) })
        },
    },
    Statement {
        number: 5,
        group: GROUP,
        sentence: "In y = Wx + b all of dL/dW have one sign.",
        experiment: "same-sign-gradients",
        figure: "one-neuron",
        why: "dL/dW = error · x: each weight's gradient is the neuron's error times that weight's input. With every x over 0 all of them have \
              the sign of the error.",
        known: &[],
        widget: Some(Widget::ZigZag),
        read: |r| {
            let one = r.of("sigmoid", "neurons of one sign, 1 sample")?;
            let tanh = r.median("tanh", "neurons of one sign, 1 sample")?;
            let said = format!(
                "behind sigmoid so in {} of the neurons, one sample at a time; behind tanh in {}.",
                percent(one.median),
                percent(tanh)
            );
            let short = format!("{} of neurons", percent(one.median));
            Some(if one.low == 100.0 { Said::yes(said, short) } else { Said::no(said, short) })
        },
    },
    Statement {
        number: 6,
        group: GROUP,
        sentence: "So all weights rise together or fall together.",
        experiment: "same-sign-gradients",
        figure: "by-batch",
        why: "A step is minus the gradient, so gradients of one sign move all weights one way. A batch adds up samples whose errors have \
              different signs, and the sum of their gradients need not have one.",
        known: &[],
        widget: Some(Widget::ZigZag),
        read: |r| {
            let one = r.of("sigmoid", "neurons of one sign, 1 sample")?;
            let batch = r.of("sigmoid", "neurons of one sign, batch of 32")?;
            if one.low < 100.0 {
                return Some(Said::no(format!("only in {} of the neurons.", percent(one.median)), percent(one.median)));
            }
            let short = format!("{} in batches of 32", percent(batch.median));
            Some(if batch.high < 90.0 {
                let said = format!(
                    "only for a single sample: in batches of 32 so in {} of the neurons.",
                    percent(batch.median)
                );
                Said::but(said, short)
            } else {
                Said::yes(format!("also in {} of the neurons in batches of 32.", percent(batch.median)), short)
            })
        },
    },
    Statement {
        number: 7,
        group: GROUP,
        sentence: "The way to the optimum is a zig-zag.",
        experiment: "zig-zag",
        figure: "sigmoid-paths",
        why: "One weight has to rise and the other to fall, but a single sample moves both one way: so they overshoot in turns. The mean over \
              all samples has no such bond, and its gradient leads down the valley.",
        known: &[],
        widget: Some(Widget::ZigZag),
        read: |r| {
            let path = |steps: &str| r.median(&format!("sigmoid as it is, {steps}"), "path over straight line");
            let centred = r.median("sigmoid less its mean, single samples", "path over straight line")?;
            let (single, few, all) = (path("single samples")?, path("batches of 8")?, path("all samples")?);
            let short = format!("path × {}, by all × {}", figure(single), figure(all));
            let zigzags = single > 2.0 && single > 1.5 * centred;
            Some(match (zigzags, all < 1.5) {
                (true, true) => Said::but(
                    format!(
                        "only by single samples ({} × the straight line) and small batches ({} ×): all samples at once go straight.",
                        figure(single),
                        figure(few)
                    ),
                    short,
                ),
                (true, false) => Said::yes(format!("the path is {} times the straight line.", figure(single)), short),
                (false, _) => Said::no(format!("the path is {} times the straight line.", figure(single)), short),
            })
        },
    },
    Statement {
        number: 8,
        group: GROUP,
        sentence: "Updates are allowed into two quadrants only.",
        experiment: "zig-zag",
        figure: "sigmoid-quadrants",
        why: "Of two weights with gradients of one sign both rise or both fall: up and to the right, or down and to the left. The other two \
              quadrants, where one rises and the other falls, are closed, and here the optimum lies in one of them.",
        known: &[],
        widget: Some(Widget::ZigZag),
        read: |r| {
            let one = |how: &str| r.median(&format!("sigmoid {how}"), "steps of one sign");
            let (raw, centred) = (one("as it is, single samples")?, one("less its mean, single samples")?);
            let all = one("as it is, all samples")?;
            let short = format!("{}, zero-mean {}", percent(raw), percent(centred));
            Some(if raw < 100.0 {
                Said::no(format!("{} of the steps go there.", percent(raw)), short)
            } else {
                Said::but(
                    format!(
                        "only one sample at a time: {} of such steps go there, {} with zero-mean inputs, {} of those by all samples.",
                        percent(raw),
                        percent(centred),
                        percent(all)
                    ),
                    short,
                )
            })
        },
    },
    Statement {
        number: 9,
        group: GROUP,
        sentence: "That is inefficient.",
        experiment: "zig-zag",
        figure: "sigmoid-steps",
        why: "A step in a closed direction is made of two that partly undo each other. Even where the path is straight, as with all samples, \
              inputs off zero make the valley narrow, and a narrow valley takes small steps.",
        known: &[],
        widget: Some(Widget::ZigZag),
        read: |r| {
            let steps = |how: &str, by: &str| r.of(&format!("sigmoid {how}, {by}"), "steps");
            let pair = |by: &str| Some((steps("as it is", by)?, steps("less its mean", by)?));
            let (single, all) = (pair("single samples")?, pair("all samples")?);
            let words = |(raw, centred): (excite_vitals::statistics::Spread, excite_vitals::statistics::Spread)| {
                format!("{} steps instead of {}", figure(raw.median), figure(centred.median))
            };
            let short = words(single);
            Some(match r.all_larger(&[single, all]) {
                Order::Larger => {
                    Said::yes(format!("{} by single samples, {} by all of them.", words(single), words(all)), short)
                }
                Order::Open => Said::open(short),
                _ => Said::no(format!("{} by single samples.", words(single)), short),
            })
        },
    },
    Statement {
        number: 10,
        group: GROUP,
        sentence: "So we want zero-mean data.",
        experiment: "zero-mean-data",
        figure: "epochs",
        why: "Without the mean the gradients of a neuron's weights need not have one sign, and the loss is a rounder bowl. So a higher rate can \
              be taken, and fewer epochs do.",
        known: &[],
        widget: Some(Widget::ZigZag),
        read: |r| {
            let mut pairs = vec![];
            let mut times = vec![];
            for f in ["sigmoid", "tanh", "relu"] {
                for (off, centred) in [("raw", "centred"), ("scaled", "standardised")] {
                    let epochs = |how: &str| r.of(&format!("{f}, {how}"), "epochs to 5 %");
                    let (off, centred) = (epochs(off)?, epochs(centred)?);
                    times.push(off.median / centred.median);
                    pairs.push((off, centred));
                }
            }
            let faster = times.iter().filter(|times| **times > 1.0).count();
            let said = format!(
                "for sigmoid, tanh and ReLU alike data with their mean take {} × as many epochs.",
                from_to(&times)
            );
            let short = format!("{} × the epochs", from_to(&times));
            Some(match r.all_larger(&pairs) {
                Order::Larger => Said::yes(said, short),
                Order::Open => Said::open(short),
                _ if faster == pairs.len() => Said::but(
                    format!(
                        "with some functions the seeds overlap; the medians are {} × as many epochs.",
                        from_to(&times)
                    ),
                    short,
                ),
                _ => Said::no(format!("{} of {} pairs are not faster.", pairs.len() - faster, pairs.len()), short),
            })
        },
    },
    Statement {
        number: 11,
        group: GROUP,
        sentence: "The inputs should be of both signs.",
        experiment: "zero-mean-data",
        figure: "signs",
        why: "Grey values are never negative, so the first layer has gradients of one sign, as one behind a sigmoid has. Less their mean, they \
              are of both signs, and so are the gradients.",
        known: &[],
        widget: Some(Widget::ZigZag),
        read: |r| {
            let under = |how: &str| r.median(how, "inputs under 0");
            let one = |how: &str| r.median(&format!("sigmoid, {how}"), "neurons of one sign, 1 sample");
            let (raw, centred, before, after) = (under("raw")?, under("centred")?, one("raw")?, one("centred")?);
            let short = format!("one sign: {} → {}", percent(before), percent(after));
            Some(if after < before {
                Said::yes(
                    format!(
                        "with {} instead of {} of the inputs under 0, neurons with gradients of one sign fall from {} to {}.",
                        percent(centred),
                        percent(raw),
                        percent(before),
                        percent(after)
                    ),
                    short,
                )
            } else {
                Said::no(format!("{} of the neurons have gradients of one sign either way.", percent(after)), short)
            })
        },
    },
    Statement {
        number: 12,
        group: GROUP,
        sentence: "exp() is a bit expensive.",
        experiment: "exp-is-expensive",
        figure: "costs",
        why: "An exponential takes a dozen multiplications, a comparison takes one instruction. But a layer multiplies each number with 64 or \
              more weights first, and that takes far longer.",
        known: &[],
        widget: None,
        read: |r| {
            let times = |f: &str, what: &str| r.of(f, &format!("times ReLU{what}"));
            let (sigmoid, tanh) = (times("sigmoid", " forward, in cache")?, times("tanh", " forward, in cache")?);
            let layer = times("sigmoid", ", a layer of 64")?;
            let short = format!("× {} a number, × {:.2} a layer", figure(sigmoid.median), layer.median);
            let said = format!(
                "hardly: per number sigmoid takes {} and tanh {} times as long as ReLU, but a whole layer only {:.2} times.",
                figure(sigmoid.median),
                figure(tanh.median),
                layer.median
            );
            Some(if sigmoid.median > 1.5 { Said::but(said, short) } else { Said::no(said, short) })
        },
    },
];

/// What saturation does to the gradient of `f`, at `z` for one neuron.
pub(super) fn kills(r: &Reading<'_>, f: &str, z: u8) -> Option<Said> {
    let through = r.median(f, &format!("gradient let through at z = {z}"))?;
    let way = r.median(f, "of the way from z = 8 in 200 steps")?;
    let [flat, others] = ["them", "the others"].map(|by| r.median(f, &format!("of the gradient let through by {by}")));
    let (flat, others) = (flat?, others?);
    let short = format!("{} let through at z = {z}", percent(through));
    let said = format!(
        "at z = {z} a neuron lets {} through, in a layer saturated values {} and the others {}; depth is another matter.",
        percent(through),
        percent(flat),
        percent(others)
    );
    Some(if through < 5.0 && way < 10.0 && 2.0 * flat < others {
        Said::yes(said, short)
    } else {
        Said::no(said, short)
    })
}
