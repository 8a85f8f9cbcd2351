//! The columns that the command line asks for.

use clap::Args;

use crate::error::{Failure, meant};

/// Which columns tables have.
#[derive(Args, Default)]
pub struct ColumnsArgument {
    /// Columns of the tables in the terminal: all, or names with commas between [default: the six that matter most]
    #[arg(long, value_name = "all|NAME,...", value_delimiter = ',', help_heading = "Output")]
    columns: Vec<String>,
}

impl ColumnsArgument {
    #[cfg(test)]
    pub(super) fn of(columns: &[&str]) -> Self {
        Self { columns: columns.iter().map(|&name| name.to_owned()).collect() }
    }

    /// Whether nothing was asked for.
    pub fn is_default(&self) -> bool {
        self.columns.is_empty()
    }

    pub(super) fn is_all(&self) -> bool {
        self.columns.iter().any(|name| plain(name) == "all")
    }

    /// Where the columns that are asked for stand among those of a table.
    pub(super) fn places<'a>(&self, names: impl Iterator<Item = &'a str>) -> Vec<usize> {
        let names: Vec<String> = names.map(plain).collect();
        self.columns.iter().filter_map(|asked| names.iter().position(|name| *name == plain(asked))).collect()
    }

    /// Refuses names that no table has, before any work is done.
    pub fn check<S: AsRef<str>>(&self, known: &[S]) -> Result<(), Failure> {
        let known: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
        let is_known = |asked: &&String| plain(asked) == "all" || known.iter().any(|name| plain(name) == plain(asked));
        match self.columns.iter().find(|asked| !is_known(asked)) {
            None => Ok(()),
            Some(asked) => Err(Failure::Usage(format!(
                "--columns: there is no column `{asked}`; {}",
                meant(asked, &known, "the columns are all,")
            ))),
        }
    }
}

/// A name as it is compared: `learning-rate` is `learning rate`.
fn plain(name: &str) -> String {
    name.to_lowercase().replace(['-', '_', ' '], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_however_they_are_spelt_and_others_refused() {
        let known = ["layer", "learning rate", "γ"];
        let asked = ColumnsArgument::of(&["Learning-Rate", "γ"]);
        assert_eq!(asked.places(known.into_iter()), [1, 2]);
        assert!(asked.check(&known).is_ok() && ColumnsArgument::of(&["all"]).check(&known).is_ok());
        let refused = ColumnsArgument::of(&["learning_rat"]).check(&known);
        assert!(matches!(refused, Err(Failure::Usage(text)) if text.contains("did you mean `learning rate`?")));
    }
}
