//! What must hold of all documents: links lead somewhere, every page is in the table of contents, examples are those that are tested.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::catalogue::anchor;
use crate::verify::root;

/// All Markdown files of the repository, by their paths from the root.
fn documents() -> Vec<PathBuf> {
    // A part of docs/performance.md lies in bench-peers, with the links of that page.
    const NOT_READ: [&str; 5] = ["target", ".git", "node_modules", "excite-out", "bench-peers"];
    let mut found = vec![];
    let mut folders = vec![root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let (path, name) = (entry.path(), entry.file_name().into_string().unwrap_or_default());
            if entry.file_type().unwrap().is_dir() {
                if !NOT_READ.contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|ending| ending == "md") {
                found.push(path.strip_prefix(root()).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The text of a document without its blocks and pieces of code.
fn prose(text: &str) -> String {
    let mut is_code = false;
    let mut prose = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            prose.extend(line.split('`').step_by(2));
            prose.push('\n');
        }
    }
    prose
}

/// Where the links and the pictures of a document lead.
fn links(text: &str) -> Vec<String> {
    let prose = prose(text);
    let after = prose.split("](").skip(1);
    after.filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())).collect()
}

/// The anchors of a document's headings.
fn anchors(text: &str) -> HashSet<String> {
    let mut is_code = false;
    let mut found = HashSet::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if let Some(heading) = line.strip_prefix('#').filter(|_| !is_code) {
            found.insert(anchor(heading.trim_start_matches('#').trim()));
        }
    }
    found
}

fn is_elsewhere(link: &str) -> bool {
    link.contains("://") || link.starts_with("mailto:")
}

#[test]
fn every_link_leads_somewhere() {
    let mut broken = vec![];
    for document in documents() {
        let text = read(&document);
        for link in links(&text).into_iter().filter(|link| !is_elsewhere(link)) {
            let (file, place) = link.split_once('#').unwrap_or((&link, ""));
            let target = if file.is_empty() { document.clone() } else { document.parent().unwrap().join(file) };
            let is_there = root().join(&target).exists();
            let has_anchor = || place.is_empty() || anchors(&read(&target)).contains(place);
            if !is_there || !has_anchor() {
                broken.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_page_is_in_the_table_of_contents() {
    let listed: HashSet<PathBuf> =
        links(&read(Path::new("docs/SUMMARY.md"))).into_iter().map(|link| Path::new("docs").join(link)).collect();
    let is_page = |path: &PathBuf| path.starts_with("docs") && !path.ends_with("SUMMARY.md");
    let missing: Vec<_> = documents().into_iter().filter(is_page).filter(|page| !listed.contains(page)).collect();
    assert!(missing.is_empty(), "not in docs/SUMMARY.md: {missing:?}");
}

#[test]
fn pages_of_packages_make_sense_outside_the_repository() {
    let is_packaged = |path: &PathBuf| {
        path.ends_with("README.md")
            && (path.starts_with("crates") && path.iter().count() == 3 || path.starts_with("python"))
    };
    let pages: Vec<PathBuf> = documents().into_iter().filter(is_packaged).collect();
    assert!(pages.len() >= 12, "{pages:?}");
    for page in pages {
        let text = read(&page);
        let relative: Vec<_> = links(&text).into_iter().filter(|link| !is_elsewhere(link)).collect();
        assert!(relative.is_empty() && !text.contains("xtask"), "{}: {relative:?}", page.display());
        // An example is tested as that of the crate's first page.
        let lib = page.parent().unwrap().join("src/lib.rs");
        let doc: String = fs::read_to_string(root().join(&lib))
            .unwrap_or_default()
            .lines()
            .map_while(|line| line.strip_prefix("//!"))
            .map(|line| line.strip_prefix(' ').unwrap_or(line))
            .filter(|line| !line.starts_with("# "))
            .flat_map(|line| [line, "\n"])
            .collect();
        for example in text.split("```rust\n").skip(1) {
            let example = example.split("```").next().unwrap();
            assert!(doc.contains(example), "{}: not an example of {}", page.display(), lib.display());
        }
    }
}

#[test]
fn the_readme_has_the_speed_of_the_page_of_speeds() {
    let readme = read(Path::new("README.md")).split_whitespace().collect::<Vec<_>>().join(" ");
    let found = read(Path::new("docs/performance.md"));
    let row = found
        .lines()
        .find(|line| line.starts_with("| in the caches at least as fast as the fastest library within 3 ULP"));
    let figure = row.unwrap().split('|').nth(3).unwrap().split(';').next().unwrap().trim();
    assert!(readme.contains(&format!("within 3 ULP in {figure} cases")), "the page says {figure}");
}

#[test]
fn links_and_anchors_are_read_from_prose_alone() {
    let text = "# A `b`: C\n[x](y.md#z) `[no](no.md)` ![p](p.svg)\n```\n[no](no.md)\n# no\n```\n";
    assert_eq!(links(text), ["y.md#z", "p.svg"]);
    assert_eq!(anchors(text), HashSet::from(["a-b-c".to_owned()]));
}
