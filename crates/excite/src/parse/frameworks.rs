//! What a name means in the framework that it comes from, where more than the spelling differs from this library's: defaults,
//! the names of arguments, their order.

use alloc::vec::Vec;

/// Where a name comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Framework {
    Excite,
    PyTorch,
    /// And Flax, whose functions are JAX's.
    Jax,
    Keras,
    /// The layers of Keras, whose defaults are not those of its functions.
    KerasLayers,
    /// The operations of Keras, likewise.
    KerasOps,
    TensorFlow,
    Onnx,
}

use Framework::{Excite, Jax, Keras, KerasLayers, KerasOps, Onnx, PyTorch, TensorFlow};

/// A name taken apart: `torch.nn.ReLU` is `ReLU` of PyTorch.
pub(super) struct Spelling<'a> {
    pub framework: Option<Framework>,
    pub name: &'a str,
}

/// The modules that may stand before a function's name, below the framework's own.
const MODULES: &[&str] = &[
    "nn",
    "functional",
    "modules",
    "activation",
    "ops",
    "aten",
    "special",
    "numpy",
    "lax",
    "scipy",
    "linen",
    "nnx",
    "src",
    "activations",
    "layers",
    "math",
    "keras",
    "compat",
    "v1",
    "microsoft",
    "torch",
];

impl<'a> Spelling<'a> {
    /// Nothing if what stands before the last point is no module of a known framework.
    pub fn of(text: &'a str) -> Option<Self> {
        let text = text.strip_suffix(".default").unwrap_or(text);
        let mut parts: Vec<&str> = text.split(['.', ':']).filter(|part| !part.is_empty()).collect();
        let name = parts.pop()?;
        let Some((&first, modules)) = parts.split_first() else {
            return Some(Self { framework: None, name });
        };
        let framework = match first {
            "excite" => Some(Excite),
            "torch" | "F" | "aten" | "functional" => Some(PyTorch),
            // `nn.ReLU` is written where `torch.nn` was imported, `nn.relu` where `flax.linen` was.
            "nn" if modules.contains(&"functional") || name.starts_with(char::is_uppercase) => Some(PyTorch),
            "nn" | "jax" | "jnp" | "lax" | "flax" | "nnx" => Some(Jax),
            "onnx" | "ai" | "com" => Some(Onnx),
            "keras" | "tf" | "tensorflow" | "layers" | "activations" => Some(match parts.as_slice() {
                parts if parts.contains(&"layers") => KerasLayers,
                parts if parts.contains(&"keras") && parts.contains(&"ops") => KerasOps,
                parts if parts.contains(&"keras") || parts.contains(&"activations") => Keras,
                _ => TensorFlow,
            }),
            _ => return None,
        };
        let known = |module: &&str| MODULES.contains(module) || *module == "onnx";
        modules.iter().all(known).then_some(Self { framework, name })
    }

    /// What the name means, in this library's names, where the framework's defaults are other than the function's of that name.
    /// `name` is the plain form of [`Self::name`].
    pub fn means(&self, name: &str) -> Option<&'static str> {
        let of_framework =
            |&&(framework, theirs, _): &&(Framework, &str, _)| self.framework == Some(framework) && theirs == name;
        let anywhere = ANYWHERE.iter().find(|(theirs, _)| *theirs == name).map(|(_, ours)| *ours);
        DIFFERENT.iter().find(of_framework).map(|(_, _, ours)| *ours).or(anywhere)
    }

    /// The names of the arguments that are given without one, where they are other than the function's parameters in order.
    pub fn positions(&self, function: &str) -> Option<&'static [&'static str]> {
        match (self.framework?, function) {
            (PyTorch, "prelu") => Some(&["num_parameters", "weight"]),
            (KerasLayers, "relu") => Some(&["max_value", "negative_slope", "threshold"]),
            (PyTorch | KerasLayers | Keras, "softmax" | "log_softmax" | "softmin" | "sparsemax" | "glu") => {
                Some(&["dim"])
            }
            _ => None,
        }
    }

    /// Whether this is ONNX's `HardSigmoid`, whose slope is 0.2 by default and not 1/6. Without a framework only the case tells it from
    /// PyTorch's `Hardsigmoid`.
    pub fn is_hard_sigmoid_of_onnx(&self) -> bool {
        match self.framework {
            None | Some(Onnx) => self.name == "HardSigmoid",
            _ => false,
        }
    }
}

/// A softplus that is a straight line nowhere.
const SOFTPLUS: &str = "softplus(threshold=1e30)";

