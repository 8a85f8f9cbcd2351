//! The page of a comparison, read as a reader's browser would read it.

mod svg;
mod synthetic;

use excite::Function;
use excite_lab::record::comparison::{Comparison, Task};
use excite_lab::record::deaths::DeathCounts;
use excite_lab::record::run::Outcome;
use excite_report::{comparison_page, curve_svg};
use excite_vitals::sketch::Histogram;
use roxmltree::Document;
use svg::check_svgs;
use synthetic::{Shape, comparison};

fn figures(page: &str) -> usize {
    page.matches("<figure>").count()
}

#[test]
fn the_page_holds_all_its_sections_and_every_function() {
    let page = comparison_page(&comparison(&Shape::default()));
    for heading in
        ["Made-up digits</h1", "Deaths step by step</h2", "Layer by layer</h2", "Training</h2", "Figures</h2"]
    {
        assert!(page.contains(heading), "{heading}");
    }
    for fold in ["Learning rates tried", "Inputs on the function's curve", "How this was measured", "Repeat it"] {
        assert!(page.contains(&format!("<summary>{fold}</summary>")), "{fold}");
    }
    let functions = Shape::default().functions;
    for f in &functions {
        assert!(page.contains(&format!("</svg>{f}</th>")), "{f} in the table");
        assert!(page.contains(&format!(">{f}</text>")), "{f} at the end of its line");
    }
    assert!(page.contains("These figures are made up"), "the headline");
    assert!(page.contains("excite compare --activations sigmoid,tanh,relu,relu6 --seeds 3"), "the command");
    assert!(page.contains("relu: 1 of 3\u{a0}runs diverged"), "the run that diverged");
    // Test error, deaths, dead, saturated, gradients, training, learning rates, inputs, mean activation.
    assert_eq!(figures(&page), 9);
    assert_eq!(page.matches("<figcaption>").count(), figures(&page));
    // Three quantities of each function as maps, the inputs of each, and the test error and the deaths for two widths.
    assert!(check_svgs(&page) > (3 + 1) * functions.len() + 4);
}

#[test]
fn the_first_screen_has_the_verdict_the_picture_and_the_table_in_this_order() {
    let page = comparison_page(&comparison(&Shape::default()));
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}"));
    let places =
        [at("<h1>"), at("These figures are made up"), at("<svg class=\"plot wide\""), at("<table"), at("<h2>")];
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn more_lines_than_can_be_told_apart_are_named_in_a_legend_that_can_be_clicked() {
    let functions = |number: usize| Function::ALL.iter().copied().take(number).collect::<Vec<_>>();
    let page =
        |number: usize| comparison_page(&comparison(&Shape { functions: functions(number), ..Shape::default() }));
    assert!(!page(5).contains("<li data-s=") && page(5).contains("class=\"f-0 name\" data-s=\"0\""));
    assert!(page(6).contains("<li data-s=\"5\">") && !page(6).contains(" name\" data-s="));
}

#[test]
fn a_map_has_a_cell_for_each_layer_and_epoch_with_its_value() {
    let comparison = comparison(&Shape { seeds: 1, diverging: None, ..Shape::default() });
    let page = comparison_page(&comparison);
    let layers = &comparison.activations[3].runs[0].epochs[7].layers;
    for layer in layers {
        assert!(
            page.contains(&format!("{}, epoch 8: {:.1}\u{a0}%", layer.name, 100.0 * layer.saturated)),
            "{}",
            layer.name
        );
    }
}

#[test]
fn deaths_are_counted_by_function_and_cause_and_drawn_by_step() {
    let page = comparison_page(&comparison(&Shape::default()));
    let relu = page.split("<th scope=\"row\">").filter(|row| row.contains("</svg>relu</th>")).nth(2).unwrap();
    let cell = |label: &str| {
        relu.split(&format!("data-label=\"{label}\">")).nth(1).unwrap().split("</td>").next().unwrap().to_owned()
    };
    // Three seeds with one born dead and 3, 4 and 5 killed each.
    let labels = [
        "Dead at the start",
        "Killed",
        "By own weights",
        "By own bias",
        "By the layers before",
        "Revived",
        "Dead at the end",
    ];
    assert_eq!(labels.map(cell), ["3", "12", "4", "5", "3", "3", "12"]);
    assert!(page.contains("Deaths step by step"));
    let mut alive = comparison(&Shape::default());
    alive.activations.iter_mut().for_each(|result| result.deaths = DeathCounts { units: 64, ..DeathCounts::default() });
    let page = comparison_page(&alive);
    assert!(page.contains("no unit was found dead") && !page.contains("Deaths step by step"));
}

#[test]
fn every_plot_says_what_it_shows() {
    let page = comparison_page(&comparison(&Shape::default()));
    for svg in page.split("<svg").skip(1).filter(|svg| !svg.split('>').next().unwrap().contains("aria-hidden")) {
        let label = svg.split("aria-label=\"").nth(1).unwrap().split('"').next().unwrap();
        assert!(label.len() > 20 && svg.contains(&format!("<title>{label}</title>")), "{label}");
    }
}

