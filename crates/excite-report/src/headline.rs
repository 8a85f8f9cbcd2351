//! What a page says first: how it stands, in a sentence, with a mark in the colour of that.

use excite_vitals::judgement::{Health, Judgement};
use maud::{Markup, html};

use crate::page;

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Nothing need be done.
    Sound,
    /// Something should be looked at.
    Look,
    /// It does not work as it is.
    Broken,
    /// Neither good nor bad.
    Neutral,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Self::Sound => "sound",
            Self::Look => "look",
            Self::Broken => "broken",
            Self::Neutral => "neutral",
        }
    }

    /// Colours never speak alone.
    fn mark(self) -> &'static str {
        match self {
            Self::Sound => "✓",
            Self::Look => "▲",
            Self::Broken => "✕",
            Self::Neutral => "",
        }
    }
}

impl From<Health> for Tone {
    fn from(health: Health) -> Self {
        match health {
            Health::Sound => Self::Sound,
            Health::LookAtThis => Self::Look,
            Health::Broken | Health::LearntNothing => Self::Broken,
            Health::CannotTell => Self::Neutral,
        }
    }
}

/// The headline of a judgement, in the tone of its health.
pub(crate) fn of_judgement(judgement: &Judgement) -> Markup {
    headline(judgement.health.into(), &judgement.headline)
}

/// The headline of a page. Its first sentence is the point: it is set off.
pub(crate) fn headline(tone: Tone, text: &str) -> Markup {
    let (first, rest) = match text.split_once(". ") {
        Some((first, rest)) => (format!("{first}."), rest),
        None => (text.to_owned(), ""),
    };
    html! {
        p class=(format!("headline {}", tone.class())) {
            @if !tone.mark().is_empty() { span.mark aria-hidden="true" { (tone.mark()) } }
            span {
                @if rest.is_empty() { (page::with_code(&first)) } @else { strong { (page::with_code(&first)) } " " (page::with_code(rest)) }
            }
        }
    }
}
