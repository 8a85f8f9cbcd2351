//! `cargo xtask test`: every check of the workspace, in one command.

mod elsewhere;

use std::fs;
use std::process::{Command, ExitCode};
use std::time::Instant;

use excite::Level;

use crate::cargo::{cargo, has_target};
use crate::play;
use crate::verify::root;

/// One check: its title and the arguments of cargo.
struct Check {
    title: &'static str,
    arguments: &'static [&'static str],
    /// Environment variables to set.
    environment: &'static [(&'static str, &'static str)],
}

/// In release, like `cargo run --release`: the tests train networks and sweep millions of floats, and one build serves both.
const CHECKS: &[Check] = &[
    Check { title: "formatting", arguments: &["fmt", "--all", "--check"], environment: &[] },
    // Before the tests, some of which take ONNX Runtime's library from its environment.
    Check {
        title: "ONNX's own node tests",
        arguments: &["run", "--release", "--package", "xtask", "--locked", "--", "conformance", "--check"],
        environment: &[],
    },
    Check {
        title: "tests",
        arguments: &["test", "--release", "--workspace", "--all-features", "--no-fail-fast", "--locked"],
        environment: &[],
    },
    Check {
        title: "written kernels on simulated microcontrollers",
        arguments: &["run", "--release", "--package", "xtask", "--locked", "--", "firmware", "--check"],
        environment: &[],
    },
    // A target that has no standard library to link.
    Check {
        title: "the library without the standard library",
        arguments: &[
            "check",
            "-p",
            "excite",
            "--no-default-features",
            "--features",
            "ndarray,serde",
            "--target",
            BARE_TARGET,
            "--locked",
        ],
        environment: &[],
    },
    Check {
        title: "the fixed-point kernels without the standard library",
        arguments: &["check", "-p", "excite-fixed", "--target", BARE_TARGET, "--locked"],
        environment: &[],
    },
    Check {
        title: "the library without its default features",
        arguments: &[
            "test",
            "--release",
            "-p",
            "excite",
            "--no-default-features",
            "--features",
            "half,f64,exact",
            "--lib",
            "--locked",
        ],
        environment: &[],
    },
    Check {
        title: "the same bits without the standard library",
        arguments: &[
            "test",
            "--release",
            "-p",
            "excite",
            "--no-default-features",
            "--features",
            "half,f64,exact",
            "--test",
            "catalogue",
            "--locked",
            "golden",
        ],
        environment: &[],
    },
    // A user's crate, outside the workspace, in its own development profile, which optimises excite and nothing else that takes long.
    Check {
        title: "a function of one's own",
        arguments: &["run", "--locked", "--manifest-path", OWN_ACTIVATION, "--target-dir", OWN_TARGET],
        environment: &[],
    },
    Check {
        title: "the speed of a function of one's own",
        arguments: &[
            "run",
            "--locked",
            "--manifest-path",
            OWN_ACTIVATION,
            "--target-dir",
            OWN_TARGET,
            "--example",
            "speed",
        ],
        environment: &[],
    },
    // A firmware's crate.
    Check {
        title: "the activations of a microcontroller",
        arguments: &["test", "--locked", "--manifest-path", FIRMWARE, "--target-dir", FIRMWARE_TARGET],
        environment: &[],
    },
    Check {
        title: "the activations of a microcontroller, built for one",
        arguments: &[
            "build",
            "--locked",
            "--manifest-path",
            FIRMWARE,
            "--target-dir",
            FIRMWARE_TARGET,
            "--target",
            BARE_TARGET,
        ],
        environment: &[],
    },
    Check {
        title: "the public API",
        arguments: &["run", "--release", "--package", "xtask", "--locked", "--", "api", "--check"],
        environment: &[],
    },
    Check {
        title: "the Python package",
        arguments: &["run", "--release", "--package", "xtask", "--locked", "--", "python"],
        environment: &[],
    },
    Check {
        title: "lints",
        arguments: &["clippy", "--release", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"],
        environment: &[],
    },
    Check {
        title: "documentation",
        arguments: &["doc", "--release", "--workspace", "--no-deps", "--all-features"],
        environment: &[("RUSTDOCFLAGS", "-D warnings")],
    },
    // What a registry would get. Building it from there is for a release.
    Check {
        title: "packages",
        arguments: &["package", "--workspace", "--no-verify", "--allow-dirty", "--quiet", "--locked"],
        environment: &[],
    },
    Check {
        title: "licences, bans and sources of the dependencies",
        arguments: &["deny", "--all-features", "--workspace", "check", "bans", "licenses", "sources"],
        environment: &[],
    },
];

const OWN_ACTIVATION: &str = "examples/own-activation/Cargo.toml";

const OWN_TARGET: &str = "target/own-activation";

const FIRMWARE: &str = "examples/microcontroller/Cargo.toml";

const FIRMWARE_TARGET: &str = "target/microcontroller";

/// Microcontrollers with an ARM Cortex-M4F.
const BARE_TARGET: &str = "thumbv7em-none-eabihf";

/// The version of cargo-deny that is installed where there is none.
const CARGO_DENY: &str = "0.18.9";

/// The page to play with: what is committed against the sources, its bits under Node, and its answers in Chromium.
const PAGE: Check = Check {
    title: "the page to play with",
    arguments: &["run", "--release", "--package", "xtask", "--locked", "--", "play", "--check"],
    environment: &[],
};

/// Runs all checks, even after one has failed, and lists those that have.
pub fn run() -> ExitCode {
    if !succeeds(&["deny", "--version"], &[]) {
        println!("\n# installing cargo-deny {CARGO_DENY}");
        // It runs for a second: not worth the minutes that it takes to optimise.
        let arguments = ["install", "cargo-deny", "--version", CARGO_DENY, "--locked", "--debug"];
        succeeds(&arguments, &[("CARGO_PROFILE_DEV_DEBUG", "false")]);
    }
    let has_bare = has_target(BARE_TARGET);
    let checks: Vec<&Check> =
        CHECKS.iter().filter(|check| has_bare || !check.arguments.contains(&BARE_TARGET)).collect();
    let page = play::lacks();
    let checks: Vec<&Check> = checks.into_iter().chain(page.is_none().then_some(&PAGE)).collect();
    let mut failed: Vec<&str> = checks.iter().filter(|check| !passes(check)).map(|check| check.title).collect();
    let mut not_run: Vec<(&str, String)> = Vec::new();
    for machine in elsewhere::ALL {
        match machine.lacks() {
            Some(lack) => not_run.push((machine.title, lack)),
            None if !machine.passes() => failed.push(machine.title),
            None => {}
        }
    }
    let elsewhere = elsewhere::ALL.len() - not_run.len();
    if !functions_are_formatted() {
        failed.push("formatting of the functions");
    }
    if !has_bare {
        println!("target {BARE_TARGET}: NOT RUN: rustup cannot add it to this machine");
    }
    not_run.extend(page.map(|lack| (PAGE.title, lack)));
    for (title, lack) in &not_run {
        println!("{title}: NOT RUN: {lack}");
    }
    for &level in Level::ALL {
        let run = if level.is_available() { "tested" } else { "NOT RUN: this machine lacks it" };
        println!("instruction set {level}: {run}");
    }
    if failed.is_empty() {
        println!("all {} checks passed", checks.len() + elsewhere + 1);
        ExitCode::SUCCESS
    } else {
        println!("failed: {}", failed.join("; "));
        ExitCode::FAILURE
    }
}

/// Whether the files of the functions are formatted: `cargo fmt` does not find them, for a macro declares their modules.
fn functions_are_formatted() -> bool {
    let Ok(files) = fs::read_dir(root().join("crates/excite/src/functions")) else { return false };
    let files = files.filter_map(|file| Some(file.ok()?.path()));
    let done = Command::new("rustfmt").args(["--check", "--edition", "2024"]).args(files).current_dir(root()).status();
    done.is_ok_and(|status| status.success())
}

fn passes(check: &Check) -> bool {
    println!("\n# {}: cargo {}", check.title, check.arguments.join(" "));
    let start = Instant::now();
    let passed = succeeds(check.arguments, check.environment);
    let word = if passed { "passed" } else { "FAILED" };
    println!("# {} {word} in {:.0} s", check.title, start.elapsed().as_secs_f64());
    passed
}

fn succeeds(arguments: &[&str], environment: &[(&str, &str)]) -> bool {
    let mut cargo = cargo();
    cargo.args(arguments).envs(environment.iter().copied()).current_dir(root());
    cargo.status().is_ok_and(|status| status.success())
}
