//! Written kernels, compiled by the compilers of the machine, give what the library's give, code by code.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use excite_fixed::arithmetic::{Multiplier, RoundingSteps};
use excite_fixed::{Affine, Code, Profile, Source, SumKernel, codes};

/// A source, and what the library gives for what it takes, the low byte first.
struct Written {
    source: Source,
    name: String,
    /// Of the output, in C and in Rust.
    types: [String; 2],
    takes: Takes,
    outputs: Vec<u8>,
}

/// What goes in.
enum Takes {
    /// All codes between these two.
    Codes(i32, i32),
    /// These sums.
    Sums(Vec<i32>),
    /// These rows.
    Rows(Vec<Vec<i32>>),
    /// These sums with a multiplier.
    SumsBy(Vec<i32>, Multiplier),
}

impl Takes {
    /// The last arguments of a function of sums.
    fn multiplier(&self) -> String {
        match self {
            Self::SumsBy(_, by) => format!(", {}, {}", by.mantissa, by.shift),
            _ => String::new(),
        }
    }
}

fn types<C: Code>() -> [String; 2] {
    [format!("{}_t", C::NAME), format!("{}{}", if C::MIN_CODE < 0 { "i" } else { "u" }, C::BITS)]
}

fn bytes<C: Code>(y: C) -> impl Iterator<Item = u8> {
    y.to_i32().to_le_bytes().into_iter().take(C::BITS as usize / 8)
}

fn written<C: Code>(place: usize, profile: Profile, f: &str, input: (f32, i32), output: (f32, i32)) -> Written {
    let f = f.parse().unwrap();
    let [input, output] = [input, output].map(|(scale, zero_point)| Affine::<C>::new(scale, zero_point).unwrap());
    let kernel = profile.kernel(f, input, output).unwrap();
    let name = format!("kernel_{place}");
    let source = Source::new(&name, "a layer */ \"of\" a network", f, profile, (input, output), &kernel).unwrap();
    let outputs = codes::<C>().flat_map(|x| bytes(kernel.code(x))).collect();
    Written { source, name, types: types::<C>(), takes: Takes::Codes(C::MIN_CODE, C::MAX_CODE), outputs }
}

fn of_sums<C: Code>(place: usize, rounding: RoundingSteps, f: &str, scales: &[f32], output: (f32, i32)) -> Written {
    let input = Affine::<i16>::new(8.0 / 32768.0, 0).unwrap();
    let output = Affine::<C>::new(output.0, output.1).unwrap();
    let kernel = SumKernel::new(f.parse().unwrap(), scales, Some(input), output, rounding).unwrap();
    let name = format!("kernel_{place}");
    let ends = [i32::MIN, i32::MIN + 1, -65536, -1, 0, 1, 65536, i32::MAX - 1, i32::MAX];
    let mixed = (0..30_000_u32).map(|i| (i.wrapping_mul(0x9e37_79b1) as i32) >> (i % 29));
    let mut sums: Vec<i32> = ends.into_iter().chain(mixed).collect();
    sums.truncate(sums.len() / scales.len() * scales.len());
    let mut y = vec![C::default(); sums.len()];
    kernel.apply(&sums, &mut y).unwrap();
    Written {
        source: Source::of_sums(&name, "", &kernel),
        name,
        types: types::<C>(),
        takes: Takes::Sums(sums),
        outputs: y.into_iter().flat_map(bytes).collect(),
    }
}

/// A kernel without a multiplier of its own, and with fewer codes than its type has.
fn of_layers<C: Code>(place: usize, f: &str, output: (f32, i32), ends: (i32, i32)) -> Written {
    let input = Affine::<i16>::new(8.0 / 32768.0, 0).unwrap();
    let affine = Affine::<C>::new(output.0, output.1).unwrap();
    let kernel = SumKernel::new(f.parse().unwrap(), &[1.0], Some(input), affine, RoundingSteps::Double).unwrap();
    let kernel = kernel.within(C::saturated(ends.0), C::saturated(ends.1));
    let name = format!("kernel_{place}");
    let sums: Vec<i32> = (-20_000..20_000).step_by(3).chain([i32::MIN, i32::MAX]).collect();
    let factor = Multiplier { mantissa: 1_500_000_000, shift: -3 };
    let outputs = sums.iter().flat_map(|&sum| bytes(kernel.code_by(sum, factor))).collect();
    let source = Source::of_layers(&name, "", &kernel);
    Written { source, name, types: types::<C>(), takes: Takes::SumsBy(sums, factor), outputs }
}

