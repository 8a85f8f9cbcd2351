//! The facts about a function that do not follow from its formula.

/// The facts about a function that do not follow from its formula. [`Facts`](crate::Facts) has the facts that do.
///
/// ```
/// use excite::Info;
/// // For a custom function the name is enough; other facts are set field by field.
/// const INFO: Info = {
///     let mut info = Info::named("bent_identity");
///     info.formula = "(√(x² + 1) − 1) / 2 + x";
///     info
/// };
/// assert_eq!((INFO.name, INFO.gain), ("bent_identity", None));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Info {
    /// The name in this library, on the command line and in files: `"relu6"`.
    pub name: &'static str,
    /// The name as people write it: `"ReLU6"`.
    pub title: &'static str,
    /// The formula in x, in plain Unicode.
    pub formula: &'static str,
    /// Where the function comes from.
    pub origin: &'static str,
    /// When to use it and when not, in a sentence or two.
    pub advice: &'static str,
    /// Its name in PyTorch; empty where it has none.
    pub pytorch: &'static str,
    /// Its name in JAX; empty where it has none.
    pub jax: &'static str,
    /// Its name in Keras; empty where it has none.
    pub keras: &'static str,
    /// The operator in ONNX; empty where there is none.
    pub onnx: &'static str,
    /// Other names that people use.
    pub aliases: &'static [&'static str],
    /// The gain for Xavier and Kaiming initialisation: the factor that keeps the variance of the activations from layer to
    /// layer (`torch.nn.init.calculate_gain`; where that has none, 1 / √E\[f(x)²\] for standard normal x). None where it is not known;
    /// [`Function::gain`](crate::Function::gain) then computes it.
    pub gain: Option<f64>,
    /// The largest error over all inputs, in units in the last place, with default parameters.
    pub max_ulp: MaxUlp,
}

impl Info {
    /// Only a name is known.
    pub const fn named(name: &'static str) -> Self {
        Self {
            name,
            title: name,
            formula: "",
            origin: "",
            advice: "",
            pytorch: "",
            jax: "",
            keras: "",
            onnx: "",
            aliases: &[],
            gain: None,
            max_ulp: MaxUlp::UNKNOWN,
        }
    }
}

/// The largest errors of a function in units in the last place (ULP), over all inputs. f16 and bf16 are not listed: their
/// results are correctly rounded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxUlp {
    /// Of the value in f32.
    pub f32: f64,
    /// Of the value in f64.
    pub f64: f64,
    /// Of the slope in f32.
    pub slope_f32: f64,
    /// Of the slope in f64.
    pub slope_f64: f64,
}

impl MaxUlp {
    /// No error: the result is one of the inputs.
    pub const NONE: Self = Self { f32: 0.0, f64: 0.0, slope_f32: 0.0, slope_f64: 0.0 };

    /// No bound is known.
    pub const UNKNOWN: Self = {
        let unknown = f64::INFINITY;
        Self { f32: unknown, f64: unknown, slope_f32: unknown, slope_f64: unknown }
    };

    /// What a formula gives that is evaluated in a number twice as long: next to nothing more than the last rounding.
    pub const ROUNDED: Self = Self { f32: 0.501, f64: 0.52, slope_f32: 0.501, slope_f64: 0.52 };
}

/// The largest errors in ULP of [`Accuracy::Fast`](crate::Accuracy::Fast) in f32 with default parameters, over all inputs whose exact
/// result is a normal number. None: there is no faster kernel, and results are as stated ([`MaxUlp`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FastUlp {
    /// Of the value.
    pub value: Option<f64>,
    /// Of the slope.
    pub slope: Option<f64>,
}

impl FastUlp {
    /// No kernel is faster than the stated ones.
    pub const NONE: Self = Self { value: None, slope: None };
}

/// Which number the slope is computed from, and so which slice [`Elementwise::backward`](crate::Elementwise::backward) takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlopeFrom {
    /// The pre-activation x.
    Input,
    /// The activation y = f(x): x need not be kept.
    Output,
}
