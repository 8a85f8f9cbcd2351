//! The engines that run a model: rten, which is compiled in, and ONNX Runtime, whose library is loaded if it is there.
//!
//! A [`ExecutionPlan`](crate::plan::ExecutionPlan) says in which pieces a model is run; an engine runs one piece after the other. So both engines run every
//! node once, and keep no tensor longer than it is needed.

mod embedded;
mod library;
mod onnxruntime;

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use rten_onnx::onnx::ModelProto;

pub(crate) use self::embedded::Embedded;
use self::onnxruntime::OnnxRuntime;
use crate::plan::{Names, Piece, TensorId};
use crate::rewrite::embedded::CutOff;
use crate::{Array, Error, ModelInput};

/// Which engine runs a model.
///
/// ```
/// use excite_onnx::EngineChoice;
/// assert_eq!("embedded".parse(), Ok(EngineChoice::Embedded));
/// assert_eq!(EngineChoice::OnnxRuntime.to_string(), "onnxruntime");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EngineChoice {
    /// ONNX Runtime where its library is found, else the embedded engine.
    Auto,
    /// The engine that is compiled in.
    #[default]
    Embedded,
    /// ONNX Runtime; it is an error if its library is not found.
    OnnxRuntime,
}

impl EngineChoice {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Embedded, Self::OnnxRuntime];
}

impl fmt::Display for EngineChoice {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Auto => "auto",
            Self::Embedded => "embedded",
            Self::OnnxRuntime => "onnxruntime",
        })
    }
}

impl FromStr for EngineChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|choice| choice.to_string() == text);
        known.ok_or_else(|| format!("there is no engine `{text}`; take auto, embedded or onnxruntime"))
    }
}

/// Which engine runs a model, and where its library is.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions {
    /// The engine.
    pub choice: EngineChoice,
    /// ONNX Runtime's shared library, or a folder that holds it. If there is none, it is looked for where the environment variable
    /// `ORT_DYLIB_PATH` says, then in the Python environment, whose package `onnxruntime` has it.
    pub onnxruntime: Option<PathBuf>,
}

/// The engine that runs a model, for people and for records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineInfo {
    /// `"embedded"` or `"onnxruntime"`.
    pub name: &'static str,
    /// Its version, of the crate rten or of ONNX Runtime.
    pub version: String,
    /// The precision in which float tensors are computed: `"float32"`, or `"as declared"`.
    pub precision: &'static str,
    /// What else there is to say: that a float16 model runs in float32, or that a library was found and could not be loaded.
    pub note: Option<String>,
}

impl fmt::Display for EngineInfo {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            "onnxruntime" => write!(out, "ONNX Runtime {}", self.version),
            _ => write!(out, "the embedded engine (rten {})", self.version),
        }
    }
}

/// What runs the pieces of a plan.
pub(crate) trait Engine: Send + Sync {
    fn info(&self) -> EngineInfo;

    /// The numbers of an input as the engine takes them, if none changes on the way; else why not.
    fn value(&self, input: &ModelInput, array: &Array) -> Result<Value, String>;

    /// Runs the nodes of a piece on what it reads, and gives the tensors that are wanted, in their order; else what went wrong.
    fn run(&self, piece: &Piece, given: Vec<(TensorId, Given<'_>)>, wanted: &[TensorId]) -> Result<Vec<Value>, String>;

    /// The shape and the values of a constant tensor of floats.
    fn constant(&self, name: &str) -> Option<(Vec<usize>, Vec<f32>)>;

    /// Does some work on the threads that the engine runs on, where it shares them.
    fn on_threads(&self, work: &mut (dyn FnMut() + Send));
}

/// A model before it is loaded, with all that an engine needs to know of it.
pub(crate) struct Unloaded<'a> {
    pub proto: ModelProto,
    pub names: &'a Names,
    /// Whether float16 tensors occur in it.
    pub has_float16: bool,
    /// A node of it that draws numbers at random.
    pub random: Option<String>,
    /// Outputs that are not computed.
    pub cut_off: Option<CutOff>,
}

impl Unloaded<'_> {
    /// The note on a run, if there is one to make.
    fn note(&self, of_choice: Option<String>, in_float32: bool) -> Option<String> {
        let half = "its float16 tensors are computed in float32; values beyond 65504 in one count as infinite";
        let half = (in_float32 && self.has_float16).then(|| half.to_owned());
        let random = self.random.as_ref().map(|node| format!("{node} draws other numbers in each run"));
        let cut_off = self.cut_off.as_ref().map(CutOff::to_string);
        let notes: Vec<String> = [of_choice, half, random, cut_off].into_iter().flatten().collect();
        (!notes.is_empty()).then(|| notes.join("; "))
    }
}

