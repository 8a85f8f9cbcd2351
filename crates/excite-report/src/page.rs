//! The parts of a report: the page, its sections, figures, legends and tables. All text is escaped.

use maud::{DOCTYPE, Markup, PreEscaped, Render, html};

use crate::plot::{WIDE, WIDTH};
use crate::theme::{self, Colour, Stroke};

/// A whole HTML file.
pub(crate) fn page(title: &str, body: &Markup) -> String {
    page_of(title, None, body)
}

/// A whole HTML file whose main part is of a class.
pub(crate) fn page_of(title: &str, class: Option<&str>, body: &Markup) -> String {
    let html = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(include_str!("page.css"))) (PreEscaped(theme::css())) }
            }
            body {
                main class=[class] { (body) }
                script { (PreEscaped(include_str!("page.js"))) }
            }
        }
    };
    html.into_string()
}

/// A section under a heading.
pub(crate) fn section(heading: &str, body: &Markup) -> Markup {
    html! { section { h2 { (heading) } (body) } }
}

/// Something that is there for those who want it: its name shows, the rest on a click.
pub(crate) fn fold(name: &str, body: &Markup) -> Markup {
    html! { details.fold { summary { (name) } div { (body) } } }
}

/// Figures in short, beside each other: what they are of below the name of the data or the model.
pub(crate) fn facts_line<'a>(facts: impl IntoIterator<Item = &'a str>) -> Markup {
    html! { p.glance { @for fact in facts { span { (fact) } " " } } }
}

/// A plot as a phone shows it and as a wider screen does, each drawn at its size; one of them is shown.
pub(crate) fn by_width(draw: impl Fn(u32, &str) -> Markup) -> Markup {
    html! { (draw(WIDE, "plot wide")) (draw(WIDTH, "plot narrow")) }
}

/// Plots under one title with a legend and a caption.
pub(crate) fn figure(title: &str, legend: &Markup, plots: &[Markup], caption: &str) -> Markup {
    html! {
        figure {
            h3 { (title) }
            (legend)
            div.plots { @for plot in plots { div { (plot) } } }
            @if !caption.is_empty() { figcaption { (caption) } }
        }
    }
}

/// What each stroke stands for.
pub(crate) fn legend<'a>(entries: impl IntoIterator<Item = (Stroke, &'a str)>) -> Markup {
    html! {
        ul.legend {
            @for (stroke, name) in entries { li data-s=[stroke.colour.series()] { (swatch(stroke)) (name) } }
        }
    }
}

/// What each filled colour stands for.
pub(crate) fn areas<'a>(entries: impl IntoIterator<Item = (Colour, &'a str)>) -> Markup {
    html! { ul.legend { @for (colour, name) in entries { li data-s=[colour.series()] { (patch(colour)) (name) } } } }
}

/// A short piece of a line.
pub(crate) fn swatch(stroke: Stroke) -> Markup {
    html! { svg.swatch viewBox="0 0 30 6" aria-hidden="true" { path class=(format!("l {}", stroke.classes())) d="M0 3H30" {} } }
}

/// A small filled square.
pub(crate) fn patch(colour: Colour) -> Markup {
    html! { svg.patch viewBox="0 0 10 10" aria-hidden="true" { rect class=(format!("f-{}", colour.name())) width="10" height="10" rx="2" {} } }
}

/// A table whose first column names the row. On a phone each row becomes a card that names every value.
pub(crate) fn cards<T: Render>(caption: &str, columns: &[&str], rows: &[Vec<T>]) -> Markup {
    html! {
        table.cards {
            @if !caption.is_empty() { caption { (caption) } }
            thead { tr { @for column in columns { th scope="col" { (column) } } } }
            tbody {
                @for row in rows {
                    tr {
                        @for (index, (cell, column)) in row.iter().zip(columns).enumerate() {
                            @if index == 0 { th scope="row" { (cell) } } @else { td data-label=(column) { (cell) } }
                        }
                    }
                }
            }
        }
    }
}

/// A table whose first column names the row, which scrolls sideways where it is too wide.
pub(crate) fn scrolling<T: Render>(caption: &str, columns: &[String], rows: &[Vec<T>]) -> Markup {
    html! {
        p.soft { (caption) }
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                thead { tr { @for column in columns { th scope="col" { (column) } } } }
                tbody {
                    @for row in rows {
                        tr {
                            @for (index, cell) in row.iter().enumerate() {
                                @if index == 0 { th scope="row" { (cell) } } @else { td { (cell) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Text in which what stands between backquotes is code.
pub(crate) fn with_code(text: &str) -> Markup {
    // An odd last backquote opens nothing.
    let pieces: Vec<&str> = text.split('`').collect();
    let is_code = |index: usize| index % 2 == 1 && index + 1 < pieces.len();
    html! { @for (index, piece) in pieces.iter().enumerate() { @if is_code(index) { code { (piece) } } @else { (held_together(piece)) } } }
}

/// Text in which no line breaks between a number and its sign of per cent or of times.
pub(crate) fn held_together(text: &str) -> String {
    text.replace(" %", "\u{a0}%").replace(" ×", "\u{a0}×")
}

/// With a capital letter first.
pub(crate) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// At most `length` characters of `text`.
pub(crate) fn shortened(text: &str, length: usize) -> String {
    if text.chars().count() <= length {
        text.to_owned()
    } else {
        text.chars().take(length - 1).chain(['…']).collect()
    }
}
