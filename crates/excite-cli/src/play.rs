//! `excite play`: writes the page to play with.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::browser::OpenArgument;
use crate::error::Failure;
use crate::output;

/// Where the page goes.
#[derive(Args)]
#[command(after_help = "\
Examples:
  excite play --open                opens it in the browser
  excite play --out lesson/play.html

One neuron, a neuron as a line, the learning rate, the zig-zag, depth, and bits: drag, train, and
watch units die. The page is one file, without server or network; excite computes its numbers in the
browser. Its links lead to lab.html, which `excite lab` writes beside it.")]
pub struct Arguments {
    /// File to write
    #[arg(long, short, value_name = "FILE", default_value = "excite-out/play.html", help_heading = "Output")]
    out: PathBuf,
    #[command(flatten)]
    open: OpenArgument,
}

/// Writes the page, and opens it if that was asked for.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let path: &Path = &arguments.out;
    output::prepare_page(path)?;
    output::write(path, excite_play::PAGE)?;
    output::notice(&format!("wrote {}", path.display()));
    arguments.open.open(path);
    Ok(())
}
