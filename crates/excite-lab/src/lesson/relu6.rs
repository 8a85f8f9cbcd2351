//! What the notes say of ReLU6.

use excite_vitals::statistics::Spread;

use super::answer::Said;
use super::place::{Group, Widget};
use super::reading::{Order, Reading, figure};
use super::statement::Statement;

const GROUP: Group = Group::Relu6;
const EXPERIMENT: &str = "relu6-fixed-point";
/// The caps that are held against 6.
const CAPS: [&str; 5] = ["cap 1", "cap 2", "cap 4", "cap 8", "cap 16"];

pub(super) const STATEMENTS: &[Statement] = &[
    Statement {
        number: 26,
        group: GROUP,
        sentence: "ReLU6 is min(max(x, 0), 6).",
        experiment: "rectifiers",
        figure: "capped",
        why: "max(x, 0) is ReLU, and min(…, 6) puts a lid on it. Over 6, as under 0, the derivative is 0.",
        known: &[],
        widget: Some(Widget::OneNeuron),
        read: |r| {
            let (tried, unlike) =
                (r.median("relu6", "numbers tried")?, r.median("relu6", "of them not min(max(x, 0), 6)")?);
            let said = format!("for all {:.1} million numbers tried, over all magnitudes.", tried / 1e6);
            let short = format!("{unlike} of {:.1} million differ", tried / 1e6);
            Some(if unlike == 0.0 {
                Said::yes(said, short)
            } else {
                Said::no(format!("{unlike} numbers differ."), short)
            })
        },
    },
    Statement {
        number: 27,
        group: GROUP,
        sentence: "It was made for fixed point.",
        experiment: EXPERIMENT,
        figure: "reach",
        why: "A fixed-point format has an end, and the cap keeps activations from passing it, on whatever data. MobileNet took it up for that; \
              its author had wanted sparse features.",
        known: &[
            (
                "Where it is from",
                "Krizhevsky (2010), Convolutional Deep Belief Networks on CIFAR-10: the cap was to make features sparse sooner",
            ),
            (
                "Who took it up",
                "MobileNet (2017) and MobileNetV2 (2018), for its robustness in computations of low precision",
            ),
        ],
        widget: Some(Widget::Bits),
        read: |r| {
            let largest = |f: &str| r.of(f, "largest activation");
            let (six, relu) = (largest("relu6")?, largest("relu")?);
            let said = format!(
                "its author capped it for another reason; it suits fixed point all the same: it never passes 6, ReLU reached {} to {}.",
                figure(relu.low),
                figure(relu.high)
            );
            let short = format!("reaches {}, ReLU {}", figure(six.high), figure(relu.high));
            Some(if six.high <= 6.0 && relu.high > 6.0 { Said::but(said, short) } else { Said::no(said, short) })
        },
    },
    Statement {
        number: 28,
        group: GROUP,
        sentence: "Unbounded inputs take bits from the fraction.",
        experiment: EXPERIMENT,
        figure: "fraction-bits",
        why: "Eight bits are shared: those before the point say how large a number may be, those behind it how finely it is measured. Each \
              doubling of the largest number takes one bit from the fraction.",
        known: &[],
        widget: Some(Widget::Bits),
        read: |r| {
            let (largest, bits) =
                (r.of("relu", "largest activation")?, r.of("relu", "integer bits of byte that holds all")?);
            let gained = r.of("relu6", "SNR in UQ3.5 over ReLU in the byte that holds all")?;
            let short = format!("ReLU6 keeps {} dB more", figure(gained.median));
            let said = format!(
                "ReLU reaches {} and needs {} integer bits, ReLU6 3: that is {} dB, about {:.0} bit.",
                figure(largest.high),
                figure(bits.high),
                figure(gained.median),
                gained.median / 6.02
            );
            let nothing = Spread { median: 0.0, low: 0.0, high: 0.0 };
            Some(match r.order(gained, nothing) {
                Order::Larger if bits.high > 3.0 => Said::yes(said, short),
                Order::Open => Said::open(short),
                _ => Said::no(said, short),
            })
        },
    },
    Statement {
        number: 29,
        group: GROUP,
        sentence: "6 needs 3 integer bits; 4 or 5 are left.",
        experiment: EXPERIMENT,
        figure: "sign-bit",
        why: "Three bits count to 7, so they hold 6. Of the other five one is the sign in a signed format: so 5 are left without a sign and 4 \
              with one.",
        known: &[],
        widget: Some(Widget::Bits),
        read: |r| {
            let ratio = |format: &str| r.of("relu6", &format!("SNR in {format}"));
            let (unsigned, signed) = (ratio("UQ3.5")?, ratio("Q3.4")?);
            let lost = unsigned.median - signed.median;
            let said = format!(
                "5 without a sign, 4 with one: the sign, which ReLU6 never needs, costs {} dB, a bit.",
                figure(lost)
            );
            let short = "5 unsigned, 4 signed";
            Some(if (lost - 6.02).abs() < 1.5 { Said::yes(said, short) } else { Said::no(said, short) })
        },
    },
    Statement {
        number: 30,
        group: GROUP,
        sentence: "The 6 is arbitrary.",
        experiment: EXPERIMENT,
        figure: "caps",
        why: "Nothing in the arithmetic ends at 6: the end of three integer bits is 8. A lower cap keeps more precision, a higher one clips less, \
              and the networks learn to do with either.",
        known: &[],
        widget: Some(Widget::Bits),
        read: |r| {
            let best = |f: &str| r.median(f, "SNR in best byte");
            let six = best("relu6")?;
            let over = |cap: &str| Some(best(cap)? - six);
            let over = [over("cap 8")?, over("cap 4")?, over("cap 2")?, over("cap 1")?];
            let [eight, four, two, one] = over;
            let said = format!(
                "caps of 8, 4, 2 and 1 keep {eight:.1}, {four:.1}, {two:.1} and {one:.1} dB more; the accuracy changes by at most {} points.",
                figure(most_changed(r)?)
            );
            let short = format!("cap 1 keeps {one:.1} dB more");
            let is_peak = over.iter().all(|over| *over < -3.0);
            Some(if is_peak { Said::no(said, short) } else { Said::yes(said, short) })
        },
    },
    Statement {
        number: 31,
        group: GROUP,
        sentence: "6 fits 8 bits best.",
        experiment: EXPERIMENT,
        figure: "formats",
        why: "A cap that is a power of two uses its integer bits to the end; 6 leaves a quarter of them unused. What the cap does buy is that \
              UQ3.5 holds every activation, without any data to choose by.",
        known: &[],
        widget: Some(Widget::Bits),
        read: fits_best,
    },
];

