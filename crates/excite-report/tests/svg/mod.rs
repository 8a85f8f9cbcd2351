//! Whether the SVG in a page is sound.

use roxmltree::Document;

/// The SVG elements of a page, each parsed. Fails if one is not well-formed, or holds a number that is none.
pub fn check_svgs(page: &str) -> usize {
    let svgs: Vec<&str> =
        page.match_indices("<svg").map(|(at, _)| &page[at..at + page[at..].find("</svg>").unwrap() + 6]).collect();
    for svg in &svgs {
        let document = Document::parse(svg).unwrap_or_else(|error| panic!("{error}: {svg}"));
        for element in document.descendants().filter(roxmltree::Node::is_element) {
            for attribute in element
                .attributes()
                .filter(|attribute| !["class", "aria-label", "id", "data-n"].contains(&attribute.name()))
            {
                let words = attribute.value().split(|c: char| !c.is_alphabetic());
                for word in words.filter(|word| !word.is_empty()) {
                    let word = word.to_lowercase();
                    assert!(
                        !["nan", "inf", "infinity"].contains(&word.as_str()),
                        "{}={:?}",
                        attribute.name(),
                        attribute.value()
                    );
                }
                let coordinates = ["x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height"];
                if coordinates.contains(&attribute.name()) && !attribute.value().ends_with('%') {
                    let number: f64 = attribute.value().parse().unwrap();
                    assert!(number.abs() < 1e5, "{}={number}", attribute.name());
                }
            }
        }
    }
    svgs.len()
}

#[test]
#[should_panic(expected = "NaN")]
fn the_check_finds_nan_in_a_path() {
    check_svgs("<svg><polyline points=\"1,2 3,NaN\"/></svg>");
}

#[test]
#[should_panic(expected = "expected")]
fn the_check_finds_an_element_that_is_not_closed() {
    check_svgs("<svg><g></svg>");
}
