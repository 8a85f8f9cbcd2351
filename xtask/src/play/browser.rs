//! The page driven in Chromium as a reader would, and what it showed compared with the library.

use std::ffi::OsStr;
use std::io::Write;
use std::process::{Command, Stdio};

use excite_play::Session;
use serde::Deserialize;

use super::file;
use crate::verify::root;

/// Node, Chromium and its driver, by their names here.
pub struct Tools {
    chromium: &'static str,
}

/// What the browser was asked to do, and what came of it.
#[derive(Deserialize)]
struct Driven {
    /// What was looked at, and whether it was as it should be.
    checks: Vec<(String, bool)>,
    /// Every request of the page with its answer, page by page.
    records: Vec<Vec<(String, String)>>,
}

impl Tools {
    /// Those of this machine, after having tried to install what is missing.
    pub fn find() -> Result<Self, String> {
        if Self::present().is_none() {
            // As root, on Debian and its like; elsewhere nothing comes of it.
            let quiet = || (Stdio::null(), Stdio::null());
            for arguments in [&["update"][..], &["install", "--yes", "chromium", "chromium-driver", "nodejs"]] {
                let (out, err) = quiet();
                let _ = Command::new("apt-get").arg("--quiet").args(arguments).stdout(out).stderr(err).status();
            }
        }
        Self::present()
            .ok_or_else(|| "it needs node, chromedriver and Chromium, and apt cannot install them".to_owned())
    }

    fn present() -> Option<Self> {
        let works = |name: &str| {
            let asked = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
            asked.is_ok_and(|status| status.success())
        };
        let chromium = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|name| works(name))?;
        (works("node") && works("chromedriver")).then_some(Self { chromium })
    }

    /// Runs a script of `crates/excite-play/tests/` with `input` on standard input; gives what it prints.
    pub fn node(&self, script: &str, arguments: &[&OsStr], input: &str) -> Result<String, String> {
        let mut node = Command::new("node")
            .arg(root().join("crates/excite-play/tests").join(script))
            .args(arguments)
            .env("CHROMIUM", self.chromium)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("node cannot be run: {error}"))?;
        let written = node.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(input.as_bytes()));
        let done = node.wait_with_output().map_err(|error| format!("{script}: {error}"))?;
        written.map_err(|error| format!("{script} does not read its input: {error}"))?;
        if done.status.success() {
            Ok(String::from_utf8_lossy(&done.stdout).into_owned())
        } else {
            Err(format!("{script} failed"))
        }
    }
}

/// Drives the page, and asks the library what the page asked: all answers must be the same texts.
pub fn check(tools: &Tools) -> Result<(), String> {
    let page = file();
    let driven = tools.node("drive.mjs", &[page.as_os_str()], "")?;
    let driven: Driven =
        serde_json::from_str(&driven).map_err(|error| format!("drive.mjs prints something else: {error}"))?;
    for (what, held) in &driven.checks {
        println!("{} {what}", if *held { "ok    " } else { "FAILED" });
    }
    if let Some((what, _)) = driven.checks.iter().find(|(_, held)| !held) {
        return Err(format!("in Chromium: {what}"));
    }
    let mut compared = 0;
    for record in &driven.records {
        let mut session = Session::default();
        for (request, answer) in record {
            if session.answer(request) != *answer {
                return Err(format!("Chromium and the library answer otherwise to {request}"));
            }
            compared += 1;
        }
    }
    if compared == 0 {
        return Err("the page asked for nothing".to_owned());
    }
    println!("{compared} answers in Chromium are those of the library, to the last bit");
    Ok(())
}
