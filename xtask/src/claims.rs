//! `cargo xtask claims`: writes docs/guide/claims/, a page for each claim, from what `excite lab` found.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use clap::Args;
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
    let mut files: Files = vec![("guide/claims/README.md".to_owned(), index(records))];
    for record in records {
        files.push((format!("guide/claims/{}.md", record.name), page(record)));
        for (index, picture) in record.pictures.iter().enumerate() {
            files.push((format!("guide/claims/{}", picture_name(record, index)), picture_svg(picture)));
        }
    }
    files
}

fn picture_name(record: &Record, index: usize) -> String {
    format!("{}-{}.svg", record.name, index + 1)
}

fn index(records: &[Record]) -> String {
    let mut page = BEFORE_THE_CLAIMS.to_owned();
    for record in records {
        let _ = writeln!(page, "| [{}]({}.md) | {} | {} |", record.name, record.name, record.claim, record.verdict);
    }
    page
}

const BEFORE_THE_CLAIMS: &str = "\
# Claims about activation functions, tested

Each page has the claim, what was done, what came out, and how sure that is. All of it was computed by

```console
$ excite lab && cargo xtask claims
```

The verdict is what came out on these networks, these data and these seeds: `held` in all cases, `depends` on the case, or `did not hold`.

| experiment | claim | verdict |
|---|---|---|
";

fn page(record: &Record) -> String {
    let functions: Vec<_> = record.functions.iter().map(ToString::to_string).collect();
    let seeds = if record.seeds == 1 { "One seed".to_owned() } else { format!("{} seeds", record.seeds) };
    let mut page = format!(
        "# {}\n\n**{}**: {} {}\n\n{}\n\nFunctions: {}. {seeds}.\n\n",
        record.claim,
        record.verdict,
        record.finding,
        record.certainty,
        record.method,
        functions.join(", "),
    );
    if let Some(data) = &record.data {
        let _ = write!(page, "Data: {data}.\n\n");
    }
    for (index, picture) in record.pictures.iter().enumerate() {
        let _ = write!(
            page,
            "## {}\n\n![{}]({})\n\n{}\n\n",
            picture.title,
            picture.title,
            picture_name(record, index),
            picture.caption
        );
    }
    page + &table(record)
        + &format!(
            "\n`excite lab {}` repeats it. Written by `cargo xtask claims`. [All claims](README.md).\n",
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