/// By how many points rounding to the best 8 bits changes the accuracy at most, over all caps and seeds.
fn most_changed(r: &Reading<'_>) -> Option<f64> {
    let change = |f: &str| {
        let change = r.of(f, "accuracy gained in best 8 bits")?;
        Some(change.low.abs().max(change.high.abs()))
    };
    let changes: Option<Vec<f64>> = CAPS.into_iter().chain(["relu6", "relu"]).map(change).collect();
    Some(changes?.into_iter().fold(0.0, f64::max))
}

fn fits_best(r: &Reading<'_>) -> Option<Said> {
    let ratio = |f: &str| r.of(f, "SNR in best byte");
    let six = ratio("relu6")?;
    let caps: Vec<(&str, Spread)> = CAPS.into_iter().map(|cap| Some((cap, ratio(cap)?))).collect::<Option<_>>()?;
    let best = caps.iter().copied().max_by(|a, b| a.1.median.total_cmp(&b.1.median))?;
    let short = format!("{} {} dB, 6 {} dB", best.0, figure(best.1.median), figure(six.median));
    let said = format!(
        "in its best 8 bits a {} keeps {} dB, 6 keeps {}; but the accuracy is the same to {} points.",
        best.0.replace("cap ", "cap of "),
        figure(best.1.median),
        figure(six.median),
        figure(most_changed(r)?)
    );
    // Decibels are logarithms: two bits apart are far apart, however little was done.
    let is_far = best.1.low > six.high + if r.is_rough() { 3.0 } else { 0.0 };
    Some(match () {
        () if is_far => Said::no(said, short),
        () if r.is_rough() && best.1.median > six.median => Said::open(short),
        () => Said::yes(said, short),
    })
}
