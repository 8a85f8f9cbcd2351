//! Severities, grades and causes in words, and the page of a rule.

use std::fmt::{self, Write};

use super::{Cause, Grade, Rule, Severity};

impl fmt::Display for Severity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Suspected => "suspected",
            Self::Measured => "measured",
            Self::Proven => "proven",
        })
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Unknown => "not known from these figures",
            Self::Bias => "the unit's own bias",
            Self::OffCentreInputs => "off-centre inputs of the unit",
            Self::Weights => "the incoming weights",
            Self::NoInput => "no input arrives",
            Self::Shift => "pre-activations to one side",
            Self::Spread => "pre-activations spread too wide",
            Self::Function => "the function itself",
            Self::FewSamples => "few samples",
            Self::Data => "the data",
            Self::LearningRate => "the learning rate",
            Self::Initialisation => "the scale of the initial weights",
        })
    }
}

impl Rule {
    /// Its page of the guide, in Markdown.
    pub fn page(&self) -> String {
        let Self { id, title, meaning, threshold, remedies, finished, .. } = self;
        let mut page =
            format!("# {title}\n\n{meaning}\n\n## When it is reported\n\n{threshold}\n\n## What to do in training\n\n");
        for (cause, remedy) in *remedies {
            // Writing to a string cannot fail.
            let _ = writeln!(page, "- **{cause}**: {remedy}");
        }
        let _ = write!(
            page,
            "\n## In a finished network\n\n{finished}\n\n## See it\n\n```console\n$ excite check model.onnx --input data.npz --html report.html\n\
             $ excite check model.onnx --input data.npz --json | jq '.findings[] | select(.rule == \"{id}\")'\n```\n"
        );
        page
    }
}
