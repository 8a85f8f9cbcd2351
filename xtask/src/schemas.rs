//! `cargo xtask schemas`: writes docs/schemas/, the JSON Schemas of what the program prints with --json, from the types that write it.

use std::process::ExitCode;

use clap::Args;
use excite_lab::record::comparison::Comparison;
use excite_tasks::quantisation::Quantisation;
use excite_tasks::{CheckRecord, CodeComparison, ConvertedModel, LabRecord};
use schemars::{Schema, schema_for};

use crate::generated::{self, Files, Mode};

/// Writes docs/schemas/, from the code.
#[derive(Args)]
pub struct Schemas {
    #[command(flatten)]
    mode: Mode,
}

impl Schemas {
    pub fn run(&self) -> ExitCode {
        generated::run(&self.mode, "cargo xtask schemas", &files())
    }
}

/// Each by the command whose --json it describes; `excite merge` prints what `excite check` does.
fn files() -> Files {
    let schemas: [(&str, Schema); 6] = [
        ("check", schema_for!(CheckRecord)),
        ("compare", schema_for!(Comparison)),
        ("lab", schema_for!(LabRecord)),
        ("quantise", schema_for!(Quantisation)),
        ("quantise-converted", schema_for!(ConvertedModel)),
        ("quantise-diff", schema_for!(CodeComparison)),
    ];
    schemas.map(|(name, schema)| (format!("schemas/{name}.json"), format!("{:#}\n", schema.as_value()))).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_what_the_types_say() {
        assert_eq!(generated::stale(&files()), None, "cargo xtask schemas writes it");
    }
}