#[test]
fn the_summary_shows_the_figures_of_the_comparison() {
    let comparison = comparison(&Shape::default());
    let page = comparison_page(&comparison);
    let summary = page.split("<tbody>").nth(1).unwrap().split("</tbody>").next().unwrap();
    for (row, result) in summary.split("<tr>").skip(1).zip(&comparison.activations) {
        let (error, epochs) = (result.test_error.unwrap(), result.epochs_to_target.unwrap());
        assert!(row.contains(&format!("data-label=\"Test error\">{:.1}\u{a0}%", 100.0 * error.median)), "{row}");
        assert!(row.contains(&format!("<span>{:.1}<", epochs.median)), "{row}");
        assert_eq!(row.matches("<circle").count(), result.runs.len() - result.diverged, "{row}");
    }
    let all = page.split("<tbody>").nth(2).unwrap().split("</tbody>").next().unwrap();
    for (row, result) in all.split("<tr>").skip(1).zip(&comparison.activations) {
        let epochs = result.epochs_to_target.unwrap();
        assert!(row.contains(&format!("{:.1} to {:.1}", epochs.low, epochs.high)), "{row}");
        assert!(row.contains(&format!("{:.2}\u{a0}×", result.speed_up_over_slowest.unwrap())), "{row}");
        assert!(row.contains(&format!("data-label=\"Dead units\">{:.1}\u{a0}%", 100.0 * result.dead)), "{row}");
    }
}

#[test]
fn an_interrupted_comparison_says_so() {
    let mut comparison = comparison(&Shape::default());
    assert!(!comparison_page(&comparison).contains("Interrupted"));
    comparison.complete = false;
    assert!(comparison_page(&comparison).contains("Interrupted"));
}

#[test]
fn text_from_the_data_is_escaped() {
    let hostile = "<script>alert(1)</script>\"'&</style></title>";
    let mut comparison = comparison(&Shape::default());
    comparison.data.name = hostile.to_owned();
    comparison.data.classes[0] = hostile.to_owned();
    comparison.settings.network = hostile.to_owned();
    comparison.settings.optimizer = hostile.to_owned();
    comparison.settings.initialisation = hostile.to_owned();
    comparison.settings.command = hostile.to_owned();
    comparison.headline = hostile.to_owned();
    let runs = comparison.activations.iter_mut().flat_map(|result| &mut result.runs);
    for layer in runs.flat_map(|run| &mut run.epochs).flat_map(|epoch| &mut epoch.layers) {
        layer.name = hostile.to_owned();
    }
    let page = comparison_page(&comparison);
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;"));
    assert_eq!(page.matches("<script").count(), 1, "its own");
    assert_eq!(page.matches("</style>").count(), 1);
    check_svgs(&page);
}

#[test]
fn the_page_loads_nothing() {
    let page = comparison_page(&comparison(&Shape::default()));
    for loader in ["http://", "https://", "<link", "<img", "<iframe", "@import", "url(", "src=", "href="] {
        assert!(!page.contains(loader), "{loader}");
    }
    assert_eq!(page.matches("<script>").count(), 1);
}

#[test]
fn all_sizes_are_drawn() {
    let functions = |number: usize| Function::ALL.iter().copied().cycle().take(number).collect::<Vec<_>>();
    let shapes = [
        Shape { functions: functions(10), ..Shape::default() },
        Shape { functions: functions(1), seeds: 1, epochs: 1, layers: 1, diverging: None, ..Shape::default() },
        Shape { seeds: 2, epochs: 2, layers: 2, diverging: Some(0), ..Shape::default() },
        Shape { epochs: 500, layers: 30, task: Task::Regression, ..Shape::default() },
        Shape { epochs: 0, ..Shape::default() },
        Shape { layers: 0, ..Shape::default() },
        Shape { seeds: 0, ..Shape::default() },
        Shape { functions: Vec::new(), ..Shape::default() },
    ];
    for shape in shapes {
        let page = comparison_page(&comparison(&shape));
        check_svgs(&page);
        // Test error, training, inputs, mean activation; where they are, learning rates, deaths, and the maps.
        let swept = usize::from(!shape.functions.is_empty());
        let has_layers = shape.layers > 0 && shape.seeds > 0 && shape.epochs > 0 && !shape.functions.is_empty();
        let has_rectifiers = shape.functions.len() > 2;
        let dying = usize::from(has_rectifiers && shape.layers > 0 && shape.seeds > 0);
        let maps = if has_layers { 2 + usize::from(has_rectifiers) } else { 0 };
        assert_eq!(figures(&page), 4 + swept + dying + maps, "{shape:?}");
        assert!(page.len() < 1_500_000, "{shape:?}: {} bytes", page.len());
    }
}

