//! The microcontrollers, simulated by QEMU and simavr.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Cost;
use super::kernels::Measured;
use crate::verify::root;

/// A microcontroller with its compiler and what simulates it.
pub struct Machine {
    pub title: &'static str,
    /// What its clock counts.
    pub counts: &'static str,
    compiler: &'static str,
    /// What chooses the processor.
    target: &'static [&'static str],
    /// What links a program, beside the sources.
    link: &'static [&'static str],
    /// The files of xtask/firmware that make a program of a kernel.
    files: &'static [&'static str],
    simulator: &'static [&'static str],
    /// The names of its tools' packages in Debian.
    pub packages: &'static [&'static str],
}

const BARE: &[&str] =
    &["-ffreestanding", "-nostdlib", "-nostartfiles", "-ffunction-sections", "-Wl,--gc-sections", "-lgcc"];
const ARM: &[&str] =
    &["qemu-system-arm", "-M", "mps2-an386", "-nographic", "-semihosting", "-icount", "shift=0", "-kernel"];
const ARM_PACKAGES: &[&str] = &["gcc-arm-none-eabi", "libnewlib-arm-none-eabi", "qemu-system-arm"];

pub const MACHINES: &[Machine] = &[
    Machine {
        title: "Cortex-M4",
        counts: "instructions",
        compiler: "arm-none-eabi-gcc",
        target: &["-mcpu=cortex-m4", "-mthumb"],
        link: BARE,
        files: &["cortex-m.c"],
        simulator: ARM,
        packages: ARM_PACKAGES,
    },
    Machine {
        title: "Cortex-M0",
        counts: "instructions",
        compiler: "arm-none-eabi-gcc",
        target: &["-mcpu=cortex-m0", "-mthumb"],
        link: BARE,
        files: &["cortex-m.c"],
        simulator: ARM,
        packages: ARM_PACKAGES,
    },
    Machine {
        title: "RISC-V (RV32IMAC)",
        counts: "instructions",
        compiler: "riscv64-unknown-elf-gcc",
        target: &["-march=rv32imac_zicsr", "-mabi=ilp32", "--specs=picolibc.specs"],
        link: BARE,
        files: &["risc-v.c"],
        simulator: &[
            "qemu-system-riscv32",
            "-M",
            "virt",
            "-bios",
            "none",
            "-nographic",
            "-icount",
            "shift=0",
            "-kernel",
        ],
        packages: &["gcc-riscv64-unknown-elf", "picolibc-riscv64-unknown-elf", "qemu-system-misc"],
    },
    Machine {
        title: "ATmega328P",
        counts: "cycles",
        compiler: "avr-gcc",
        target: &["-mmcu=atmega328p"],
        link: &[],
        files: &["avr.c"],
        simulator: &["simavr", "-m", "atmega328p", "-f", "16000000"],
        packages: &["gcc-avr", "avr-libc", "simavr"],
    },
];

impl Machine {
    /// Whether its compiler and its simulator are installed.
    pub fn is_here(&self) -> bool {
        let starts = |program: &str, argument: &str| Command::new(program).arg(argument).output().is_ok();
        starts(self.compiler, "--version") && starts(self.simulator[0], "--help")
    }

    pub fn is_avr(&self) -> bool {
        self.compiler.starts_with("avr")
    }

    /// Builds and runs a kernel. What is measured is left out where nothing but the self-test is asked for.
    pub fn cost(&self, kernel: &Measured, folder: &Path, only_test: bool) -> Result<Cost, String> {
        kernel.write(folder)?;
        let program = folder.join("program.elf");
        let mut compiler = self.compile(kernel, folder);
        compiler.arg("-O2").args(self.files.iter().map(|file| harness(file))).arg(harness("measure.c"));
        if let Some(script) = self.files[0].strip_suffix(".c").filter(|_| !self.is_avr()) {
            compiler.arg("-T").arg(harness(&format!("{script}.ld")));
        }
        run(compiler.args(&kernel.sources).args(self.link).arg("-o").arg(&program), kernel.title)?;
        let mut simulator = Command::new("timeout");
        let said = run(
            simulator.arg("120").args(self.simulator).arg(&program),
            &format!("{} on {}", kernel.title, self.title),
        )?;
        let (fault, hundredths) =
            said_numbers(&said).ok_or(format!("{} on {} said {said}", kernel.title, self.title))?;
        if fault != 0 {
            return Err(format!("{} fails its self-test on {}", kernel.title, self.title));
        }
        let flash = if only_test { None } else { Some(self.flash(kernel, folder)?) };
        if let (Some(flash), Some(stated), "Cortex-M4") = (flash, kernel.stated, self.title)
            && flash.abs_diff(stated) > 60.max(stated / 8)
        {
            return Err(format!("{} takes {flash} bytes, and its head says {stated}", kernel.title));
        }
        Ok(Cost { hundredths: Some(hundredths), flash })
    }

    fn compile(&self, kernel: &Measured, folder: &Path) -> Command {
        let mut compiler = Command::new(self.compiler);
        compiler.args(self.target).args(["-std=gnu99", "-Wno-attributes"]);
        compiler.arg("-I").arg(folder).arg("-I").arg(root().join("xtask/firmware"));
        kernel.includes.iter().for_each(|folder| {
            compiler.arg("-I").arg(folder);
        });
        compiler.current_dir(folder);
        compiler
    }

    /// The bytes of the kernel's functions and tables at `-Os`, without its self-test. It is an error if any is in RAM.
    fn flash(&self, kernel: &Measured, folder: &Path) -> Result<u64, String> {
        let mut bytes = 0;
        for source in &kernel.sources {
            let object = folder.join("kernel.o");
            run(self.compile(kernel, folder).args(["-Os", "-c"]).arg(source).arg("-o").arg(&object), kernel.title)?;
            let tool = self.compiler.strip_suffix("gcc").unwrap_or(self.compiler);
            let symbols = run(Command::new(format!("{tool}nm")).args(["-S", "-t", "d"]).arg(&object), "nm")?;
            for line in symbols.lines() {
                let [_, size, kind, name] = line.split_whitespace().collect::<Vec<_>>()[..] else { continue };
                if "dDbB".contains(kind) {
                    return Err(format!("{name} of {} is in the RAM of {}", kernel.title, self.title));
                }
                if !name.ends_with("_checksum") && !name.ends_with("_self_test") && !kernel.unused.contains(&name) {
                    bytes += size.parse::<u64>().unwrap_or(0);
                }
            }
        }
        Ok(bytes)
    }
}

/// A file of what makes a program of a kernel.
fn harness(name: &str) -> PathBuf {
    root().join("xtask/firmware").join(name)
}

/// What a program printed, if it came to its end.
fn run(command: &mut Command, what: &str) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{what}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{what}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    Ok(format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
}

/// The numbers of `fault 0 hundredths 2424`.
fn said_numbers(text: &str) -> Option<(u64, u64)> {
    let after = |word: &str| {
        let rest = text.split(word).nth(1)?.trim_start();
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    };
    Some((after("fault")?, after("hundredths")?))
}

/// Writes a file of a measured program.
pub fn write(folder: &Path, name: &str, text: &str) -> Result<(), String> {
    fs::write(folder.join(name), text).map_err(|error| format!("{name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_among_what_a_simulator_says() {
        assert_eq!(said_numbers("\u{1b}[32mfault 0 hundredths 64793.\n"), Some((0, 64793)));
        assert_eq!(said_numbers("nothing"), None);
    }
}
