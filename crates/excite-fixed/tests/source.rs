//! Written kernels, compiled by the compilers of the machine, give what the library's give, code by code.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use excite_fixed::{Affine, Code, Profile, Source, codes};

/// A source, and what the library gives for all codes, the low byte first.
struct Written {
    source: Source,
    name: String,
    /// In C and in Rust.
    types: [String; 2],
    ends: (i32, i32),
    outputs: Vec<u8>,
}

fn written<C: Code>(place: usize, profile: Profile, f: &str, input: (f32, i32), output: (f32, i32)) -> Written {
    let f = f.parse().unwrap();
    let [input, output] = [input, output].map(|(scale, zero_point)| Affine::<C>::new(scale, zero_point).unwrap());
    let kernel = profile.kernel(f, input, output).unwrap();
    let name = format!("kernel_{place}");
    let source = Source::new(&name, "a layer */ \"of\" a network", f, profile, (input, output), &kernel).unwrap();
    let bytes = |y: C| y.to_i32().to_le_bytes().into_iter().take(C::BITS as usize / 8);
    let rust = format!("{}{}", if C::MIN_CODE < 0 { "i" } else { "u" }, C::BITS);
    Written {
        source,
        name,
        types: [format!("{}_t", C::NAME), rust],
        ends: (C::MIN_CODE, C::MAX_CODE),
        outputs: codes::<C>().flat_map(|x| bytes(kernel.code(x))).collect(),
    }
}

/// Every form of kernel, every type, and zero points at the ends.
fn all() -> Vec<Written> {
    let exact = Profile::Exact;
    vec![
        written::<i8>(0, exact, "gelu", (0.05, 3), (0.05, -90)),
        written::<u8>(1, exact, "sigmoid", (0.1, 128), (1.0 / 256.0, 0)),
        written::<i8>(2, Profile::Tflite, "hard_swish", (0.05, -10), (0.03, -100)),
        written::<u8>(3, exact, "relu6", (0.1, 77), (6.0 / 255.0, 0)),
        written::<i16>(4, exact, "relu6", (0.001, 0), (6.0 / 32767.0, 0)),
        written::<u16>(5, exact, "relu", (0.003, 30000), (0.0007, 11)),
        written::<i16>(6, exact, "tanh", (8.0 / 32768.0, 0), (1.0 / 32768.0, 0)),
        written::<u16>(7, exact, "gelu", (0.0004, 32768), (0.0003, 600)),
        // The input's zero point is the lowest code, and the highest.
        written::<u16>(8, exact, "softplus", (0.0001, 0), (0.0001, 0)),
        written::<i16>(9, exact, "mish", (0.0003, 32767), (0.00001, 32767)),
        written::<i16>(10, exact, "threshold", (0.001, -5), (0.001, -20000)),
    ]
}

fn run(command: &mut Command, what: &str) -> Vec<u8> {
    let output = command.output().unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn check(all: &[Written], printed: &[u8]) {
    let mut rest = printed;
    for written in all {
        let (outputs, after) = rest.split_at(written.outputs.len());
        let differs = outputs.iter().zip(&written.outputs).position(|(a, b)| a != b);
        assert_eq!(differs, None, "the first byte that differs of {}", written.name);
        rest = after;
    }
    assert!(rest.is_empty());
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).unwrap();
}