/// Sets every figure of the comparison to `value`.
fn spoil(comparison: &mut Comparison, value: f64) {
    comparison.target_error = value;
    (comparison.data.input_mean, comparison.data.input_std) = (value, value);
    for result in &mut comparison.activations {
        (result.learning_rate, result.dead, result.saturated) = (value, value, value);
        (result.mean_activation, result.seconds_per_epoch, result.activation_share) = (value, value, value);
        (result.speed_up_over_slowest, result.speed_up_over_tanh) = (Some(value), Some(value));
        result.vitals_share = value;
        for spread in [&mut result.epochs_to_target, &mut result.test_error].into_iter().flatten() {
            (spread.median, spread.low, spread.high) = (value, value, value);
        }
        for point in &mut result.sweep {
            (point.learning_rate, point.epochs_to_target, point.train_loss) = (value, Some(value), Some(value));
        }
        for epoch in result.runs.iter_mut().flat_map(|run| &mut run.epochs) {
            (epoch.train_error, epoch.test_error) = (value, value);
            for layer in &mut epoch.layers {
                (layer.dead, layer.saturated, layer.mean, layer.gradient_norm) = (value, value, value, value);
            }
        }
    }
}

#[test]
fn numbers_that_are_not_finite_or_huge_break_nothing() {
    for task in [Task::Classification, Task::Regression] {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -1.0, 5e-324, 1e300, f64::MAX] {
            let mut comparison = comparison(&Shape { task, ..Shape::default() });
            spoil(&mut comparison, value);
            let page = comparison_page(&comparison);
            check_svgs(&page);
            assert!(!page.contains("NaN") && !page.contains(">inf"), "{value}");
        }
    }
}

#[test]
fn some_figures_that_are_not_finite_leave_the_others_standing() {
    let whole = comparison(&Shape::default());
    let mut holed = whole.clone();
    holed.activations[0].runs[0].epochs[3].train_error = f64::NAN;
    holed.activations[1].runs[1].epochs[5].layers[0].gradient_norm = 0.0;
    holed.activations[1].runs[1].epochs[6].layers[0].dead = f64::INFINITY;
    let page = comparison_page(&holed);
    assert_eq!(check_svgs(&page), check_svgs(&comparison_page(&whole)));
}

#[test]
fn histograms_without_values_with_nan_or_of_unequal_number_are_drawn() {
    let mut comparison = comparison(&Shape::default());
    comparison.activations[0].runs[0].histograms = vec![Histogram::new()];
    comparison.activations[1].runs.iter_mut().for_each(|run| run.histograms = vec![Histogram::new(); 3]);
    comparison.activations[2].runs.iter_mut().for_each(|run| run.histograms.clear());
    comparison.activations[3].runs[0].histograms[0].nan = 7;
    let page = comparison_page(&comparison);
    check_svgs(&page);
    assert_eq!(page.matches("No inputs were recorded.").count(), 2);
    assert!(page.contains("7 were not numbers."));
}

#[test]
fn a_function_whose_runs_all_diverged_is_shown_up_to_there() {
    let mut comparison = comparison(&Shape::default());
    comparison.activations[0].runs.iter_mut().for_each(|run| run.outcome = Outcome::Diverged);
    let page = comparison_page(&comparison);
    assert!(page.contains("sigmoid: 3 of 3\u{a0}runs diverged"));
    assert!(page.contains("The figures show them up to there."));
}

#[test]
fn long_names_are_shortened_in_the_plots_alone() {
    let mut comparison = comparison(&Shape::default());
    let long = "a very long name of a layer ".repeat(20);
    for layer in comparison.activations.iter_mut().flat_map(|result| &mut result.runs).flat_map(|run| &mut run.epochs) {
        layer.layers.iter_mut().for_each(|layer| layer.name.clone_from(&long));
    }
    comparison.data.name.clone_from(&long);
    let page = comparison_page(&comparison);
    check_svgs(&page);
    assert!(page.contains(&format!("<h1>{long}</h1>")));
    assert!(page.contains("… a layer "), "the end of the name, in the maps");
}

#[test]
fn curves_are_a_whole_svg_file_of_any_number_of_functions() {
    for number in [0, 1, 4, 10] {
        let functions: Vec<_> = Function::ALL.iter().copied().cycle().take(number).collect();
        let svg = curve_svg(&functions);
        let document = Document::parse(&svg).unwrap();
        let root = document.root_element();
        assert_eq!((root.tag_name().name(), root.tag_name().namespace()), ("svg", Some("http://www.w3.org/2000/svg")));
        let lines = document.descendants().filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", "polyline")));
        // The value and the slope of each; the legend's are lines of two points.
        let long = lines.filter(|line| line.attribute("points").unwrap().split_whitespace().count() > 100);
        assert_eq!(long.count(), 2 * number);
        check_svgs(&svg);
        for f in functions {
            assert!(svg.contains(&format!("slope of {f}")), "{f}");
        }
    }
}
