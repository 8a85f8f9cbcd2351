//! `cargo xtask claims`: writes docs/guide/claims/, the lesson and a page for each experiment, from what `excite lab` found.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use clap::Args;
use excite_lab::lesson::{self, Answer};
use excite_lab::record::experiment::Record;
use excite_report::{measure_text, picture_svg};

use crate::generated::{self, Files};

/// Writes docs/guide/claims/, from what `excite lab` found.
#[derive(Args)]
pub struct Claims {
    /// The folder that `excite lab` kept its records in
    #[arg(default_value = "excite-out/lab")]
    records: PathBuf,
}

impl Claims {
    pub fn run(&self) -> ExitCode {
        match read(&self.records) {
            Ok(records) => generated::write_all(&files(&records)),
            Err(error) => {
                eprintln!("error: {}: {error}: run `excite lab` first", self.records.display());
                ExitCode::FAILURE
            }
        }
    }
}

/// The records in a folder, in the order in which `excite lab` ran them.
fn read(folder: &Path) -> io::Result<Vec<Record>> {
    let mut paths: Vec<_> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "record"));
    paths.sort();
    paths.iter().map(|path| Record::read(path)).collect()
}

fn files(records: &[Record]) -> Files {
    let answers = lesson::answers(records);
    let mut files: Files = vec![("guide/claims/README.md".to_owned(), index(&answers))];
    for record in records {
        files.push((format!("guide/claims/{}.md", record.name), page(record, &answers)));
        for picture in &record.pictures {
            files.push((format!("guide/claims/{}", picture_name(&record.name, &picture.name)), picture_svg(picture)));
        }
    }
    files
}

fn picture_name(record: &str, picture: &str) -> String {
    format!("{record}-{picture}.svg")
}

fn index(answers: &[Answer]) -> String {
    let mut page = BEFORE_THE_SENTENCES.to_owned();
    for (place, answer) in answers.iter().enumerate() {
        if place == 0 || answers[place - 1].group != answer.group {
            let _ = write!(page, "\n## {}\n", answer.group);
        }
        let Answer { number, sentence, why, experiment, figure, .. } = answer;
        let picture = picture_name(experiment, figure);
        let _ = write!(
            page,
            "\n### {number}. {sentence}\n\n**{}**\n\n![{sentence}]({picture})\n\n{why}\n\n",
            answer.in_words()
        );
        for (name, what) in &answer.known {
            let _ = writeln!(page, "* {name}: {what}");
        }
        if !answer.known.is_empty() {
            page.push('\n');
        }
        let _ = writeln!(page, "[Method and figures]({experiment}.md)");
    }
    page
}

const BEFORE_THE_SENTENCES: &str = "\
# Activation functions, sentence by sentence

What lecture notes say of sigmoid, tanh, ReLU and ReLU6: each sentence with a verdict, a picture, and why. All of it was measured by

```console
$ excite lab && cargo xtask claims
```

Figures are medians over the seeds; bands and dots show the seeds. A verdict holds for these networks, these data and these seeds.
`excite lab --open` shows the same as a page; `excite play` writes a page to play with.
";

fn page(record: &Record, answers: &[Answer]) -> String {
    let functions: Vec<_> = record.functions.iter().map(ToString::to_string).collect();
    let seeds = if record.seeds == 1 { "One seed".to_owned() } else { format!("{} seeds", record.seeds) };
    let mut page = format!("# {}\n\n", record.question);
    for answer in answers.iter().filter(|answer| answer.experiment == record.name) {
        let _ = writeln!(page, "* {}. {} **{}**", answer.number, answer.sentence, answer.in_words());
    }
    let _ =
        write!(page, "\n{}\n\nFunctions: {}. {seeds}. {}\n\n", record.method, functions.join(", "), record.certainty);
    if let Some(data) = &record.data {
        let _ = write!(page, "Data: {data}.\n\n");
    }
    for picture in &record.pictures {
        let name = picture_name(&record.name, &picture.name);
        let _ = write!(page, "## {}\n\n![{}]({name})\n\n", picture.title, picture.title);
        if !picture.caption.is_empty() {
            let _ = write!(page, "{}\n\n", picture.caption);
        }
    }
    page + &table(record)
        + &format!(
            "\n`excite lab {}` repeats it. Written by `cargo xtask claims`. [All sentences](README.md).\n",
            record.name
        )
}

fn table(record: &Record) -> String {
    let table = record.table();
    let mut text =
        format!("## Figures\n\n| | {} |\n|---{}|\n", table.columns.join(" | "), "|---".repeat(table.columns.len()));
    for (name, measures) in table.rows {
        let cells: Vec<_> = measures.into_iter().map(measure_text).collect();
        let _ = writeln!(text, "| {name} | {} |", cells.join(" | "));
    }
    text + "\nThe median over the seeds, with the lowest and the highest.\n"
}