#[test]
fn c99_compiles_without_a_warning_and_gives_the_same_codes() {
    if Command::new("cc").arg("--version").output().is_err() {
        println!("SKIPPED: this machine has no C compiler `cc`");
        return;
    }
    let (all, folder) = (all(), tempfile::tempdir().unwrap());
    let (mut includes, mut body) = (String::new(), String::new());
    for Written { source, name, types: [ty, _], ends: (least, largest), .. } in &all {
        write(folder.path(), &format!("{name}.h"), &source.c());
        writeln!(includes, "#include \"{name}.h\"").unwrap();
        write!(
            body,
            "    for (code = {least}; code <= {largest}; code++) {{
        {ty} x = ({ty})code, y;
        {name}_apply(&x, &y, 1);
        fwrite(&y, sizeof y, 1, stdout);
    }}
    faults += {name}_self_test();\n"
        )
        .unwrap();
    }
    let main = format!(
        "{includes}#include <stdio.h>\nint main(void)\n{{\n    long code;\n    int faults = 0;\n{body}    return faults;\n}}\n"
    );
    write(folder.path(), "main.c", &main);
    let strict = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O1"];
    let mut compiler = Command::new("cc");
    run(compiler.args(strict).args(["main.c", "-o", "main"]).current_dir(&folder), "cc");
    check(&all, &run(&mut Command::new(folder.path().join("main")), "the program in C"));

    // A header alone is a program that tests itself.
    let mut compiler = Command::new("cc");
    let arguments = ["-DEXCITE_MAIN", "-x", "c", "kernel_6.h", "-o", "alone"];
    run(compiler.args(strict).args(arguments).current_dir(&folder), "cc");
    let printed = run(&mut Command::new(folder.path().join("alone")), "the self-test");
    assert_eq!(String::from_utf8_lossy(&printed), format!("kernel_6 {:08x}\n", all[6].source.checksum()));

    // A table with a wrong entry is found out.
    let wrong = all[1].source.c().replacen(" 128,", " 129,", 1);
    assert_ne!(wrong, all[1].source.c());
    write(folder.path(), "wrong.h", &wrong);
    let mut compiler = Command::new("cc");
    run(compiler.args(["-DEXCITE_MAIN", "-x", "c", "wrong.h", "-o", "wrong"]).current_dir(&folder), "cc");
    assert_eq!(Command::new(folder.path().join("wrong")).output().unwrap().status.code(), Some(1));
}

#[test]
fn rust_compiles_without_std_and_gives_the_same_codes() {
    let (all, folder) = (all(), tempfile::tempdir().unwrap());
    let (mut modules, mut body) = (String::new(), String::new());
    for Written { source, name, types: [_, ty], .. } in &all {
        write(folder.path(), &format!("{name}.rs"), &source.rust());
        writeln!(modules, "pub mod {name};").unwrap();
        write!(
            body,
            "    for x in {ty}::MIN..={ty}::MAX {{
        let mut y = [0];
        {name}::{name}_apply(&[x], &mut y);
        out.write_all(&y[0].to_le_bytes()).unwrap();
    }}
    assert!({name}::{name}_self_test());\n"
        )
        .unwrap();
    }
    write(folder.path(), "lib.rs", &format!("#![no_std]\n#![forbid(unsafe_code)]\n#![deny(warnings)]\n{modules}"));
    let start = "fn main() {\n    use std::io::Write;\n    let mut out = std::io::BufWriter::new(std::io::stdout());\n";
    write(folder.path(), "main.rs", &format!("{modules}{start}{body}    out.flush().unwrap();\n}}\n"));
    let compile = |arguments: &[&str]| {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        run(Command::new(rustc).args(["--edition", "2024"]).args(arguments).current_dir(&folder), "rustc");
    };
    compile(&["--crate-type", "lib", "--emit", "metadata", "lib.rs"]);
    compile(&["-O", "main.rs", "-o", "main"]);
    check(&all, &run(&mut Command::new(folder.path().join("main")), "the program in Rust"));
}

#[test]
fn kernels_of_16_bits_of_other_libraries_are_refused() {
    let (input, output) = (Affine::<i16>::new(0.001, 0).unwrap(), Affine::<i16>::new(1.0 / 32768.0, 0).unwrap());
    let f = "tanh".parse().unwrap();
    let kernel = Profile::Tflite.kernel(f, input, output).unwrap();
    let error = Source::new("tanh", "", f, Profile::Tflite, (input, output), &kernel).unwrap_err();
    assert!(error.to_string().contains("`exact`"), "{error}");
}
