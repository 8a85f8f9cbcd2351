//! `cargo xtask fuzz`: runs the targets of excite-fuzz under libFuzzer, one after the other.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{env, fs, io};

use clap::Args;

use crate::cargo::cargo;

/// The folder of the targets, a workspace of its own: its `.cargo/config.toml` has the flags for coverage.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz");
/// The most memory of a target, in MiB. To ask for more is a fault, even where none of it is used.
const MEMORY: u64 = 1024;
/// The seconds that one input may take.
const TIMEOUT: u64 = 10;
/// What libFuzzer exits with when it is interrupted.
const INTERRUPTED: i32 = 72;
/// The folder in memory that Linux has.
const IN_MEMORY: &str = "/dev/shm";
/// How much of what libFuzzer says of a fault is shown, in lines.
const SHOWN: usize = 30;

/// Runs each parser on mutated files; fails if one panics, hangs, asks for too much memory or breaks a law.
#[derive(Args)]
pub struct Fuzz {
    /// The targets, by their files in fuzz/fuzz_targets; all if none is given
    targets: Vec<String>,
    /// For how many seconds each target runs
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
}

impl Fuzz {
    pub fn run(&self) -> ExitCode {
        self.fuzz().unwrap_or_else(|error| {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        })
    }

    fn fuzz(&self) -> Result<ExitCode, String> {
        let targets = self.targets()?;
        build(&targets)?;
        // Ctrl-C reaches the target as well, which ends by itself.
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        ctrlc::set_handler(move || stopping.store(true, Ordering::Relaxed))
            .map_err(|error| format!("Ctrl-C cannot be listened for: {error}"))?;
        let mut faulty = Vec::new();
        for name in &targets {
            println!("{name}: running for {} s", self.seconds);
            let output = self.fuzz_one(name).map_err(|error| format!("{name} cannot be run: {error}"))?;
            if stop.load(Ordering::Relaxed) || output.status.code() == Some(INTERRUPTED) {
                println!("stopped in {name}");
                // As shells have it: 128 and the number of the signal.
                return Ok(ExitCode::from(130));
            }
            println!("{name}: {}", verdict(name, &output));
            if !output.status.success() {
                faulty.push(name.as_str());
            }
        }
        if faulty.is_empty() {
            println!("no fault was found in {} targets", targets.len());
            return Ok(ExitCode::SUCCESS);
        }
        Err(format!("faults were found in {}", faulty.join(", ")))
    }

    /// The names of the targets to run.
    fn targets(&self) -> Result<Vec<String>, String> {
        let files = fs::read_dir(format!("{FOLDER}/fuzz_targets")).map_err(|error| format!("{FOLDER}: {error}"))?;
        let name = |file: fs::DirEntry| file.path().file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let mut known: Vec<String> = files.filter_map(|file| name(file.ok()?)).collect();
        known.sort();
        if let Some(unknown) = self.targets.iter().find(|target| !known.contains(target)) {
            return Err(format!("there is no target `{unknown}`: choose among {}", known.join(", ")));
        }
        Ok(if self.targets.is_empty() { known } else { self.targets.clone() })
    }

    /// Runs one target until its time is over or it fails.
    fn fuzz_one(&self, name: &str) -> io::Result<Output> {
        let (corpus, artifacts) = (format!("corpus/{name}"), format!("artifacts/{name}/"));
        fs::create_dir_all(format!("{FOLDER}/{corpus}"))?;
        fs::create_dir_all(format!("{FOLDER}/{artifacts}"))?;
        // Most parsers read files: in memory, where the system has such a folder, that is some times as fast.
        let files = if Path::new(IN_MEMORY).is_dir() { PathBuf::from(IN_MEMORY) } else { env::temp_dir() };
        let files = files.join(format!("excite-fuzz-{}", std::process::id()));
        fs::create_dir_all(&files)?;
        // libFuzzer looks at the memory in use once a second; the limit of the system stops what asks for too much at once.
        let output = in_folder(Command::new("sh"))
            .args(["-c", &format!("ulimit -d {}; exec \"$@\"", MEMORY * 1024), "sh"])
            .arg(cargo().get_program())
            .args(["run", "--quiet", "--release", "--locked", "--bin", name, "--", &corpus])
            .arg(format!("-max_total_time={}", self.seconds))
            .arg(format!("-timeout={TIMEOUT}"))
            .arg(format!("-rss_limit_mb={MEMORY}"))
            .arg(format!("-artifact_prefix={artifacts}"))
            .arg("-print_final_stats=1")
            .env("RUST_BACKTRACE", "0")
            .env("TMPDIR", &files)
            .output();
        // A target that failed leaves its last file.
        fs::remove_dir_all(files)?;
        output
    }
}

/// The command in the folder of the targets. Flags from outside would take the place of those for coverage.
fn in_folder(mut command: Command) -> Command {
    command.current_dir(FOLDER).env_remove("RUSTFLAGS");
    command
}

fn build(targets: &[String]) -> Result<(), String> {
    let names = targets.iter().flat_map(|name| ["--bin", name]);
    let built = in_folder(cargo()).args(["build", "--release", "--locked"]).args(names).status();
    match built {
        Ok(status) if status.success() => Ok(()),
        _ => Err("the targets cannot be built; libFuzzer needs a C++ compiler".to_owned()),
    }
}

/// How a run ended, in words: with the file and how to replay it, if there was a fault.
fn verdict(name: &str, output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    let after = |words: &str| said.lines().rev().find_map(|line| line.split_once(words)).map(|(_, rest)| rest.trim());
    if output.status.success() {
        let inputs = after("stat::number_of_executed_units:").unwrap_or("an unknown number of");
        return format!("no fault in {inputs} inputs");
    }
    let replay = match after("Test unit written to ") {
        Some(file) => {
            format!("written to fuzz/{file}\nreplay it: cd fuzz && cargo run --release --bin {name} -- {file}")
        }
        None => "it ended before the input could be written".to_owned(),
    };
    let lines: Vec<&str> = said.lines().filter(|line| !line.starts_with(['#', '0', '\\'])).collect();
    let shown = lines[lines.len().saturating_sub(SHOWN)..].join("\n");
    format!("FAULT ({})\n{shown}\n{replay}", output.status)
}