/// A softmax of rows.
fn of_rows<C: Code>(place: usize, profile: Profile, scale: f32, output: (f32, i32)) -> Written {
    let (input, output) = (Affine::<C>::new(scale, 3).unwrap(), Affine::new(output.0, output.1).unwrap());
    let input = if C::BITS == 16 { Affine::new(scale, 0).unwrap() } else { input };
    let kernel = profile.softmax(1.0, input, output).unwrap();
    let name = format!("kernel_{place}");
    let source = Source::of_rows(&name, "", profile, (input, output), &kernel).unwrap();
    let span = C::MAX_CODE - C::MIN_CODE + 1;
    let lengths = [1, 2, 3, 10, 100, 511, 512, 513, 1000, 4095, 4096, 5000];
    let row = |(place, len): (usize, &usize)| -> Vec<i32> {
        let near = if place % 3 == 0 { 4 } else { span as usize };
        (0..*len).map(|i| C::MIN_CODE + (i * i * 31 % near) as i32).collect()
    };
    let rows: Vec<Vec<i32>> = lengths.iter().enumerate().map(row).collect();
    let mut outputs = Vec::new();
    for row in &rows {
        let x: Vec<C> = row.iter().map(|&code| C::saturated(code)).collect();
        let mut y = vec![C::default(); x.len()];
        kernel.apply(&x, &mut y).unwrap();
        outputs.extend(y.into_iter().flat_map(bytes));
    }
    Written { source, name, types: types::<C>(), takes: Takes::Rows(rows), outputs }
}

