//! NPY files and NPZ archives, read in pieces: no more of them is in memory than goes through the model at once.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use excite_npy::NpyHeader;

use super::{npy, npz, only_input};
use crate::batches::Places;
use crate::{Array, Cutting, Error, InputSet, Model};

/// An array in a file: its header was read, its numbers come next.
pub(crate) struct Stored {
    name: String,
    header: NpyHeader,
    stream: Box<dyn Read>,
}

impl Stored {
    /// An array whose file is `bytes` long, with its header.
    pub fn new(name: String, mut stream: Box<dyn Read>, bytes: u64) -> Result<Self, String> {
        let damaged = |error: std::io::Error| format!("it is damaged ({error}); save it again");
        let again = |error: excite_npy::NpyError| format!("{error}; save it again");
        let header = NpyHeader::read(&mut stream).map_err(damaged)?.map_err(again)?;
        let (declared, found) = (header.size(), bytes.saturating_sub(header.start));
        if declared != u128::from(found) {
            return Err(again(excite_npy::NpyError::WrongLength { declared, found: found as usize }));
        }
        Ok(Self { name, header, stream })
    }

    fn in_words(&self, what: &str, in_archive: bool) -> String {
        if in_archive { format!("in its array `{}`, {what}", self.name) } else { what.to_owned() }
    }

    /// All of it.
    fn whole(&mut self) -> Result<Array, String> {
        npy::read(&self.header, &mut self.stream)
    }

    /// The next `places` along the first axis.
    fn next(&mut self, places: usize) -> Result<Array, String> {
        let inner: usize = self.header.shape[1..].iter().product();
        let values = npy::values(self.header.element, places * inner, &mut self.stream)?;
        Ok(Array { shape: [&[places], &self.header.shape[1..]].concat(), values })
    }
}

/// The arrays of an NPY file or an NPZ archive, and how they are cut.
pub(super) struct Pieces<'a> {
    model: &'a Model,
    name: String,
    is_archive: bool,
    arrays: Vec<Stored>,
    /// Of each array the places that a batch takes; none of one that is the same for all, which is in `shared` then.
    places: Vec<Option<Places>>,
    shared: Vec<Option<Array>>,
    batch: usize,
    /// The samples handed out, and how many there are.
    done: usize,
    samples: usize,
    left_over: usize,
}

impl<'a> Pieces<'a> {
    /// Opens a file. None if it cannot be cut and must be read whole: then its arrays are given.
    pub fn open(path: &Path, model: &'a Model, batch: usize) -> Result<Result<Self, InputSet>, Error> {
        let wrong = |what: String| Error::input(path.display(), what);
        let file = |error| Error::file(path, error);
        let is_archive = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npz"));
        let mut arrays = if is_archive {
            npz::open(path).map_err(wrong)?
        } else {
            let stream = File::open(path).map_err(file)?;
            let bytes = stream.metadata().map_err(file)?.len();
            let name = only_input(model).map_err(wrong)?.name.clone();
            vec![Stored::new(name, Box::new(BufReader::new(stream)), bytes).map_err(wrong)?]
        };
        let name = path.display().to_string();
        if let Some((places, cutting)) = cut(model, &arrays) {
            let mut shared = Vec::new();
            for (array, places) in arrays.iter_mut().zip(&places) {
                let whole = places.is_none().then(|| array.whole()).transpose();
                shared.push(whole.map_err(|what| wrong(array.in_words(&what, is_archive)))?);
            }
            let batch = cutting.at_once.unwrap_or(batch).max(1);
            let (samples, left_over) = (cutting.samples - cutting.left_over, cutting.left_over);
            return Ok(Ok(Self {
                model,
                name,
                is_archive,
                arrays,
                places,
                shared,
                batch,
                done: 0,
                samples,
                left_over,
            }));
        }
        let mut tensors = Vec::new();
        for array in &mut arrays {
            let whole = array.whole().map_err(|what| wrong(array.in_words(&what, is_archive)))?;
            tensors.push((array.name.clone(), whole));
        }
        Ok(Err(InputSet { name, tensors }))
    }

    /// The samples at the end that no batch takes.
    pub fn left_over(&self) -> usize {
        self.left_over
    }

    fn read(&mut self, to: usize) -> Result<InputSet, Error> {
        let (from, is_last) = (self.done, to == self.samples && self.left_over == 0);
        let mut tensors = Vec::new();
        for ((array, places), shared) in self.arrays.iter_mut().zip(&self.places).zip(&self.shared) {
            let read = match (shared, places) {
                (Some(shared), _) => Ok(shared.clone()),
                (None, Some(Places::Always(places))) => array.next(*places),
                (None, _) => array.next(to - from),
            };
            let read = read.map_err(|what| Error::input(&self.name, array.in_words(&what, self.is_archive)))?;
            tensors.push((array.name.clone(), read));
        }
        let whole = from == 0 && is_last;
        let name = if whole { self.name.clone() } else { format!("{}[{from}..{to}]", self.name) };
        let run = InputSet { name, tensors };
        self.model.check(&run)?;
        self.done = to;
        Ok(run)
    }
}

impl Iterator for Pieces<'_> {
    type Item = Result<InputSet, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let to = self.done.saturating_add(self.batch).min(self.samples);
        (self.done < self.samples).then(|| {
            let run = self.read(to);
            if run.is_err() {
                self.done = self.samples;
            }
            run
        })
    }
}

/// How the arrays are cut, if they can be read so: all samples along the first axis, in rows.
fn cut(model: &Model, arrays: &[Stored]) -> Option<(Vec<Option<Places>>, Cutting)> {
    let of = |name: &str| arrays.iter().find(|array| array.name == name);
    let shapes: Vec<&[usize]> =
        model.inputs().iter().map(|input| Some(of(&input.name)?.header.shape.as_slice())).collect::<Option<_>>()?;
    let cutting = model.cutting_of(&shapes).ok()?;
    let in_rows = arrays.iter().all(|array| !array.header.column_major || array.header.shape.len() < 2);
    if arrays.len() != shapes.len() || !in_rows || !cutting.is_along_the_first() || cutting.samples < 1 {
        return None;
    }
    let of_inputs = cutting.places();
    let place = |array: &Stored| of_inputs[model.inputs().iter().position(|input| input.name == array.name)?];
    Some((arrays.iter().map(place).collect(), cutting))
}
