//! What the notes say of ReLU.

use super::answer::Said;
use super::place::{Group, Widget};
use super::reading::{Order, Reading, figure, percent};
use super::statement::Statement;

const GROUP: Group = Group::Relu;

pub(super) const STATEMENTS: &[Statement] = &[
    Statement {
        number: 15,
        group: GROUP,
        sentence: "ReLU is max(0, x), and cheap.",
        experiment: "exp-is-expensive",
        figure: "relu-is-cheap",
        why: "A processor has an instruction for the larger of two numbers, and does several of them at once. There is no exponential, no \
              division and no table.",
        known: &[],
        widget: Some(Widget::OneNeuron),
        read: |r| {
            let (tried, unlike) = (r.median("relu", "numbers tried")?, r.median("relu", "of them not max(0, x)")?);
            let pace = |f: &str| r.median(f, "an element forward, in cache");
            let (relu, sigmoid) = (pace("relu")?, pace("sigmoid")?);
            let short = format!("{} ns a number", figure(relu));
            if unlike > 0.0 {
                return Some(Said::no(format!("{unlike} of {tried} numbers are not max(0, x)."), short));
            }
            let said = format!(
                "it is max(0, x) for all {:.1} million numbers tried, and takes {} ns a number, sigmoid {}.",
                tried / 1e6,
                figure(relu),
                figure(sigmoid)
            );
            Some(if relu < sigmoid { Said::yes(said, short) } else { Said::no(said, short) })
        },
    },
    Statement {
        number: 16,
        group: GROUP,
        sentence: "It does not saturate for x > 0.",
        experiment: "rectifiers",
        figure: "above-zero",
        why: "Over 0 it is the line y = x, whose derivative is 1 everywhere. Under 0 it lets nothing through: that is statement 20, and no \
              saturation of large values.",
        known: &[],
        widget: Some(Widget::OneNeuron),
        read: |r| {
            let saturated = |f: &str| r.of(f, "of those over 0 saturated");
            let (relu, tanh) = (saturated("relu")?, saturated("tanh")?);
            let least = r.median("relu", "least derivative over 0")?;
            let said = format!(
                "its gradient is {} for every x > 0; of tanh's inputs over 0 in a trained network {} are saturated.",
                figure(least),
                percent(tanh.median)
            );
            let short = format!("{} saturated, tanh {}", percent(relu.median), percent(tanh.median));
            Some(if relu.high == 0.0 && least == 1.0 { Said::yes(said, short) } else { Said::no(said, short) })
        },
    },
    Statement {
        number: 17,
        group: GROUP,
        sentence: "It converges much faster, e.g. 6 ×.",
        experiment: "relu-converges-faster",
        figure: "race",
        why: "Sigmoid is slow because its derivative of at most 0.25 shrinks the gradient in every layer. tanh has no such handicap near 0, and \
              with the usual weights it stays there: so it keeps up.",
        known: &[],
        widget: Some(Widget::LearningRate),
        read: converges,
    },
    Statement {
        number: 18,
        group: GROUP,
        sentence: "AlexNet (2012) was the first big CNN with it.",
        experiment: "relu-converges-faster",
        figure: "published",
        why: "Figure 1 of the paper is why the authors took ReLU: with tanh, they write, they could not have tried networks so large. The \
              network then won by so far that ReLU became what everybody uses.",
        known: &[
            (
                "The paper",
                "Krizhevsky, Sutskever and Hinton (2012), ImageNet Classification with Deep Convolutional Neural Networks",
            ),
            (
                "What was compared",
                "a convolutional network of four layers on CIFAR-10, with ReLU and with tanh, each at its own rate",
            ),
            (
                "What was found",
                "25 % training error six times sooner with ReLU; how many times, they add, varies with the network",
            ),
            (
                "Why it mattered",
                "with ReLU a network of 60 million weights could be trained on two graphics cards within a week",
            ),
            ("What it won", "ImageNet 2012: 15.3 % top-5 error, the next entry 26.2 %"),
            (
                "Who came before",
                "rectifiers in vision: Fukushima 1969, Jarrett et al. 2009, Nair and Hinton 2010, Glorot et al. 2011",
            ),
        ],
        widget: None,
        read: |r| {
            let times = r.of("tanh", "times those of relu")?;
            let short = format!("6 × then, {} × here", figure(times.median));
            Some(Said::but(
                format!(
                    "its 6 × is one pair of runs of a smaller network on CIFAR-10; the same protocol gives {} × here.",
                    figure(times.median)
                ),
                short,
            ))
        },
    },
    Statement {
        number: 19,
        group: GROUP,
        sentence: "It is not zero-centred.",
        experiment: "not-zero-centred",
        figure: "relu-outputs",
        why: "It cuts off all that is under 0 and keeps the rest. Of inputs that lie around 0 the rest has a mean over 0.",
        known: &[],
        widget: Some(Widget::OneNeuron),
        read: |r| {
            let under = r.of("relu", "outputs under 0, last layer")?;
            let mean = r.of("relu", "mean, last layer")?;
            let said = format!(
                "{} of the outputs of a fifth layer are under 0, and their mean is {}.",
                percent(under.median),
                figure(mean.median)
            );
            let short = format!("mean {}", figure(mean.median));
            Some(if under.high == 0.0 && mean.low > 0.0 { Said::yes(said, short) } else { Said::no(said, short) })
        },
    },
    Statement {
        number: 20,
        group: GROUP,
        sentence: "Its gradient is zero in the negative half.",
        experiment: "rectifiers",
        figure: "below-zero",
        why: "Under 0 the curve is the line y = 0, whose derivative is 0. A sample that gives a neuron a negative input teaches it nothing.",
        known: &[],
        widget: Some(Widget::OneNeuron),
        read: |r| {
            let (derivative, under) =
                (r.median("relu", "largest derivative under 0")?, r.median("relu", "inputs under 0")?);
            let said = format!(
                "in a trained network {} of the inputs are under 0, and none of them lets a gradient through.",
                percent(under)
            );
            let short = format!("{} of inputs", percent(under));
            Some(if derivative == 0.0 { Said::yes(said, short) } else { Said::no(said, short) })
        },
    },
    Statement {
        number: 21,
        group: GROUP,
        sentence: "Its gradient is not defined at the origin.",
        experiment: "rectifiers",
        figure: "origin",
        why: "From the left the derivative is 0 and from the right it is 1, so at 0 there is none; any value between is a subgradient. An input \
              is exactly 0 so seldom that the choice changes nothing.",
        known: &[
            ("excite", "0"),
            ("PyTorch", "0: torch.nn.ReLU lets the gradient through where x > 0"),
            ("JAX", "0: jax.nn.relu has a rule of its own; jnp.maximum(x, 0) has ½"),
            ("TensorFlow, Keras", "0: ReluGrad lets it through where the feature is over 0"),
            ("ONNX", "says nothing: Relu is max(0, x), and gradients are the trainer's"),
        ],
        widget: Some(Widget::OneNeuron),
        read: |r| {
            let (zero, used) = (r.of("relu", "inputs exactly 0")?, r.median("relu", "derivative at 0")?);
            let exactly = if zero.high == 0.0 { "none".to_owned() } else { percent(zero.median) };
            let short = format!("{exactly} of the inputs");
            Some(if zero.median < 1.0 {
                Said::but(
                    format!(
                        "it does not matter: {} is used, as in PyTorch, JAX and TensorFlow, and {exactly} of a network's inputs is exactly 0.",
                        figure(used)
                    ),
                    short,
                )
            } else {
                Said::yes(format!("and {} of a network's inputs are exactly 0.", percent(zero.median)), short)
            })
        },
    },
    Statement {
        number: 22,
        group: GROUP,
        sentence: "Each ReLU separates the plane in half.",
        experiment: "relu-half-plane",
        figure: "half-planes",
        why: "w · x + b = 0 is a line; on the one side of it the sum is positive and the neuron fires, on the other it is silent. In more \
              dimensions the line is a plane.",
        known: &[],
        widget: Some(Widget::HalfPlane),
        read: |r| {
            let unlike = r.of("relu, all units", "points on which geometry and vitals differ, at most")?;
            let points = r.median("relu, all units", "points")?;
            let said = format!(
                "the line computed from the weights and the neuron itself differ on at most {} of {} points.",
                figure(unlike.high),
                figure(points)
            );
            let short = format!("{} of {} points differ", figure(unlike.high), figure(points));
            // A point on the very line may fall to either side.
            Some(if unlike.high <= 1.0 { Said::yes(said, short) } else { Said::no(said, short) })
        },
    },
    Statement {
        number: 23,
        group: GROUP,
        sentence: "One off the data cloud is dead for ever.",
        experiment: "relu-half-plane",
        figure: "moved",
        why: "No point makes it fire, so no point gives it a gradient, and it stays where it is. Only layers before it could bring it back, by \
              moving what it sees: see 24.",
        known: &[],
        widget: Some(Widget::HalfPlane),
        read: |r| {
            let of = "relu, unit off the cloud";
            let (dead, moved) = (r.of(of, "dead by the vitals")?, r.of(of, "moved by training")?);
            let others = r.median("relu, the other units, mean", "moved by training")?;
            let said = format!(
                "in a first layer the one off the cloud never fired, and training moved it by {}, the others by {}.",
                figure(moved.high),
                figure(others)
            );
            let short = format!("moved by {}, others {}", figure(moved.high), figure(others));
            Some(if dead.low == 100.0 && moved.high == 0.0 { Said::yes(said, short) } else { Said::no(said, short) })
        },
    },
    Statement {
        number: 24,
        group: GROUP,
        sentence: "Cause 1: bad initial weights.",
        experiment: "dead-from-initialisation",
        figure: "by-bias",
        why: "A bias far under 0 puts the line of a neuron beyond all data before training starts. In layer 1 the data stay, and so does the \
              death; in layer 2 they are the outputs of layer 1, which move.",
        known: &[],
        widget: Some(Widget::LearningRate),
        read: born_dead,
    },
    Statement {
        number: 25,
        group: GROUP,
        sentence: "Cause 2: a learning rate that is too high.",
        experiment: "dead-from-learning-rate",
        figure: "killed-by-rate",
        why: "A step that is too long carries the line of a neuron beyond the data, and there it has no gradient to come back by. A lower rate, or \
              clipped gradients, make the step shorter.",
        known: &[],
        widget: Some(Widget::LearningRate),
        read: killed,
    },
];