/// Names that mean something else in a framework than in this library.
const DIFFERENT: &[(Framework, &str, &str)] = &[
    (Keras, "leakyrelu", "leaky_relu(0.2)"),
    (KerasOps, "leakyrelu", "leaky_relu(0.2)"),
    (KerasLayers, "leakyrelu", "leaky_relu(0.3)"),
    (TensorFlow, "leakyrelu", "leaky_relu(0.2)"),
    // Where training starts.
    (KerasLayers, "prelu", "prelu(0)"),
    (Jax, "prelu", "prelu(0.01)"),
    (Keras, "softplus", SOFTPLUS),
    (KerasOps, "softplus", SOFTPLUS),
    (TensorFlow, "softplus", SOFTPLUS),
    (Jax, "softplus", SOFTPLUS),
    (Onnx, "softplus", SOFTPLUS),
    (Jax, "gelu", "gelu_tanh"),
    (KerasOps, "gelu", "gelu_tanh"),
    (Keras, "swish", "silu"),
    (KerasOps, "swish", "silu"),
    (TensorFlow, "swish", "silu"),
    (Jax, "swish", "silu"),
];

/// Names with parameters of their own, wherever they come from: CLIP's GELU.
const ANYWHERE: &[(&str, &str)] =
    &[("quickgelu", "swish(1.702)"), ("geluquick", "swish(1.702)"), ("fastgelu", "gelu_tanh"), ("biasgelu", "gelu")];

/// The parameter of this library by what a framework calls it: function, its name, ours.
const PARAMETERS: &[(&str, &str, &str)] = &[
    ("leaky_relu", "alpha", "negative_slope"),
    ("prelu", "init", "weight"),
    ("prelu", "negative_slope_init", "weight"),
    ("hard_shrink", "lambd", "lambda"),
    ("hard_shrink", "threshold", "lambda"),
    ("soft_shrink", "lambd", "lambda"),
    ("soft_shrink", "threshold", "lambda"),
    ("swish", "alpha", "beta"),
    ("thresholded_relu", "theta", "alpha"),
    ("relu_n", "max_value", "cap"),
    ("hard_tanh", "min", "min_val"),
    ("hard_tanh", "max", "max_val"),
    ("threshold", "default_value", "value"),
    ("snake", "alpha", "a"),
];

/// The name in this library of a function's parameter.
pub(super) fn parameter<'a>(function: &str, name: &'a str) -> &'a str {
    let found = PARAMETERS.iter().find(|(owner, theirs, _)| *owner == function && *theirs == name);
    found.map_or(name, |(_, _, ours)| ours)
}

/// The function that an argument makes of another, and whether the argument is one of its parameters: `approximate='tanh'` makes
/// GELU's approximation of it, `max_value=6` of Keras's ReLU a capped one.
pub(super) fn variant(function: &str, argument: &str, value: &str) -> Option<(&'static str, bool)> {
    match (function, argument, value) {
        ("gelu" | "gelu_tanh", "approximate", "none" | "None" | "False" | "false") => Some(("gelu", false)),
        ("gelu" | "gelu_tanh", "approximate", "tanh" | "True" | "true") => Some(("gelu_tanh", false)),
        ("silu", "beta" | "alpha", _) => Some(("swish", true)),
        ("relu", "max_value", "None") | ("relu", "negative_slope" | "threshold", "0" | "0.0" | "0.") => {
            Some(("relu", false))
        }
        ("leaky_relu", "max_value", "None") => Some(("leaky_relu", false)),
        ("relu", "max_value", _) => Some(("relu_n", true)),
        ("relu_n", "negative_slope" | "threshold", "0" | "0.0" | "0.") => Some(("relu_n", false)),
        ("relu", "negative_slope", _) => Some(("leaky_relu", true)),
        _ => None,
    }
}

/// Whether an argument says nothing about the function's values; an error says what it may be.
pub(super) fn says_nothing(argument: &str, value: &str) -> Result<bool, &'static str> {
    match argument {
        "inplace" if ["True", "False", "true", "false"].contains(&value) => Ok(true),
        "inplace" => Err("inplace must be True or False"),
        "num_parameters" if value.parse::<u32>().is_ok_and(|count| count > 0) => Ok(true),
        "num_parameters" => Err("num_parameters must be a whole number from 1"),
        "dim" | "axis" if ["-1", "None"].contains(&value) => Ok(true),
        "dim" | "axis" => Err("the axis is chosen where the function is called: leave it out, or write -1"),
        "name" => Ok(true),
        _ => Ok(false),
    }
}
