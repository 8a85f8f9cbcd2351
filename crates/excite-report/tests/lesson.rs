//! The lesson, read as a reader's browser would read it.

mod svg;

use excite_lab::lesson::{Answer, Group, Verdict, Widget};
use excite_lab::record::experiment::{Axis, Mark, Measure, Panel, Picture, Record, Scale, Side, Tone};
use excite_report::{lesson_page, picture_svg};
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
            Mark::Boxes {
                name: "boxes".to_owned(),
                boxes: vec![((1.0, 0.0), (2.0, f64::NAN)), ((1.0, 0.0), (2.0, 3.0))],
            },
            Mark::Word { at: (1.0, f64::INFINITY), side: Side::Left, text: "nowhere".to_owned() },
            Mark::word((1.0, 1.0), "a word"),
        ]
    };
    let scales = [Scale::Linear, Scale::Whole, Scale::Share, Scale::Logarithmic];
    let mut panels: Vec<_> = scales.map(|scale| panel(scale, false, marks())).into();
    panels.push(panel(Scale::Linear, true, marks()));
    panels.push(panel(Scale::Logarithmic, false, vec![]));
    Record {
        name: "made-up".to_owned(),
        question: "A <b>question</b>.".to_owned(),
        method: "What is done.".to_owned(),
        functions: vec!["tanh".parse().unwrap(), "relu".parse().unwrap()],
        data: None,
        seeds: 3,
        quick: true,
        certainty: "For sure.".to_owned(),
        measures: vec![
            Measure::new("tanh", "steps", "", &[3.0, 1.0, 2.0]),
            Measure::new("tanh", "reach", "%", &[f64::INFINITY]),
            Measure::new("relu", "steps", "", &[]),
        ],
        pictures: vec![Picture::new("a-picture", "A picture", "How to read it.", panels)],
    }
}

/// What the record says of a sentence.
fn answer(number: usize, verdict: Verdict) -> Answer {
    Answer {
        number,
        group: Group::Relu,
        sentence: "A <b>sentence</b>.".to_owned(),
        verdict,
        said: "it did so.".to_owned(),
        in_short: "so".to_owned(),
        why: "For it does.".to_owned(),
        experiment: "made-up".to_owned(),
        figure: "a-picture".to_owned(),
        known: vec![("A paper".to_owned(), "says so".to_owned())],
        widget: Some(Widget::Bits),
    }
}

#[test]
fn a_section_holds_the_sentence_its_verdict_a_picture_and_what_stands_behind_it() {
    let answers = [answer(3, Verdict::YesBut), answer(4, Verdict::No)];
    let page = lesson_page(&answers, &[record()], "excite lab --quick");
    for text in [
        "A &lt;b&gt;sentence&lt;/b&gt;.",
        "Yes, but it did so.",
        "No: it did so.",
        "For it does.",
        "says so",
        "For sure.",
        "Less was done",
        "tanh, relu",
    ] {
        assert!(page.contains(text), "{text}");
    }
    for id in ["id=\"statement-3\"", "id=\"statement-4\"", "id=\"statement-3-method\""] {
        assert_eq!(page.matches(id).count(), 1, "{id}");
    }
    // The contents lead to each section, the later one to the method of the first, and both to the page to play with.
    for link in
        ["href=\"#statement-3\"", "href=\"#statement-4\"", "href=\"#statement-3-method\"", "href=\"play.html#bits\""]
    {
        assert!(page.contains(link), "{link}");
    }
    assert!(page.contains("1 yes, but · 1 no") && page.contains("excite lab --quick"));
    let table = page.split("<tbody>").nth(1).unwrap();
    assert!(
        table.contains("2<span class=\"soft\">1 to 3</span>") && table.contains("∞") && table.contains('–'),
        "{table}"
    );
    // Two quantities of two things: the quantities are the columns.
    assert!(page.contains("<th scope=\"col\">steps</th><th scope=\"col\">reach, %</th>"), "{page}");
    // Two sections, six panels, each for a wide screen and for a phone, and marks in the legends.
    assert!(check_svgs(&page) >= 24);
    let loads = ["<script src", "src=\"http", "<link", "@import", "url(http"];
    assert!(loads.iter().all(|load| !page.contains(load)), "the page loads something");
}

#[test]
fn a_record_that_answers_nothing_stands_with_all_it_has() {
    let page = lesson_page(&[], &[record()], "excite lab made-up");
    assert!(page.contains("A &lt;b&gt;question&lt;/b&gt;.") && page.contains("A picture") && page.contains("<tbody>"));
    assert!(lesson_page(&[], &[], "").contains("</html>"));
    let svg = picture_svg(&record().pictures[0]);
    assert!(Document::parse(&svg).is_ok() && !svg.contains("NaN"), "{svg}");
}

#[test]
fn the_first_row_stands_highest_and_meaning_has_its_colour() {
    let marks = [("first", 1.0), ("second", 2.0)].map(|(name, row)| Mark::dots(name, vec![(0.5, row)]));
    let panel = Panel {
        title: String::new(),
        x: Axis::new("", Scale::Share).from_to(0.0, 1.0),
        y: Axis::of_names(["first", "second"]),
        plane: false,
        marks: marks.into(),
    };
    let picture = Picture::new("rows", "Rows", "", vec![panel]).toned("second", Tone::Dead);
    let svg = picture_svg(&picture);
    let height = |class: &str| -> f64 {
        let at = svg.find(&format!("<circle class=\"{class}\"")).unwrap_or_else(|| panic!("{class}: {svg}"));
        svg[at..].split("cy=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
    };
    assert!(height("f-0") < height("f-dead"), "{svg}");
    let rows: Vec<usize> = ["first", "second"].map(|name| svg.find(&format!(">{name}</text>")).unwrap()).into();
    assert!(rows.iter().all(|at| *at > 0));
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
    assert!(lesson_page(&[], &[record], "").contains("<th scope=\"row\">reach, %</th>"));
}

#[test]
fn an_arrow_ends_in_a_head_and_the_plane_has_one_scale() {
    let arrow = Mark::Arrows { name: "a".to_owned(), arrows: vec![((0.0, 0.0), (1.0, 0.0)), ((0.0, 0.0), (0.0, 0.5))] };
    let picture = Picture::new("a-picture", "", "", vec![panel(Scale::Linear, true, vec![arrow])]);
    let page = lesson_page(&[], &[Record { pictures: vec![picture], ..record() }], "");
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
