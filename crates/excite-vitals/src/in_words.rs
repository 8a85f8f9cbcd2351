//! Numbers within sentences, the same in every command and report.

use std::fmt::Display;

/// A number of things: `1 sample`, `3 samples`. The noun may have words before it.
///
/// ```
/// use excite_vitals::in_words::plural;
/// assert_eq!([plural(1, "sample"), plural(0, "sample")], ["1 sample", "0 samples"]);
/// assert_eq!([plural(2, "batch"), plural(3, "training epoch")], ["2 batches", "3 training epochs"]);
/// ```
pub fn plural<N: Copy + Display + PartialEq + From<u8>>(number: N, noun: &str) -> String {
    // A batch and a class, but an epoch.
    let hisses = ["s", "x", "tch", "nch", "sh"].iter().any(|ending| noun.ends_with(ending));
    let ending = match (number == N::from(1), hisses) {
        (true, _) => "",
        (false, true) => "es",
        (false, false) => "s",
    };
    format!("{number} {noun}{ending}")
}

/// A share as a percentage with two significant digits; a share below 1 never reads as 100 %.
///
/// ```
/// use excite_vitals::in_words::percent;
/// assert_eq!([0.0, 0.001, 0.0698, 0.9701, 1.0].map(percent), ["0 %", "0.1 %", "7 %", "97 %", "100 %"]);
/// assert_eq!([0.0075, 0.9999, f64::NAN].map(percent), ["0.75 %", "99.99 %", "–"]);
/// ```
pub fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if !percent.is_finite() {
        return "–".to_owned();
    }
    if percent == 0.0 {
        return "0 %".to_owned();
    }
    let mut decimals = (1.0 - percent.abs().log10().floor()).clamp(0.0, 9.0) as usize;
    let rounded = |decimals: usize| format!("{percent:.decimals$}");
    while share < 1.0 && rounded(decimals).starts_with("100") && decimals < 9 {
        decimals += 1;
    }
    let text = rounded(decimals);
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text} %").replace('-', "−")
}

/// With a comma between thousands.
///
/// ```
/// use excite_vitals::in_words::thousands;
/// assert_eq!([0, 999, 1000].map(thousands), ["0", "999", "1,000"]);
/// assert_eq!([15_552, 1_234_567].map(thousands), ["15,552", "1,234,567"]);
/// ```
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let is_edge = |at: usize| at > 0 && (digits.len() - at).is_multiple_of(3);
    digits.char_indices().flat_map(|(at, digit)| is_edge(at).then_some(',').into_iter().chain([digit])).collect()
}

/// A name, or of a longer one its end, which says more than its beginning.
///
/// ```
/// use excite_vitals::in_words::end_of;
/// assert_eq!([end_of("features.1.conv", 8), end_of("relu", 8)], ["….1.conv", "relu"]);
/// ```
pub fn end_of(name: &str, letters: usize) -> String {
    let count = name.chars().count();
    if count <= letters {
        return name.to_owned();
    }
    ['…'].into_iter().chain(name.chars().skip(count + 1 - letters.max(1))).collect()
}

/// A number with two significant digits, as people write it: `0.3`, `12`, `4,800`, `2.8e5`.
pub(crate) fn number(value: f64) -> String {
    let rounded: f64 = format!("{value:.1e}").parse().unwrap_or(value);
    match rounded.abs() {
        0.0 => "0".to_owned(),
        1e6.. | ..1e-3 => format!("{rounded:.1e}").replace(".0e", "e").replace("e-", "e−").replace('-', "−"),
        1000.0.. => thousands(rounded.abs() as u64),
        _ => rounded.to_string().replace('-', "−"),
    }
}
