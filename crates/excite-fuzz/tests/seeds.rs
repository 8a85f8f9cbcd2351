//! The targets agree with the files that libFuzzer runs, and what each begins with can be read.

use excite_fuzz::TARGETS;

#[test]
fn every_seed_is_read_and_keeps_the_laws() {
    for target in TARGETS {
        let seeds = (target.seeds)();
        assert!(!seeds.is_empty(), "{}", target.name);
        for (index, seed) in seeds.iter().enumerate() {
            assert!((target.read)(seed), "seed {index} of {} is refused", target.name);
        }
    }
}

#[test]
fn cut_seeds_do_no_harm() {
    for target in TARGETS {
        for seed in (target.seeds)() {
            for end in (0..seed.len()).step_by(seed.len() / 16 + 1) {
                (target.read)(&seed[..end]);
            }
        }
    }
}

#[test]
fn every_target_has_its_file() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz");
    let manifest = std::fs::read_to_string(format!("{folder}/Cargo.toml")).unwrap();
    let mut files: Vec<String> = std::fs::read_dir(format!("{folder}/fuzz_targets"))
        .unwrap()
        .map(|file| file.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    files.sort();
    assert_eq!(files, TARGETS.iter().map(|target| target.name).collect::<Vec<_>>());
    for name in files {
        let text = std::fs::read_to_string(format!("{folder}/fuzz_targets/{name}.rs")).unwrap();
        assert!(text.contains(&format!("use excite_fuzz::{};", name.to_uppercase())), "{name}");
        assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"")), "{name}");
    }
}
