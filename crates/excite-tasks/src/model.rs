//! A model with the name that results give it.

use std::path::{Path, PathBuf};

use excite_onnx::{EngineOptions, Model, SiteFunction, UnitAxis};

use crate::Error;

/// An ONNX model that has activations to look at, and its name.
///
/// ```
/// use excite_tasks::{NamedModel, UnitAxis};
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../excite-onnx/tests/models/nmp.onnx");
/// let mut model = NamedModel::open(path)?;
/// assert_eq!(model.name(), "nmp.onnx");
/// // Where the graph does not show which axis holds the channels.
/// model.set_unit_axis(None, UnitAxis::Front(1))?;
/// assert!(model.set_unit_axis(Some("no such layer"), UnitAxis::Back(0)).is_err());
/// # Ok::<(), excite_tasks::Error>(())
/// ```
pub struct NamedModel {
    model: Model,
    name: String,
    /// The file, where it was read from one, and the engine that runs it.
    origin: Option<(PathBuf, EngineOptions)>,
}

impl NamedModel {
    /// Reads a model from a file, whose name becomes that of the model.
    ///
    /// # Errors
    /// If it cannot be read, or has no activations of single numbers.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::open_with(path, &EngineOptions::default())
    }

    /// Reads a model from a file, for an engine of choice.
    ///
    /// # Errors
    /// As [`open`](Self::open), and if the engine is not there.
    pub fn open_with(path: impl AsRef<Path>, engine: &EngineOptions) -> Result<Self, Error> {
        let path = path.as_ref();
        let model = Model::open_with(path, engine).map_err(|error| Error::Model { path: path.to_owned(), error })?;
        check_has_activations(&path.display().to_string(), &model)?;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Ok(Self { model, name, origin: Some((path.to_owned(), engine.clone())) })
    }

    /// Reads a model from bytes that hold all its weights.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_bytes(bytes: Vec<u8>, name: &str) -> Result<Self, Error> {
        let model = Model::from_bytes(bytes).map_err(|error| Error::Model { path: name.into(), error })?;
        check_has_activations(name, &model)?;
        Ok(Self { model, name: name.to_owned(), origin: None })
    }

    /// Sets the axis that holds the units, of one layer or of all.
    ///
    /// # Errors
    /// If the model has no layer of that name.
    pub fn set_unit_axis(&mut self, layer: Option<&str>, axis: UnitAxis) -> Result<(), Error> {
        let known: Vec<String> = self.model.sites().iter().map(|site| site.name.clone()).collect();
        let named: Vec<&str> = layer.map_or_else(|| known.iter().map(String::as_str).collect(), |layer| vec![layer]);
        for layer in named {
            if !self.model.set_unit_axis(layer, axis) {
                return Err(Error::UnknownLayer { layer: layer.to_owned(), known });
            }
        }
        Ok(())
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The file that it was read from, if it was, and the engine that runs it.
    pub(crate) fn origin(&self) -> Option<(&Path, &EngineOptions)> {
        self.origin.as_ref().map(|(path, engine)| (path.as_path(), engine))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Refuses a model without an activation of one number.
fn check_has_activations(name: &str, model: &Model) -> Result<(), Error> {
    if model.sites().iter().any(|site| matches!(site.function, SiteFunction::Each(_))) {
        return Ok(());
    }
    Err(Error::NoActivations { model: name.to_owned(), why: no_activations(model) })
}

/// Why there is nothing to look at.
fn no_activations(model: &Model) -> String {
    let unseen: Vec<_> = model.unseen().iter().map(|unseen| format!("`{}`: {}", unseen.name, unseen.why)).collect();
    match (model.sites(), unseen.is_empty()) {
        ([], true) => "the model has no activation functions, so there is nothing to check".to_owned(),
        ([], false) => format!("none of its activation functions can be looked at ({})", unseen.join("; ")),
        _ => "its only activation functions work on rows, as softmax does, so it has no units to check".to_owned(),
    }
}
