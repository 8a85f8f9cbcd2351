//! `cargo xtask firmware`: builds written kernels for microcontrollers, runs their self-tests on simulated ones, and writes down in
//! docs/firmware.md what a value costs, beside CMSIS-NN where its sources are given.

mod kernels;
mod machines;
mod page;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Args;

use self::kernels::Measured;
use self::machines::{MACHINES, Machine};
use crate::generated;
use crate::verify::root;

/// Writes docs/firmware.md: what written kernels cost on microcontrollers, simulated
#[derive(Args)]
pub struct Firmware {
    /// Run the self-tests on the machines that are here, and write nothing
    #[arg(long)]
    check: bool,
    /// A checkout of CMSIS-NN, whose functions are measured beside
    #[arg(long, value_name = "FOLDER")]
    cmsis_nn: Option<PathBuf>,
    /// Install the compilers and machines that are lacking, from Debian's packages
    #[arg(long)]
    install: bool,
}

/// What a kernel costs on one machine: hundredths of an instruction or cycle a value.
pub struct Cost {
    pub hundredths: Option<u64>,
    /// The bytes of its functions and tables, without the self-test.
    pub flash: Option<u64>,
}

impl Firmware {
    pub fn run(&self) -> ExitCode {
        match self.outcome() {
            Ok(code) => code,
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        }
    }

    fn outcome(&self) -> Result<ExitCode, String> {
        if self.install {
            install();
        }
        let here: Vec<&Machine> = MACHINES.iter().filter(|machine| machine.is_here()).collect();
        for machine in MACHINES.iter().filter(|machine| !machine.is_here()) {
            let packages = machine.packages.join(" ");
            println!("{}: NOT RUN: apt-get install {packages}, or `cargo xtask firmware --install`", machine.title);
        }
        let folder = root().join("target/firmware");
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let mut rows = Vec::new();
        for kernel in kernels::all() {
            rows.push((kernel.title, kernel.error, self.costs(&kernel, &here, &folder)?));
        }
        let mut peers = Vec::new();
        if let Some(sources) = &self.cmsis_nn {
            for kernel in kernels::of_cmsis_nn(sources) {
                peers.push((kernel.title, kernel.error, self.costs(&kernel, &here, &folder)?));
            }
        }
        println!("{} kernels passed their self-tests on {} machines", rows.len(), here.len());
        if self.check {
            return Ok(ExitCode::SUCCESS);
        }
        if here.len() < MACHINES.len() || peers.is_empty() {
            return Err("docs/firmware.md needs all machines and --cmsis-nn FOLDER, a checkout of CMSIS-NN".to_owned());
        }
        Ok(generated::write_all(&vec![("firmware.md".to_owned(), page::page(&rows, &peers))]))
    }

    /// The costs on the machines that are here, in their order; None where the kernel is not for one.
    fn costs(&self, kernel: &Measured, here: &[&Machine], folder: &Path) -> Result<Vec<Option<Cost>>, String> {
        let one = |machine: &&Machine| -> Result<Option<Cost>, String> {
            if !kernel.is_for(machine) {
                return Ok(None);
            }
            machine.cost(kernel, folder, self.check).map(Some)
        };
        here.iter().map(one).collect()
    }
}

/// Installs what is lacking; a machine that cannot is told what it lacks afterwards.
fn install() {
    let packages: Vec<&str> =
        MACHINES.iter().filter(|machine| !machine.is_here()).flat_map(|machine| machine.packages).copied().collect();
    if !packages.is_empty() {
        let arguments = ["install", "-y", "--no-install-recommends"];
        if !Command::new("apt-get").args(arguments).args(packages).status().is_ok_and(|status| status.success()) {
            println!("apt-get could not install all packages");
        }
    }
}
