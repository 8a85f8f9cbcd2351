//! Prepares data for training: settles the task and the classes, and has the samples split and scaled.

use std::collections::HashMap;

use crate::record::comparison::Task;

use super::moments::Moments;
use super::split::{groups, split};
use super::{Dataset, Labels, Options, Problem, Samples, Source, Table, Targets};

/// The most different whole numbers that are taken for classes unless the task is given.
const MOST_NUMBERED_CLASSES: usize = 20;

/// Settles the task, holds out samples, and scales.
pub(super) fn dataset(name: String, source: Source, options: &Options) -> Result<Dataset, Problem> {
    let Source { shape, train, test } = source;
    if test.is_none() && train.labels.len() < 2 {
        return Err(Problem::TooFewSamples);
    }
    let labels: Vec<&Labels> = [Some(&train), test.as_ref()].into_iter().flatten().map(|table| &table.labels).collect();
    let task = options.task.unwrap_or_else(|| task_of(&shape, &labels));
    if task == Task::Regression && labels.iter().any(|labels| matches!(labels, Labels::Text(_))) {
        return Err(Problem::TextTargets);
    }
    let classes = match task {
        Task::Classification => class_names(&labels),
        Task::Regression => Vec::new(),
    };
    if let [class] = classes.as_slice() {
        return Err(Problem::OneClass { class: class.clone() });
    }
    let codes: HashMap<&str, u32> = classes.iter().map(String::as_str).zip(0..).collect();
    let (train, test) = match test {
        Some(test) => (train, test),
        None => split(&train, groups(&train.labels, &codes), options)?,
    };
    let moments = Moments::of(train.labels.numbers().iter().copied());
    if task == Task::Regression && moments.std() == 0.0 {
        return Err(Problem::ConstantTarget { value: moments.mean });
    }
    let scale = moments.scale();
    let scales = options.centre.then(|| train.inputs.scales(&shape));
    let samples = |table: Table| {
        let targets = match task {
            Task::Classification => Targets::Classes(table.labels.names().iter().map(|name| codes[&**name]).collect()),
            Task::Regression => Targets::Values(table.labels.numbers().iter().map(|&number| scale(number)).collect()),
        };
        let inputs = match &scales {
            Some(scales) => table.inputs.standardised(scales),
            None => table.inputs.rounded(),
        };
        Samples { inputs, targets }
    };
    let (train, test) = (samples(train), samples(test));
    Ok(Dataset { name, task, shape, classes, train, test })
}

fn task_of(shape: &[usize], labels: &[&Labels]) -> Task {
    let Some(distinct) = distinct_numbers(labels) else { return Task::Classification };
    let images = shape.len() == 3;
    let whole = distinct.iter().all(|number| number.fract() == 0.0);
    if whole && (images || distinct.len() <= MOST_NUMBERED_CLASSES) { Task::Classification } else { Task::Regression }
}

/// The different labels in rising order, or None where they are text.
fn distinct_numbers(labels: &[&Labels]) -> Option<Vec<f64>> {
    let mut distinct = Vec::new();
    for labels in labels {
        match labels {
            Labels::Numbers(numbers) => distinct.extend_from_slice(numbers),
            Labels::Text(_) => return None,
        }
    }
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    Some(distinct)
}

/// The different labels: numbers in rising order, text in alphabetical order.
fn class_names(labels: &[&Labels]) -> Vec<String> {
    if let Some(numbers) = distinct_numbers(labels) {
        return numbers.iter().map(f64::to_string).collect();
    }
    let mut names: Vec<String> = labels.iter().flat_map(|labels| labels.names()).collect();
    names.sort_unstable();
    names.dedup();
    names
}
