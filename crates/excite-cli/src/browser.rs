//! Opens a page that was written.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::output;

/// Whether to open the page.
#[derive(Args)]
pub struct OpenArgument {
    /// Open the page in the browser
    #[arg(long, help_heading = "Output")]
    open: bool,
}

impl OpenArgument {
    /// Where a page goes: to the file that was named; without one, if it is to be opened, into the folder of results.
    pub fn page(&self, named: Option<&PathBuf>, usual: &str) -> Option<PathBuf> {
        named.cloned().or_else(|| self.open.then(|| Path::new("excite-out").join(usual)))
    }

    /// Opens the page, if that was asked for. Where there is no browser it says so, and that is no failure.
    pub fn open(&self, page: &Path) {
        if !self.open {
            return;
        }
        if let Err(error) = open::that_detached(page) {
            output::notice(&format!("{} cannot be opened ({error}): open it in a browser", page.display()));
        }
    }
}
