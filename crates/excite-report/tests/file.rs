//! Files are written whole or not at all.

use std::fs;

use excite_report::write_file;

#[test]
fn a_file_is_written_over_an_old_one_and_leaves_nothing_else_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    fs::write(&path, "old and longer than the new").unwrap();
    write_file(&path, "new").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_path_that_cannot_be_replaced_stays_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("inside"), "kept").unwrap();
    assert!(write_file(&path, "new").is_err());
    assert_eq!(fs::read_to_string(path.join("inside")).unwrap(), "kept");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    assert!(write_file(&folder.path().join("no such folder/report.html"), "new").is_err());
}

#[cfg(unix)]
#[test]
fn others_may_read_a_report_as_any_other_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (report, ordinary) = (folder.path().join("report.html"), folder.path().join("ordinary"));
    write_file(&report, "text").unwrap();
    fs::write(&ordinary, "text").unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(report), mode(ordinary));
}
