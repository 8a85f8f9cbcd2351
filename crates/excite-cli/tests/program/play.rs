//! `play`: the page to play with.

use crate::Place;

#[test]
fn the_page_is_one_file_that_loads_nothing() {
    let place = Place::new();
    let ran = place.run(&["play"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), "", "wrote excite-out/play.html\n"));
    let page = std::fs::read_to_string(place.path().join("excite-out/play.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.len() < 1_500_000);
    for reference in ["<link", "src=", "http:", "https:"] {
        let found =
            page.match_indices(reference).filter(|(at, _)| !page[*at..].starts_with("http://www.w3.org/2000/svg"));
        assert_eq!(found.count(), 0, "{reference}");
    }
}

#[test]
fn it_goes_where_it_is_asked_to_and_says_where_it_cannot() {
    let place = Place::new();
    let ran = place.run(&["play", "--out", "page.html"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), "wrote page.html\n"));
    assert!(place.path().join("page.html").is_file());
    let wrong = place.run(&["play", "--out", "no-such-folder/page.html"]);
    assert!(wrong.code == Some(3) && wrong.err.contains("no-such-folder/page.html cannot be written"), "{}", wrong.err);
}