fn converges(r: &Reading<'_>) -> Option<Said> {
    let epochs = |f: &str| r.of(f, "epochs to 25 %");
    let (relu, tanh) = (epochs("relu")?, epochs("tanh")?);
    let times = r.median("tanh", "times those of relu")?;
    let slow = r.median("sigmoid", "times those of relu")?;
    let sigmoid = if slow.is_finite() {
        format!("sigmoid {} × slower", figure(slow))
    } else {
        format!("sigmoid never got there in {} epochs", figure(r.median("images", "epochs at most")?))
    };
    // The data, without their fingerprint.
    let data = r.0.data.as_ref().map_or("the digits", |data| data.split(" (").next().unwrap_or(data));
    let published = "the 6 × of 2012 was another network, on CIFAR-10";
    Some(match r.order(tanh, relu) {
        Order::Larger if times >= 2.0 => Said::yes(
            format!("on {data} tanh was {} × slower, {sigmoid}; {published}.", figure(times)),
            format!("tanh × {} slower", figure(times)),
        ),
        Order::Larger => Said::but(
            format!("not by much: on {data} tanh was {} × slower, {sigmoid}; {published}.", figure(times)),
            format!("tanh × {} slower", figure(times)),
        ),
        Order::Smaller => Said::no(
            format!("on {data} tanh was {} × faster, {sigmoid}; {published}.", figure(times.recip())),
            format!("tanh × {} faster", figure(times.recip())),
        ),
        Order::Alike => Said::no(
            format!("on {data} tanh was as fast ({} × the epochs), {sigmoid}; {published}.", figure(times)),
            format!("tanh as fast (× {})", figure(times)),
        ),
        Order::Open => Said::open(format!("tanh × {} the epochs", figure(times))),
    })
}

