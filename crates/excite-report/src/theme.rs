//! The colours and dashes of the plots, for light and dark, as classes of CSS: `c-` for lines, `f-` for fills, `d-` for dashes.
//!
//! Colours never speak alone: lines are named at their ends.

use std::fmt::Write;

/// The colours of the series: Okabe and Ito's, which colour-blind readers tell apart, darkened for a white ground and
/// lightened for a dark one to a contrast of at least 3 : 1.
const SERIES: [(&str, &str); 8] = [
    ("#0072b2", "#56b4e9"),
    ("#c65300", "#f58a3c"),
    ("#00805d", "#2ec79a"),
    ("#b0508a", "#e094c2"),
    ("#8a6a00", "#e6b800"),
    ("#4a4a4a", "#d0d0d0"),
    ("#5a4fb0", "#a79cf0"),
    ("#a4243b", "#ff8f9c"),
];

/// What the plots lie on.
const LIGHT_GROUND: &str = "#ffffff";
const DARK_GROUND: &str = "#16191d";

/// Dash patterns in pixels. The first is a solid line.
const DASHES: [&str; 5] = ["none", "7 3.5", "1.8 3", "9 3 1.8 3", "14 4"];

/// How opaque the cells of a heat map are, from the least value to the largest.
const OPACITIES: [f64; 9] = [0.04, 0.13, 0.24, 0.36, 0.48, 0.6, 0.73, 0.86, 1.0];

/// What a mark is coloured as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    /// The colour of the series of this number.
    Series(usize),
    /// Labels.
    Text,
    /// Axes.
    Axis,
    /// The lines at the ticks.
    Grid,
    /// Shaded zones.
    Zone,
    /// A level to compare with.
    Level,
    /// Anything dead, in every picture.
    Dead,
    /// Anything saturated, in every picture.
    Saturated,
    /// Anything sound where it is drawn small, as a dot or a line.
    Good,
    /// Anything sound: quiet, so that all else stands out.
    Sound,
    /// Anything sound and linear: hardly less quiet.
    Linear,
}

/// The colours besides the series', with the letters of their classes.
const OTHERS: [(Colour, &str, &str, &str); 10] = [
    (Colour::Text, "text", "#43474e", "#b9bec7"),
    (Colour::Axis, "axis", "#8b9099", "#767c87"),
    (Colour::Grid, "grid", "#e4e6ea", "#2f343c"),
    (Colour::Zone, "zone", "#e9ebef", "#2a2f37"),
    (Colour::Level, "level", "#43474e", "#b9bec7"),
    (Colour::Dead, "dead", "#c3202f", "#ff6b6b"),
    (Colour::Saturated, "saturated", "#b06f00", "#f0b429"),
    (Colour::Good, "good", "#1d7a4c", "#5cc98f"),
    (Colour::Sound, "sound", "#b9d3c6", "#33584a"),
    (Colour::Linear, "linear", "#93b9a8", "#467561"),
];

/// A line's colour and dash pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stroke {
    pub(crate) colour: Colour,
    pub(crate) dash: usize,
}

impl Stroke {
    /// The solid stroke of series number `index`, where lines are named at their ends.
    pub(crate) fn solid(index: usize) -> Self {
        Self { colour: Colour::Series(index), dash: 0 }
    }

    /// The classes that give a line this stroke.
    pub(crate) fn classes(self) -> String {
        format!("c-{} d-{}", self.colour.name(), self.dash)
    }
}

impl Colour {
    /// The number of the series whose colour it is.
    pub(crate) fn series(self) -> Option<usize> {
        if let Self::Series(index) = self { Some(index) } else { None }
    }

    /// The name in classes of CSS.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Series(index) => (index % SERIES.len()).to_string(),
            other => {
                OTHERS.iter().find(|(colour, ..)| *colour == other).map_or("text", |(_, name, ..)| name).to_owned()
            }
        }
    }
}

/// The class of the cells of a heat map for a share from 0 to 1 of its scale.
pub(crate) fn opacity(share: f64) -> String {
    let last = OPACITIES.len() - 1;
    format!("o-{}", ((share * last as f64).round() as usize).min(last))
}

/// What holds of all plots. Text is of one size in all of them.
const PLOTS: &str = "svg text{font:13px system-ui,-apple-system,\"Segoe UI\",Roboto,sans-serif}\n\
    svg .m{text-anchor:middle}svg .e{text-anchor:end}polyline,.l{fill:none;stroke-width:2px;stroke-linejoin:round}\n\
    .thin{fill:none;stroke-width:1px}.halo{paint-order:stroke;stroke-width:4px;stroke-linejoin:round}.area,.hill{fill-opacity:.16}.pale{fill-opacity:.3}.after{transform:translateX(6px)}.hill{stroke-width:1.2px}\n";

/// The rules of the classes: `c-` colours lines, `f-` fills, `d-` dashes, `o-` says how opaque a cell is.
pub(crate) fn css() -> String {
    let mut css = String::from(PLOTS);
    for (level, opacity) in OPACITIES.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(css, ".o-{level}{{fill-opacity:{opacity}}}");
    }
    css.push('\n');
    for (index, dash) in DASHES.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(css, ".d-{index}{{stroke-dasharray:{dash}}}");
    }
    let series = SERIES.iter().enumerate().map(|(index, (light, dark))| (index.to_string(), *light, *dark));
    let others = OTHERS.iter().map(|(_, name, light, dark)| ((*name).to_owned(), *light, *dark));
    let (mut by_day, mut by_night) = (String::new(), String::new());
    for (name, light, dark) in series.chain(others) {
        let _ = writeln!(by_day, ".c-{name}{{stroke:{light}}}.f-{name}{{fill:{light}}}");
        let _ = writeln!(by_night, ".c-{name}{{stroke:{dark}}}.f-{name}{{fill:{dark}}}");
    }
    let _ = writeln!(by_day, ".ground{{fill:{LIGHT_GROUND}}}.halo{{stroke:{LIGHT_GROUND}}}");
    let _ = writeln!(by_night, ".ground{{fill:{DARK_GROUND}}}.halo{{stroke:{DARK_GROUND}}}");
    css + &by_day + "@media screen and (prefers-color-scheme:dark){\n" + &by_night + "}\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The relative luminance of WCAG 2.
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let c = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_series_stands_out_from_ground_and_shaded_zone_in_both_themes() {
        let (_, _, zone_by_day, zone_by_night) = OTHERS[3];
        for (light, dark) in SERIES {
            for ground in [LIGHT_GROUND, zone_by_day] {
                assert!(contrast(light, ground) >= 3.0, "{light} on {ground}: {}", contrast(light, ground));
            }
            for ground in [DARK_GROUND, zone_by_night] {
                assert!(contrast(dark, ground) >= 3.0, "{dark} on {ground}: {}", contrast(dark, ground));
            }
        }
    }

    #[test]
    fn text_reads_well_on_both_grounds() {
        let (colour, _, light, dark) = OTHERS[0];
        assert_eq!(colour, Colour::Text);
        assert!(contrast(light, LIGHT_GROUND) >= 4.5 && contrast(dark, DARK_GROUND) >= 4.5);
    }

    #[test]
    fn the_page_and_the_plots_have_one_ground() {
        let page = include_str!("page.css");
        assert!(
            page.contains(&format!("--ground: {LIGHT_GROUND};")) && page.contains(&format!("--ground: {DARK_GROUND};"))
        );
    }
}