/// Which engine it is to be, with what it needs, before the model is changed for it.
pub(crate) enum Chosen {
    /// With a note on the choice.
    Embedded(Option<String>),
    OnnxRuntime(&'static library::Library),
}

impl EngineOptions {
    pub(crate) fn choose(&self) -> Result<Chosen, Error> {
        if self.choice == EngineChoice::Embedded {
            return Ok(Chosen::Embedded(None));
        }
        let path = library::find(self.onnxruntime.as_deref())?;
        match (path, self.choice) {
            (Some(path), EngineChoice::Auto) => Ok(match library::load(&path) {
                Ok(library) => Chosen::OnnxRuntime(library),
                Err(why) => Chosen::Embedded(Some(format!("{} is not used: {why}", path.display()))),
            }),
            (Some(path), _) => {
                let loaded = library::load(&path).map(Chosen::OnnxRuntime);
                loaded.map_err(|why| Error::engine("loading ONNX Runtime", format!("{}: {why}", path.display())))
            }
            (None, EngineChoice::Auto) => Ok(Chosen::Embedded(None)),
            (None, _) => Err(Error::engine(
                "finding ONNX Runtime",
                "its library was not found; install it by `pip install onnxruntime`, or say where it is by --onnxruntime or \
                 ORT_DYLIB_PATH",
            )),
        }
    }
}

impl Chosen {
    pub(crate) fn is_embedded(&self) -> bool {
        matches!(self, Self::Embedded(_))
    }

    pub(crate) fn load(self, model: Unloaded<'_>) -> Result<Box<dyn Engine>, Error> {
        Ok(match self {
            Self::Embedded(note) => Box::new(Embedded::load(model, note)?),
            Self::OnnxRuntime(library) => Box::new(OnnxRuntime::load(library, model)),
        })
    }
}

/// A tensor of an engine.
pub(crate) enum Value {
    Embedded(rten::Value),
    OnnxRuntime(ort::value::DynValue),
}

/// A tensor that goes into a piece: for good, if the piece is the last that reads it.
pub(crate) enum Given<'a> {
    Owned(Value),
    Shared(&'a Value),
}

/// The shape and the values of a tensor.
pub(crate) type Floats<'a> = (Vec<usize>, Cow<'a, [f32]>);

impl Value {
    /// The shape and the values of a tensor of floats, copied only where they do not lie in order as f32; None if it is no such tensor.
    pub fn floats(&self) -> Option<Floats<'_>> {
        match self {
            Self::Embedded(value) => embedded::floats(value),
            Self::OnnxRuntime(value) => onnxruntime::floats(value),
        }
    }

    /// A copy of a tensor of floats; None of another.
    pub fn copied(&self) -> Option<Self> {
        match self {
            Self::Embedded(value) => embedded::floats(value).is_some().then(|| Self::Embedded(value.clone())),
            Self::OnnxRuntime(value) => onnxruntime::copied(value).map(Self::OnnxRuntime),
        }
    }

    /// Changes the values of a tensor of floats.
    pub fn replace(&mut self, replace: impl FnOnce(&mut [f32])) {
        match self {
            Self::Embedded(value) => embedded::replace(value, replace),
            Self::OnnxRuntime(value) => onnxruntime::replace(value, replace),
        }
    }

    /// The tensor, if it is one of numbers.
    pub fn array(&self) -> Option<Array> {
        match self {
            Self::Embedded(value) => embedded::array(value),
            Self::OnnxRuntime(value) => onnxruntime::array(value),
        }
    }
}
