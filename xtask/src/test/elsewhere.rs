//! The bits of results on processors that this machine can only imitate.

use std::path::Path;
use std::process::{Command, Stdio};

use super::succeeds;
use crate::cargo::has_target;
use crate::verify::root;

/// A processor, and what it takes to run programs of it here.
pub struct Elsewhere {
    /// What the tests are called in the list of checks.
    pub title: &'static str,
    target: &'static str,
    /// The programs that it needs, and the packages of Debian or the like that have them.
    tools: &'static [(&'static str, &'static str)],
    /// The folder of its C library.
    library: Option<&'static str>,
    /// The environment of cargo; `{root}` is the folder of the workspace.
    environment: &'static [(&'static str, &'static str)],
    /// Which tests are run: all of a module.
    tests: &'static [&'static str],
}

/// All of them.
pub const ALL: &[Elsewhere] = &[
    Elsewhere {
        title: "the same bits on AArch64",
        target: "aarch64-unknown-linux-gnu",
        tools: &[("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu"), ("qemu-aarch64", "qemu-user")],
        library: Some("/usr/aarch64-linux-gnu/lib"),
        environment: &[
            ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", "aarch64-linux-gnu-gcc"),
            ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", "qemu-aarch64 -L /usr/aarch64-linux-gnu"),
        ],
        tests: &["golden", "sameness"],
    },
    Elsewhere {
        title: "the same bits in WebAssembly",
        target: "wasm32-wasip1",
        tools: &[("node", "nodejs")],
        library: None,
        environment: &[(
            "CARGO_TARGET_WASM32_WASIP1_RUNNER",
            "node --disable-warning=ExperimentalWarning {root}/xtask/src/test/wasi.mjs",
        )],
        // Multiply-add is a function there, and sameness would be a quarter of an hour's work of it.
        tests: &["golden"],
    },
];

impl Elsewhere {
    /// What keeps this machine from running the tests, if anything does. Adds the target if it can.
    pub fn lacks(&self) -> Option<String> {
        let missing = self.tools.iter().find(|(tool, _)| !is_there(tool));
        if let Some((tool, package)) = missing {
            return Some(format!("there is no {tool}: install {package}"));
        }
        if let Some(library) = self.library.filter(|library| !Path::new(library).exists()) {
            return Some(format!("there is no {library}: install libc6-dev-arm64-cross"));
        }
        (!has_target(self.target)).then(|| format!("rustup cannot add the target {}", self.target))
    }

    /// Whether the tests pass.
    pub fn passes(&self) -> bool {
        let root = root().display().to_string();
        let environment: Vec<(&str, String)> =
            self.environment.iter().map(|(name, value)| (*name, value.replace("{root}", &root))).collect();
        let environment: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut arguments = vec!["test", "--release", "--package", "excite", "--no-default-features"];
        arguments.extend(["--features", "std,half,f64,exact", "--test", "catalogue", "--locked"]);
        arguments.extend(["--target", self.target, "--"]);
        arguments.extend(self.tests);
        println!("\n# {}: cargo {}", self.title, arguments.join(" "));
        succeeds(&arguments, &environment)
    }
}

fn is_there(tool: &str) -> bool {
    let asked = Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}