/// Every form of kernel, every type, and zero points at the ends.
fn all() -> Vec<Written> {
    let (exact, tflite) = (Profile::Exact, Profile::Tflite);
    let (single, double) = (RoundingSteps::Single, RoundingSteps::Double);
    let q15 = (1.0 / 32768.0, 0);
    vec![
        written::<i8>(0, exact, "gelu", (0.05, 3), (0.05, -90)),
        written::<u8>(1, exact, "sigmoid", (0.1, 128), (1.0 / 256.0, 0)),
        written::<i8>(2, tflite, "hard_swish", (0.05, -10), (0.03, -100)),
        written::<u8>(3, exact, "relu6", (0.1, 77), (6.0 / 255.0, 0)),
        written::<i16>(4, exact, "relu6", (0.001, 0), (6.0 / 32767.0, 0)),
        written::<u16>(5, exact, "relu", (0.003, 30000), (0.0007, 11)),
        written::<i16>(6, exact, "tanh", (8.0 / 32768.0, 0), q15),
        written::<u16>(7, exact, "gelu", (0.0004, 32768), (0.0003, 600)),
        // The input's zero point is the lowest code, and the highest.
        written::<u16>(8, exact, "softplus", (0.0001, 0), (0.0001, 0)),
        written::<i16>(9, exact, "mish", (0.0003, 32767), (0.00001, 32767)),
        written::<i16>(10, exact, "threshold", (0.001, -5), (0.001, -20000)),
        // Comparisons.
        written::<i8>(11, exact, "relu", (0.1, -7), (0.1, -7)),
        written::<u8>(12, Profile::Pytorch, "relu6", (0.05, 3), (0.05, 3)),
        written::<i16>(13, Profile::CmsisNn, "relu", (0.001, 0), (0.001, 0)),
        written::<i16>(14, exact, "hard_tanh", (0.001, 100), (0.001, 100)),
        // Two lines: ties, slopes up and down, all saturated, nothing left, a zero point at an end.
        written::<i16>(15, exact, "leaky_relu(0.1)", (0.001, 12), (0.0007, -300)),
        written::<u16>(16, exact, "leaky_relu(-0.5)", (0.5, 40000), (1.0, 3)),
        written::<i16>(17, exact, "identity", (0.5, 0), (1.0, 0)),
        written::<i16>(18, exact, "relu", (3e4, 0), (1e-4, 5)),
        written::<i16>(19, exact, "hard_tanh", (3e4, 0), (1e-4, 5)),
        written::<i16>(20, exact, "identity", (1e-9, 0), (1.0, 5)),
        written::<u16>(21, exact, "relu6", (0.3, 0), (0.1, 65535)),
        written::<i16>(22, exact, "leaky_relu(0.3)", (0.01, 32767), (0.007, -32768)),
        // Other libraries' 16 bits.
        written::<i16>(23, tflite, "relu6", (0.001, 0), (0.0003, 0)),
        written::<i16>(24, tflite, "leaky_relu(-0.2)", (0.001, 0), (0.003, 0)),
        written::<i16>(25, tflite, "relu", (900.0, 0), (0.001, 0)),
        written::<i16>(26, Profile::Tflm, "sigmoid", (0.0007, 0), q15),
        written::<i16>(27, Profile::CmsisNn, "tanh", (1.0 / 4096.0, 0), q15),
        written::<i16>(28, Profile::CmsisNn, "sigmoid", (1.0 / 2048.0, 0), q15),
        written::<i16>(29, tflite, "gelu", (0.0003, 0), (0.0003, 0)),
        written::<i16>(30, tflite, "tanh", (0.01, 0), q15),
        // Sums: one channel and several, to the right and to the left, clamps and curves.
        of_sums::<i8>(31, double, "relu6", &[1e-4], (6.0 / 255.0, -128)),
        of_sums::<u8>(32, single, "relu", &[1e-4, 3e-4, 1e-7], (0.02, 7)),
        of_sums::<i16>(33, single, "identity", &[1e-4, 3.0, 1e-12, 1e5], (0.001, 100)),
        of_sums::<i16>(34, double, "hard_tanh", &[1.0, 0.02], (0.001, 0)),
        of_sums::<i8>(35, double, "sigmoid", &[1e-6, 2e-3], (1.0 / 256.0, -128)),
        of_sums::<u8>(36, single, "gelu", &[1e-6], (0.03, 6)),
        of_sums::<i16>(37, single, "tanh", &[3e-7, 1e-6], q15),
        of_sums::<i8>(38, single, "leaky_relu(0.1)", &[3e-7], (0.05, 3)),
        of_layers::<u8>(39, "relu6", (0.1, 0), (0, 63)),
        of_layers::<i8>(40, "silu", (0.3, -4), (-8, 7)),
        of_rows::<i8>(42, tflite, 0.1, (1.0 / 256.0, -128)),
        of_rows::<u8>(43, tflite, 0.03, (1.0 / 256.0, 0)),
        of_rows::<i8>(44, Profile::CmsisNn, 3.0, (1.0 / 256.0, -128)),
        of_rows::<i16>(45, Profile::Tflm, 3e-4, q15),
        of_rows::<i16>(46, Profile::CmsisNn, 2e-3, q15),
        of_rows::<i16>(47, Profile::CmsisNnSingle, 1e-4, q15),
        of_rows::<i16>(48, tflite, 1.7, q15),
        of_layers::<i16>(41, "hard_tanh(-3, 3)", (0.001, 0), (-2048, 2047)),
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

/// The program that prints what all kernels give, and counts the self-tests that fail.
fn main_in_c(all: &[Written]) -> String {
    let (mut includes, mut body, mut tables) = (String::new(), String::new(), String::new());
    for Written { name, types: [ty, _], takes, .. } in all {
        writeln!(includes, "#include \"{name}.h\"").unwrap();
        match takes {
            Takes::Codes(least, largest) => write!(
                body,
                "    for (code = {least}; code <= {largest}; code++) {{
        {ty} x = ({ty})code, y;
        {name}_apply(&x, &y, 1);
        fwrite(&y, sizeof y, 1, stdout);
    }}\n"
            ),
            Takes::Rows(rows) => {
                let longest = rows.iter().map(Vec::len).max().unwrap();
                writeln!(tables, "static {ty} of_{name}[{longest}];").unwrap();
                for (place, row) in rows.iter().enumerate() {
                    let (len, codes) = (row.len(), row.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "));
                    writeln!(tables, "static const {ty} row_{name}_{place}[{len}] = {{ {codes} }};").unwrap();
                    write!(
                        body,
                        "    {name}(row_{name}_{place}, of_{name}, {len});\n    fwrite(of_{name}, sizeof({ty}), {len}, stdout);\n"
                    )
                    .unwrap();
                }
                Ok(())
            }
            Takes::Sums(sums) | Takes::SumsBy(sums, _) => {
                let more = takes.multiplier();
                let numbers: Vec<String> =
                    sums.iter().map(|sum| if *sum == i32::MIN { "-2147483647 - 1".into() } else { sum.to_string() }).collect();
                let count = sums.len();
                write!(
                    tables,
                    "static const int32_t sums_{name}[{count}] = {{ {} }};\nstatic {ty} of_{name}[{count}];\n",
                    numbers.join(", ")
                )
                .unwrap();
                write!(
                    body,
                    "    {name}_apply(sums_{name}, of_{name}, {count}{more});\n    fwrite(of_{name}, sizeof of_{name}, 1, stdout);\n"
                )
            }
        }
        .unwrap();
        writeln!(body, "    faults += {name}_self_test();").unwrap();
    }
    let numbers_first = "#include <stdint.h>\n#include <stdio.h>\n";
    format!(
        "{numbers_first}{includes}{tables}int main(void)\n{{\n    long code;\n    int faults = 0;\n{body}    return faults;\n}}\n"
    )
}

/// What a careful project compiles with.
const STRICT: [&str; 10] = [
    "-std=c99",
    "-pedantic",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wconversion",
    "-Wsign-conversion",
    "-Wshadow",
    "-Wfloat-equal",
    "-O1",
];

/// Compiles and runs all kernels with a compiler of this machine, if it has it.
fn all_compile_and_agree(compiler: &str, more: &[&str]) {
    let (all, folder) = (all(), tempfile::tempdir().unwrap());
    write(folder.path(), "empty.c", "int main(void) { return 0; }\n");
    let trial = Command::new(compiler).args(more).args(["empty.c", "-o", "empty"]).current_dir(&folder).output();
    if !trial.is_ok_and(|trial| trial.status.success()) {
        println!("NOT RUN: this machine has no C compiler `{compiler}` with {}", more.join(" "));
        return;
    }
    write(folder.path(), "main.c", &main_in_c(&all));
    // As headers alone.
    for Written { source, name, .. } in &all {
        write(folder.path(), &format!("{name}.h"), &source.c());
    }
    let compile = |files: &[String]| {
        run(
            Command::new(compiler).args(STRICT).args(more).args(files).args(["-o", "main"]).current_dir(&folder),
            compiler,
        );
        check(&all, &run(&mut Command::new(folder.path().join("main")), "the program in C"));
    };
    compile(&["main.c".into()]);
    // As headers with sources.
    for Written { source, name, .. } in &all {
        let [header, body] = source.c_pair();
        write(folder.path(), &format!("{name}.h"), &header);
        write(folder.path(), &format!("{name}.c"), &body);
    }
    let sources = all.iter().map(|written| format!("{}.c", written.name));
    compile(&["main.c".into()].into_iter().chain(sources).collect::<Vec<_>>());
}

#[test]
fn c99_compiles_without_a_warning_and_gives_the_same_codes() {
    all_compile_and_agree("cc", &["-fsanitize=undefined,address", "-fno-sanitize-recover=all"]);
}

#[test]
fn clang_finds_nothing_undefined() {
    all_compile_and_agree(
        "clang",
        &["-fsanitize=undefined,address,implicit-conversion", "-fno-sanitize-recover=undefined"],
    );
}

#[test]
fn a_header_alone_is_a_program_that_tests_itself() {
    if Command::new("cc").arg("--version").output().is_err() {
        println!("NOT RUN: this machine has no C compiler `cc`");
        return;
    }
    let (all, folder) = (all(), tempfile::tempdir().unwrap());
    let runs = |name: &str, text: &str| {
        write(folder.path(), name, text);
        let arguments = ["-DEXCITE_MAIN", "-x", "c", name, "-o", "alone"];
        run(Command::new("cc").args(arguments).current_dir(&folder), "cc");
        Command::new(folder.path().join("alone")).status().unwrap().code()
    };
    for written in [&all[1], &all[6], &all[32], &all[36]] {
        assert_eq!(runs("right.h", &written.source.c()), Some(0), "{}", written.name);
    }
    // A table with a wrong entry is found out.
    let wrong = all[1].source.c().replacen(" 128u,", " 129u,", 1);
    assert_ne!(wrong, all[1].source.c());
    assert_eq!(runs("wrong.h", &wrong), Some(1));
}

/// Rules of MISRA C:2012 that are advice, which the sources do not follow: what is declared in a header need not be used elsewhere (8.7),
/// a table need not be within its function (8.9).
const ADVICE: [&str; 2] = ["8.7]", "8.9]"];

#[test]
fn no_required_rule_of_misra_is_broken() {
    if Command::new("cppcheck").arg("--version").output().is_err() {
        println!("NOT RUN: this machine has no `cppcheck`");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for Written { source, name, .. } in &all() {
        let [header, body] = source.c_pair();
        write(folder.path(), &format!("{name}.h"), &header);
        write(folder.path(), &format!("{name}.c"), &body);
    }
    let checked = Command::new("cppcheck")
        .args(["--addon=misra", "--enable=style", "--quiet", "."])
        .current_dir(&folder)
        .output()
        .unwrap();
    let found = String::from_utf8_lossy(&checked.stderr);
    let broken: Vec<&str> = found
        .lines()
        .filter(|line| line.contains("misra-c2012") && !ADVICE.iter().any(|rule| line.ends_with(rule)))
        .collect();
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(checked.status.success() && found.contains("misra-c2012-8."), "cppcheck checked nothing: {found}");
}

#[test]
fn rust_compiles_without_std_and_tests_itself() {
    let (all, folder) = (all(), tempfile::tempdir().unwrap());
    let (mut modules, mut body) = (String::new(), String::new());
    for Written { source, name, types: [_, ty], takes, .. } in &all {
        write(folder.path(), &format!("{name}.rs"), &source.rust());
        writeln!(modules, "pub mod {name};").unwrap();
        match takes {
            Takes::Codes(..) => write!(
                body,
                "    for x in {ty}::MIN..={ty}::MAX {{
        let mut y = [0];
        {name}::{name}_apply(&[x], &mut y);
        out.write_all(&y[0].to_le_bytes()).unwrap();
    }}\n"
            ),
            Takes::Rows(rows) => rows.iter().try_for_each(|row| {
                let len = row.len();
                write!(
                    body,
                    "    let mut y = [0; {len}];\n    {name}::{name}(&{row:?}, &mut y);
    y.iter().for_each(|y: &{ty}| out.write_all(&y.to_le_bytes()).unwrap());\n"
                )
            }),
            Takes::Sums(sums) | Takes::SumsBy(sums, _) => write!(
                body,
                "    let mut y = [0; {}];\n    {name}::{name}_apply(&{sums:?}, &mut y{});
    y.iter().for_each(|y: &{ty}| out.write_all(&y.to_le_bytes()).unwrap());\n",
                sums.len(),
                takes.multiplier()
            ),
        }
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
    // With the checks of a debug build.
    compile(&["-O", "-C", "debug-assertions=on", "-C", "overflow-checks=on", "main.rs", "-o", "main"]);
    check(&all, &run(&mut Command::new(folder.path().join("main")), "the program in Rust"));
    compile(&["-O", "--test", "lib.rs", "-o", "tests"]);
    let tested = run(&mut Command::new(folder.path().join("tests")), "the tests in Rust");
    let tested = String::from_utf8_lossy(&tested);
    assert!(tested.contains(&format!("{} passed", all.len())), "{tested}");
}

#[test]
fn a_comparison_needs_no_table() {
    let all = all();
    for place in [11, 12, 13, 14] {
        assert_eq!(all[place].source.table_bytes(), 0, "{}", all[place].name);
        assert!(!all[place].source.c().contains("EXCITE_TABLE"), "{}", all[place].source.c());
    }
}

#[test]
fn kernels_of_floats_are_refused() {
    let affine = Affine::<i16>::new(0.001, 0).unwrap();
    let f = "leaky_relu".parse().unwrap();
    let kernel = Profile::Onnx.kernel(f, affine, affine).unwrap();
    let error = Source::new("leaky", "", f, Profile::Onnx, (affine, affine), &kernel).unwrap_err();
    assert!(error.to_string().contains("`exact`"), "{error}");
}
