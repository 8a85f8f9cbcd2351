//! `excite completions` and `excite man`: what shells and manuals know of the program, from the definition of its command line.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

use crate::error::Failure;
use crate::output;

/// For which shell.
#[derive(Args)]
#[command(after_help = "\
Examples:
  excite completions bash > ~/.local/share/bash-completion/completions/excite
  excite completions zsh > ~/.zfunc/_excite            in a folder that is in $fpath
  excite completions fish > ~/.config/fish/completions/excite.fish")]
pub struct Completions {
    /// The shell
    shell: Shell,
}

/// Where the pages go.
#[derive(Args)]
#[command(after_help = "\
Examples:
  excite man ~/.local/share/man/man1                   and then: man excite-compare")]
pub struct Man {
    /// The folder of the pages; it is made if there is none
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Prints the completions of a shell for `program`.
pub fn complete(arguments: &Completions, mut program: clap::Command) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut program, "excite", &mut text);
    output::print(&String::from_utf8_lossy(&text))
}

/// Writes the man pages of `program` and of its commands.
pub fn write(arguments: &Man, program: clap::Command) -> Result<(), Failure> {
    let folder = &arguments.folder;
    std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(program, folder)).map_err(|error| {
        Failure::Failed(format!("{} cannot be written ({error}): choose another folder", folder.display()))
    })?;
    output::notice(&format!("wrote the man pages to {}", folder.display()));
    Ok(())
}