fn born_dead(r: &Reading<'_>) -> Option<Said> {
    let dead = |bias: &str| r.of(&format!("relu, usual weights, {bias}"), "units dead at step 0");
    let (usual, lowest, bias) = (dead("bias 0")?, dead("lowest bias")?, r.median("relu", "lowest bias")?);
    let came_back = |layer: u8| {
        let of = format!("relu, layer {layer}, networks that learn");
        let (born, back) = (r.median(&of, "units dead at step 0")?, r.median(&of, "of them came back")?);
        Some(format!("{} of {}", figure(back), figure(born)))
    };
    let short = format!("{} dead at bias {}", percent(lowest.median), figure(bias));
    let said = format!(
        "{} of the units are dead at a bias of {}, {} at 0; {} came back in layer 1, {} in layer 2.",
        percent(lowest.median),
        figure(bias),
        percent(usual.median),
        came_back(1)?,
        came_back(2)?
    );
    Some(match r.order(lowest, usual) {
        Order::Larger => Said::yes(said, short),
        Order::Open => Said::open(short),
        _ => Said::no(said, short),
    })
}

fn killed(r: &Reading<'_>) -> Option<Said> {
    let of = |which: &str| format!("relu, momentum 0.9, {which}");
    let rate = |which: &str| r.median(&of(which), "rate");
    let units = |which: &str| r.of(&of(which), "units killed");
    let (lowest, worst) = (units("lowest rate")?, units("worst rate")?);
    let (mut all, mut back) = (0.0, 0.0);
    for layer in [1, 2] {
        let of = format!("relu, layer {layer}, all rates");
        all += r.median(&of, "units killed, in all")?;
        back += r.median(&of, "of them alive at the end")?;
    }
    let short = format!("{} at a rate of {}", percent(worst.median), figure(rate("worst rate")?));
    let said = format!(
        "a rate of {} kills {} of the units, one of {} {}; {} of those killed live again at the end.",
        figure(rate("worst rate")?),
        percent(worst.median),
        figure(rate("lowest rate")?),
        percent(lowest.median),
        percent(if all > 0.0 { 100.0 * back / all } else { 0.0 })
    );
    Some(match r.order(worst, lowest) {
        Order::Larger => Said::yes(said, short),
        Order::Open => Said::open(short),
        _ => Said::no(said, short),
    })
}
