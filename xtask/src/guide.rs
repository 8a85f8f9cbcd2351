//! `cargo xtask guide`: writes docs/guide/, a page for each rule of the diagnosis, from the code.

use std::fmt::Write;
use std::process::ExitCode;

use clap::Args;
use excite_vitals::findings::{self, Rule};

use crate::generated::{self, Files, Mode};

/// Writes docs/guide/, from the code.
#[derive(Args)]
pub struct Guide {
    #[command(flatten)]
    mode: Mode,
}

impl Guide {
    pub fn run(&self) -> ExitCode {
        generated::run(&self.mode, "cargo xtask guide", &files())
    }
}

fn files() -> Files {
    let name = |rule: &Rule| rule.guide().trim_start_matches("docs/").to_owned();
    let pages = findings::ALL.iter().map(|rule| (name(rule), page(rule)));
    pages.chain([("guide/README.md".to_owned(), index())]).collect()
}

fn page(rule: &Rule) -> String {
    format!(
        "{}\n`excite check --explain {}` prints this page. Written by `cargo xtask guide` from the code. [All rules](README.md), and [how \
         good they are](../diagnosis.md).\n",
        rule.page(),
        rule.id
    )
}

fn index() -> String {
    let mut page = BEFORE_THE_RULES.to_owned();
    for rule in findings::ALL {
        let meaning = rule.meaning.split(". ").next().unwrap_or_default().trim_end_matches('.');
        writeln!(page, "| [{}]({}.md) | {}. |", rule.title, rule.id, meaning.replace('|', "\\|"))
            .expect("a string takes all");
    }
    page + AFTER_THE_RULES
}

const BEFORE_THE_RULES: &str = "\
# What can be wrong with activations, and how to find it

Written by `cargo xtask guide` from the code. [How good the diagnosis is](../diagnosis.md), on planted faults, beside other tools.

## Find your dead ReLUs

1. Export the network, with the activations as they are in training:

   ```python
   torch.onnx.export(model.eval(), example, \"model.onnx\", dynamic_axes={\"input\": {0: \"batch\"}}, input_names=[\"input\"])
   ```

2. Save samples of the data that it is for, prepared as for the network: 300 or more, to distinguish a unit that never fires
   from one that fires once in a hundred samples.

   ```python
   numpy.savez(\"data.npz\", input=samples)   # [N, ...], named as the input of the model
   ```

3. Check it:

   ```console
   $ excite check model.onnx --input data.npz --html report.html
   ```

   The first line says whether the network is sound. Then comes what is wrong, the worst first, and what to do; `--facts` adds
   facts that are worth knowing but no faults. `report.html` shows every unit of every layer. Findings are graded: proven, measured in N samples,
   or suspected. A network that is still being trained is judged more strictly with `--in-training`.

4. Was it born dead or did training kill it? Check the network before training too, and compare:

   ```console
   $ excite check untrained.onnx --input data.npz --json --fail-on never > before.json
   $ excite check trained.onnx --input data.npz --baseline before.json
   ```

   Dead before training calls for centred inputs, the right gain, and biases of 0 or a little over. Dead since calls for a lower
   learning rate, clipped gradients or normalisation. Which remedy helps against which cause [was tried](claims/remedies.md).

5. Keep it from coming back: in CI the exit code is 1 if there are warnings or errors that the baseline does not have, and
   `--sarif findings.sarif` shows them where code scanning does.

   ```console
   $ excite check model.onnx --input data.npz --baseline accepted.json --sarif findings.sarif
   ```

Data in many places, or too much for one machine, is checked in parts and joined; the result is that of one run:

```console
$ excite check model.onnx --input part1.npz --vitals 1.vitals     # and so on, anywhere
$ excite merge *.vitals --html report.html
```

What lecture notes say of activation functions, sentence by sentence, and whether it is so: [the lesson](claims/README.md).

## The rules

| rule | what it means |
|---|---|
";

const AFTER_THE_RULES: &str = "
`excite check --explain RULE` prints the page of a rule in the terminal.
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::root;
    use excite_vitals::findings::Cause;
    use excite_vitals::judgement::Stage;

    #[test]
    fn the_files_are_what_the_code_says() {
        assert_eq!(generated::stale(&files()), None, "run `cargo xtask guide`");
    }

    #[test]
    fn every_rule_has_a_page_that_the_index_links_to() {
        let files = files();
        let index = index();
        for rule in findings::ALL {
            let name = format!("guide/{}.md", rule.id);
            let (_, text) = files.iter().find(|(file, _)| *file == name).unwrap();
            assert!(text.contains(rule.threshold) && text.contains("excite check"), "{name}");
            assert!(rule.remedies.iter().all(|(_, remedy)| text.contains(remedy)), "{name}");
            assert!(index.contains(&format!("({}.md)", rule.id)), "{name}");
        }
    }

    /// The lesson is written by `cargo xtask claims`.
    #[test]
    fn the_advice_against_units_that_died_is_what_helped_in_the_experiment() {
        let page = std::fs::read_to_string(root().join("docs/guide/claims/README.md")).unwrap();
        let (_, killed) = page.split_once("killed in training, by ").unwrap();
        let (helps, _) = killed.split_once('.').unwrap();
        for name in ["lower rate", "clipping", "standardising"] {
            assert!(helps.contains(name), "{name}: {helps}");
        }
        for name in ["warm-up", "leaky ReLU", "ELU"] {
            assert!(!helps.contains(name), "{name}: {helps}");
        }
        let advice = findings::rule("dead-units").unwrap().remedy(Cause::LearningRate, Stage::Training);
        assert!(advice.starts_with("Lower the learning rate"), "{advice}");
        assert!(advice.contains("clipped gradients and normalisation helped"), "{advice}");
        assert!(advice.contains("neither warm-up nor a leaky function did"), "{advice}");
    }
}
