//! `cargo xtask play`: compiles `excite-play` to WebAssembly and assembles the page, or checks the one that is committed.

mod browser;
mod golden;
/// The inputs that the golden bits are of.
#[path = "../../../crates/excite/tests/catalogue/"]
mod catalogue {
    #[allow(dead_code, unused_macros, unused_imports, reason = "the tests of the catalogue use the rest")]
    pub mod bits;
    #[allow(dead_code, reason = "the tests of the catalogue use the rest")]
    pub mod inputs;
}

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Args;
use data_encoding::BASE64;

use crate::cargo::{cargo, has_target};
use crate::verify::root;

const TARGET: &str = "wasm32-unknown-unknown";

/// The most bytes of the page.
const LIMIT: usize = 1_500_000;

/// The parts of the script, in their order.
const SCRIPT: &[&str] = &[
    "core.js",
    "draw.js",
    "neuron.js",
    "half_plane.js",
    "learning_rate.js",
    "zig_zag.js",
    "depth.js",
    "bits.js",
    "end.js",
];

/// Writes crates/excite-play/play.html, the page to play with, or checks it
#[derive(Args)]
pub struct Play {
    /// Write nothing; fail if the page is not what the sources make, or if in Node or in Chromium it gives other numbers than the library
    #[arg(long)]
    check: bool,
}

impl Play {
    pub fn run(&self) -> ExitCode {
        let done = if self.check { check() } else { write() };
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        }
    }
}

/// What keeps this machine from checking the page, if anything does. Installs what can be had.
pub fn lacks() -> Option<String> {
    if !has_target(TARGET) {
        return Some(format!("rustup cannot add the target {TARGET}"));
    }
    browser::Tools::find().err()
}

fn write() -> Result<(), String> {
    let page = page()?;
    fs::write(file(), &page).map_err(|error| format!("{} cannot be written: {error}", file().display()))?;
    println!("wrote crates/excite-play/play.html, {} kB", page.len() / 1000);
    Ok(())
}

/// What is committed is what the sources make, gives the library's bits in Node, and does as it should in Chromium.
fn check() -> Result<(), String> {
    if let Some(lack) = lacks() {
        return Err(format!("the page was not checked: {lack}"));
    }
    let committed = fs::read_to_string(file()).unwrap_or_default();
    let fresh = page()?;
    // Another compiler makes other code of the same sources, which does the same.
    if generator(&committed) == generator(&fresh) && committed != fresh {
        return Err("crates/excite-play/play.html is not what the sources make: run `cargo xtask play`".to_owned());
    }
    if generator(&committed) != generator(&fresh) {
        println!("play.html is by another compiler than this one: NOT COMPARED with what the sources make");
    }
    if committed.len() > LIMIT {
        return Err(format!("crates/excite-play/play.html has {} bytes: {LIMIT} are the most", committed.len()));
    }
    let tools = browser::Tools::find()?;
    golden::check(&tools)?;
    browser::check(&tools)
}

/// The committed page.
fn file() -> PathBuf {
    root().join("crates/excite-play/play.html")
}

fn generator(page: &str) -> Option<&str> {
    page.lines().find(|line| line.starts_with("<meta name=\"generator\""))
}

/// The page, as the sources make it.
fn page() -> Result<String, String> {
    if !has_target(TARGET) {
        return Err(format!("the target {TARGET} is not there, and rustup cannot add it"));
    }
    let wasm = compiled()?;
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(&wasm, 10);
    let parts = SCRIPT.iter().map(|name| part(name)).collect::<Result<Vec<_>, _>>()?;
    let page = part("index.html")?
        .replace("{compiler}", &compiler()?)
        .replace("{style}", part("style.css")?.trim_end())
        .replace("{wasm}", &BASE64.encode(&packed))
        .replace("{script}", parts.concat().trim_end());
    Ok(page)
}

fn part(name: &str) -> Result<String, String> {
    let path = root().join("crates/excite-play/page").join(name);
    fs::read_to_string(&path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
}

/// Its version.
fn compiler() -> Result<String, String> {
    let said = Command::new("rustc").arg("--version").output().map_err(|error| format!("no rustc: {error}"))?;
    let said = String::from_utf8_lossy(&said.stdout);
    Ok(said.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
}

/// `excite-play` as a WebAssembly module.
fn compiled() -> Result<Vec<u8>, String> {
    let home = std::env::var("CARGO_HOME").or_else(|_| std::env::var("HOME").map(|home| home + "/.cargo"));
    let mut flags = vec!["-Ctarget-feature=+simd128".to_owned()];
    // The same bytes wherever it is compiled: no path of this machine.
    flags.push(format!("--remap-path-prefix={}=excite", root().display()));
    if let Ok(home) = &home {
        flags.push(format!("--remap-path-prefix={home}=cargo"));
        // The folder of the registry is named after its address, which differs behind a mirror. Of several flags the last that fits counts.
        let registries = fs::read_dir(Path::new(home).join("registry/src")).into_iter().flatten().flatten();
        flags.extend(registries.map(|folder| format!("--remap-path-prefix={}=registry", folder.path().display())));
    }
    let arguments =
        ["rustc", "--package", "excite-play", "--lib", "--crate-type", "cdylib", "--profile", "play", "--locked"];
    let done = cargo()
        .args(arguments)
        .args(["--target", TARGET, "--quiet"])
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
        .current_dir(root())
        .status();
    if !done.is_ok_and(|status| status.success()) {
        return Err("excite-play cannot be compiled to WebAssembly".to_owned());
    }
    let folder = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let path = folder.join(TARGET).join("play/excite_play.wasm");
    fs::read(&path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The code needs the target to be compiled, so `cargo xtask play --check` compares it; the rest is compared here.
    #[test]
    fn the_page_has_the_style_and_the_script_of_its_sources() {
        for name in SCRIPT.iter().chain(&["style.css"]) {
            assert!(excite_play::PAGE.contains(part(name).unwrap().trim_end()), "{name}: run `cargo xtask play`");
        }
        let shell = part("index.html").unwrap();
        let body = shell.split_once("<body>").and_then(|(_, body)| body.split_once("{wasm}")).unwrap().0;
        assert!(excite_play::PAGE.contains(body), "index.html: run `cargo xtask play`");
        assert!(excite_play::PAGE.len() < LIMIT);
    }
}
