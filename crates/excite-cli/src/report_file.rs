//! The name of a report, so that one of other data is not overwritten.

use std::path::{Path, PathBuf};

use crate::error::Failure;

/// What a page ends with, by which it is known whose it is.
pub fn mark(data: &str) -> String {
    format!("\n<!-- data: {} -->\n", data.replace("--", "- -"))
}

/// `report.html` in the folder; where that is of other data, `report-NAME.html`.
pub fn page_path(folder: &Path, data: &str) -> Result<PathBuf, Failure> {
    let usual = folder.join("report.html");
    if is_free_for(&usual, data) {
        return Ok(usual);
    }
    let own = folder.join(format!("report-{}.html", file_name(data)));
    if is_free_for(&own, data) {
        return Ok(own);
    }
    Err(Failure::Failed(format!("{} is the report of other data: choose another folder with --out", own.display())))
}

/// Whether there is no page, or one of these data, or one that does not say.
fn is_free_for(page: &Path, data: &str) -> bool {
    let Ok(text) = std::fs::read_to_string(page) else { return true };
    let last = text.trim_end().lines().last().unwrap_or_default();
    !last.starts_with("<!-- data: ") || last == mark(data).trim()
}

/// The name of the data without its folder and its endings, as part of the name of a file.
fn file_name(data: &str) -> String {
    let last = data.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = last.split('.').find(|part| !part.is_empty()).unwrap_or("data");
    stem.chars().map(|c| if c.is_alphanumeric() || "-_".contains(c) { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_data() {
        assert_eq!(
            ["a/iris.csv.gz", "digits", "x y/", ".hidden", ""].map(file_name),
            ["iris", "digits", "x-y", "hidden", "data"]
        );
    }

    #[test]
    fn a_page_of_other_data_stays() {
        let folder = tempfile::tempdir().unwrap();
        let page = |data: &str| {
            page_path(folder.path(), data).ok().map(|path| path.strip_prefix(folder.path()).unwrap().to_owned())
        };
        let write = |name: &str, data: &str| {
            std::fs::write(folder.path().join(name), format!("</html>{}", mark(data))).unwrap();
        };
        assert_eq!(page("digits"), Some("report.html".into()));
        write("report.html", "digits");
        assert_eq!((page("digits"), page("a/t.csv")), (Some("report.html".into()), Some("report-t.html".into())));
        write("report-t.html", "a/t.csv");
        assert_eq!((page("a/t.csv"), page("b/t.csv")), (Some("report-t.html".into()), None));
    }
}
