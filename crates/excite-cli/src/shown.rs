//! How a result is shown, in every command that also writes a page.

use clap::Args;

use crate::browser::OpenArgument;
use crate::table::ColumnsArgument;

/// Whether a page is opened, which columns tables have, and whether the result is JSON instead.
#[derive(Args)]
pub struct Shown {
    #[command(flatten)]
    pub open: OpenArgument,
    #[command(flatten)]
    pub columns: ColumnsArgument,
    /// Print the whole result as JSON on standard output, and nothing else there
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}
