//! First steps, help, completions and man pages.

use std::path::Path;

use crate::Place;

/// The names of the commands in the help of the program.
fn commands(place: &Place) -> Vec<String> {
    let help = place.run(&["--help"]).out;
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap().to_owned();
    let names = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.map(|line| line.split_whitespace().next().unwrap().to_owned()).filter(|name| name != "help").collect()
}

#[test]
fn the_name_alone_shows_what_to_do_next() {
    let place = Place::new();
    let ran = place.run(&[]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert!(ran.out.starts_with("My network does not train:\n  excite compare DATA "), "{}", ran.out);
    assert!(ran.out.contains("excite check MODEL --input DATA"), "{}", ran.out);
    assert!(ran.out.lines().all(|line| line.chars().count() <= 80), "{}", ran.out);
    assert!(place.run(&["--help"]).out.contains("My network does not train: excite compare DATA"));
}

#[test]
fn every_shell_gets_completions_that_know_all_commands() {
    let place = Place::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = place.run(&["completions", shell]);
        assert_eq!(ran.code, Some(0), "{shell}: {}", ran.err);
        for name in commands(&place) {
            assert!(ran.out.contains(&name), "{shell}: {name}");
        }
        assert!(ran.out.contains("save-networks"), "{shell}");
    }
    let wrong = place.run(&["completions", "tcsh"]);
    assert_eq!((wrong.code, wrong.err.lines().count()), (Some(2), 1), "{}", wrong.err);
}

#[test]
fn every_command_has_a_man_page() {
    let place = Place::new();
    let ran = place.run(&["man", "pages/man1"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{}", ran.err);
    assert!(place.read("pages/man1/excite.1").contains(".TH excite 1"));
    for name in commands(&place) {
        assert!(place.has(&format!("pages/man1/excite-{name}.1")), "{name}");
    }
    assert!(place.read("pages/man1/excite-compare.1").contains("save\\-networks"));
    place.file("file", "");
    let refused = place.run(&["man", "file/man1"]);
    assert_eq!(refused.code, Some(3));
    assert!(refused.err.starts_with("error: file/man1 cannot be written"), "{}", refused.err);
}

#[test]
fn the_page_of_the_commands_is_their_help() {
    let file = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/commands.md"));
    let page = std::fs::read_to_string(file).unwrap();
    let place = Place::new();
    for name in commands(&place) {
        let help = place.excite(&[&name, "--help"]).env("COLUMNS", "100").output().unwrap().stdout;
        let section = format!("\n## excite {name}\n\n```text\n{}```\n", String::from_utf8(help).unwrap());
        assert!(page.contains(&section), "run `cargo xtask commands`: {section}");
    }
}
