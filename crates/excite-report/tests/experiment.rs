//! The page of experiments, read as a reader's browser would read it.

mod svg;

use excite_lab::record::experiment::{Axis, Mark, Measure, Panel, Picture, Record, Scale, Verdict};
use excite_report::experiments_page;
use roxmltree::Document;
use svg::check_svgs;

fn panel(scale: Scale, plane: bool, marks: Vec<Mark>) -> Panel {
    let axis = || Axis::new("an axis", scale);
    Panel { title: "a panel".to_owned(), x: axis(), y: axis(), plane, marks }
}

/// A record with marks of every kind, some of them of numbers that cannot be drawn.
fn record() -> Record {
    let points = vec![(1.0, 2.0), (2.0, 0.0), (3.0, f64::NAN), (4.0, f64::INFINITY), (5.0, 1e-30)];
    let marks = || {
        vec![
            Mark::Zone { from: f64::NEG_INFINITY, to: 2.0 },
            Mark::Zone { from: 1e9, to: 1e10 },
            Mark::Area { name: "area".to_owned(), corners: vec![(0.5, 1.0), (2.0, 1.0), (2.0, 3.0)] },
            Mark::line("line", points.clone()),
            Mark::Dots { name: "dots".to_owned(), points: points.clone() },
            Mark::Band { name: "line".to_owned(), points: vec![(1.0, 0.0, 2.0), (2.0, 1.0, 3.0), (3.0, 1.0, 4.0)] },
            Mark::Arrows {
                name: "arrows".to_owned(),
                arrows: vec![((1.0, 1.0), (2.0, 3.0)), ((1.0, 1.0), (1.0, 1.0))],
            },
            Mark::Contour { points: vec![(1.0, 1.0), (2.0, 2.0)] },
        ]
    };
    let scales = [Scale::Linear, Scale::Whole, Scale::Share, Scale::Logarithmic];
    let mut panels: Vec<_> = scales.map(|scale| panel(scale, false, marks())).into();
    panels.push(panel(Scale::Linear, true, marks()));
    panels.push(panel(Scale::Logarithmic, false, vec![]));
    Record {
        name: "made-up".to_owned(),
        claim: "What is <b>said</b>.".to_owned(),
        method: "What is done.".to_owned(),
        functions: vec!["tanh".parse().unwrap(), "relu".parse().unwrap()],
        data: None,
        seeds: 3,
        quick: true,
        verdict: Verdict::DidNotHold,
        finding: "It did not.".to_owned(),
        certainty: "For sure.".to_owned(),
        measures: vec![
            Measure::new("tanh", "steps", "", &[3.0, 1.0, 2.0]),
            Measure::new("tanh", "reach", "%", &[f64::INFINITY]),
            Measure::new("relu", "steps", "", &[]),
        ],
        pictures: vec![Picture { title: "A picture".to_owned(), caption: "How to read it.".to_owned(), panels }],
    }
}

#[test]
fn the_page_holds_claim_verdict_pictures_and_figures() {
    let page = experiments_page(&[record()], "excite lab made-up --quick");
    for text in
        ["What is &lt;b&gt;said&lt;/b&gt;.", "did not hold", "It did not.", "For sure.", "Less was done", "tanh, relu"]
    {
        assert!(page.contains(text), "{text}");
    }
    assert!(page.contains("excite lab made-up --quick"));
    let table = page.split("<tbody>").nth(1).unwrap();
    assert!(
        table.contains("2<span class=\"soft\">1 to 3</span>") && table.contains("∞") && table.contains('–'),
        "{table}"
    );
    // Two quantities of two things: the quantities are the columns.
    assert!(page.contains("<th scope=\"col\">steps</th><th scope=\"col\">reach, %</th>"), "{page}");
    assert_eq!(check_svgs(&page), 6 + 4, "a plot for each panel, a swatch for each name");
    assert!(experiments_page(&[record(), record()], "").contains("2\u{a0}experiments"));
    assert!(experiments_page(&[], "").contains("</html>"));
}

#[test]
fn many_quantities_of_one_thing_stand_below_each_other() {
    let measures = vec![Measure::new("tanh", "steps", "", &[2.0]), Measure::new("tanh", "reach", "%", &[])];
    let record = Record { measures, ..record() };
    let table = record.table();
    assert_eq!(table.columns, ["tanh"]);
    let [(steps, first), (reach, second)] = &table.rows[..] else { panic!("{table:?}") };
    assert_eq!((steps.as_str(), reach.as_str()), ("steps", "reach, %"));
    assert_eq!((first[0].unwrap().value.unwrap().median, second[0].unwrap().value), (2.0, None));
    assert!(experiments_page(&[record], "").contains("<th scope=\"row\">reach, %</th>"));
}

#[test]
fn an_arrow_ends_in_a_head_and_the_plane_has_one_scale() {
    let arrow = Mark::Arrows { name: "a".to_owned(), arrows: vec![((0.0, 0.0), (1.0, 0.0)), ((0.0, 0.0), (0.0, 0.5))] };
    let picture =
        Picture { title: String::new(), caption: String::new(), panels: vec![panel(Scale::Linear, true, vec![arrow])] };
    let page = experiments_page(&[Record { pictures: vec![picture], ..record() }], "");
    let at = page.find("<svg class=\"plot\" role").unwrap();
    let svg = &page[at..at + page[at..].find("</svg>").unwrap() + 6];
    let document = Document::parse(svg).unwrap();
    let points = |tag: &str, class: &str| -> Vec<Vec<(f64, f64)>> {
        let nodes = document.descendants().filter(|node| node.tag_name().name() == tag);
        let series = nodes.filter(|node| node.attribute("class").is_some_and(|classes| classes.contains(class)));
        let pair = |point: &str| point.split_once(',').map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap())).unwrap();
        series.map(|node| node.attribute("points").unwrap().split_whitespace().map(pair).collect()).collect()
    };
    assert_eq!(points("polygon", "f-0").len(), 2, "a head for each arrow: {svg}");
    let shafts = points("polyline", "c-0");
    let [right, up] = &shafts[..] else { panic!("{shafts:?}") };
    let (length, height) = (right[1].0 - right[0].0, up[0].1 - up[1].1);
    assert!((length / height - 2.0).abs() < 0.05, "{length} {height}");
}
