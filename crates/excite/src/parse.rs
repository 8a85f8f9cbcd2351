//! Functions as text: `"relu6"`, `"leaky_relu(0.1)"`, `"softplus(beta=2)"`.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};
use core::fmt;
use core::str::FromStr;

use crate::curve::CurveError;
use crate::custom::Custom;
use crate::error::Readable;
use crate::{Elementwise, Function, Gate, Parameter, ParameterError, ParseFunctionError, RowFunction, Rowwise};

mod frameworks;
#[cfg(test)]
mod tests;

use frameworks::Spelling;

/// What goes by names, and may take parameters.
trait Entry: Copy + 'static {
    /// What all of them are.
    const KIND: &'static str;
    /// All of the kind: the catalogue, and what was registered.
    fn every() -> Vec<Self>;
    /// Every name that it goes by, the one in this library first.
    fn names(&self) -> Vec<&'static str>;
    fn parameters(&self) -> &'static [Parameter];
    fn parameter(&self, index: usize) -> Option<f64>;
    fn with_parameters(self, values: &[f64]) -> Result<Self, ParameterError>;
    /// What a text that holds points of a curve means; None for other texts.
    fn by_points(text: &str) -> Option<Result<Self, ParseFunctionError>> {
        let _ = text;
        None
    }
    /// As text that is read back.
    #[cfg(feature = "serde")]
    fn written(&self) -> String
    where
        Self: fmt::Display,
    {
        self.to_string()
    }
}

/// Makes a catalogue an [`Entry`].
macro_rules! entry {
    ($catalogue:ident: $floor:ident, $kind:literal, $registered:expr $(, $own:item)*) => {
        impl Entry for $catalogue {
            const KIND: &'static str = $kind;

            fn every() -> Vec<Self> {
                Self::ALL.iter().copied().chain($registered).collect()
            }

            fn names(&self) -> Vec<&'static str> {
                let info = self.info();
                let names = [info.name, info.title, info.pytorch, info.jax, info.keras, info.onnx];
                names.into_iter().chain(info.aliases.iter().copied()).filter(|name| !name.is_empty()).collect()
            }

            fn parameters(&self) -> &'static [Parameter] {
                $floor::parameters(self)
            }

            fn parameter(&self, index: usize) -> Option<f64> {
                $floor::parameter(self, index)
            }

            fn with_parameters(self, values: &[f64]) -> Result<Self, ParameterError> {
                $floor::with_parameters(self, values)
            }

            $($own)*
        }
    };
}

entry!(
    Function: Elementwise,
    "a function of one number (`Function`)",
    Custom::registered(),
    fn by_points(text: &str) -> Option<Result<Self, ParseFunctionError>> {
        let fault = |error: CurveError| ParseFunctionError::Curve { why: error.to_string() };
        Some(Self::read_curve(text)?.map_err(fault))
    },
    #[cfg(feature = "serde")]
    fn written(&self) -> String {
        self.write_curve().unwrap_or_else(|| self.to_string())
    }
);
entry!(RowFunction: Rowwise, "a function of whole rows (`RowFunction`)", []);

impl Entry for Gate {
    const KIND: &'static str = "a gated unit, which takes two inputs (`Gate`)";

    fn every() -> Vec<Self> {
        Self::ALL.to_vec()
    }

    fn names(&self) -> Vec<&'static str> {
        vec![self.name(), self.title()]
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[]
    }

    fn parameter(&self, _: usize) -> Option<f64> {
        None
    }

    fn with_parameters(self, _: &[f64]) -> Result<Self, ParameterError> {
        Ok(self)
    }
}

fn write<E: Entry>(entry: &E, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    out.write_str(entry.names()[0])?;
    let parameters = entry.parameters();
    let given = |(index, parameter): (usize, &Parameter)| {
        let (value, name) = (entry.parameter(index).unwrap_or(parameter.default), parameter.name);
        let text =
            if parameters.len() == 1 { Readable(value).to_string() } else { format!("{name}={}", Readable(value)) };
        (value != parameter.default).then_some(text)
    };
    let given: Vec<String> = parameters.iter().enumerate().filter_map(given).collect();
    if given.is_empty() { Ok(()) } else { write!(out, "({})", given.join(", ")) }
}

fn read<E: Entry>(text: &str) -> Result<E, ParseFunctionError> {
    let text = text.trim();
    let (name, arguments) = taken_apart(text)?;
    let spelling = Spelling::of(name);
    // A name of the catalogue may hold arguments: `Clip(0, 6)`.
    let whole = by_name::<E>(text).filter(|_| text.contains('('));
    if let Some(entry) = whole {
        return Ok(entry);
    }
    match spelling.as_ref().and_then(by_spelling::<E>).or_else(|| by_name(name)) {
        Some(entry) => {
            let spelling = spelling.unwrap_or(Spelling { framework: None, name });
            if spelling.is_hard_sigmoid_of_onnx() {
                hard_sigmoid_of_onnx(entry, arguments)
            } else {
                with_arguments(entry, &spelling, arguments)
            }
        }
        None => Err(unknown::<E>(name)),
    }
}

/// The name, and the arguments in the brackets behind it.
fn taken_apart(text: &str) -> Result<(&str, &str), ParseFunctionError> {
    let wrong = |why: &'static str| Err(ParseFunctionError::Syntax { text: text.to_owned(), why });
    let Some((name, rest)) = text.split_once('(') else {
        return if text.contains(')') { wrong("a closing bracket without an opening one") } else { Ok((text, "")) };
    };
    let (opened, closed) = (rest.matches('(').count() + 1, rest.matches(')').count());
    match rest.strip_suffix(')') {
        _ if opened > closed => wrong("the bracket `(` is not closed"),
        _ if closed > opened => wrong("a closing bracket without an opening one"),
        Some(arguments) => Ok((name.trim(), arguments)),
        None => wrong("nothing may follow the closing bracket"),
    }
}

fn plain(name: &str) -> String {
    name.to_lowercase().replace(['-', '_', ' ', '\'', '"'], "")
}

fn by_name<E: Entry>(name: &str) -> Option<E> {
    let wanted = plain(name);
    E::every().into_iter().find(|entry| entry.names().into_iter().any(|name| plain(name) == wanted))
}

/// What a name means in its framework, or in this library.
fn by_spelling<E: Entry>(spelling: &Spelling<'_>) -> Option<E> {
    match spelling.means(&plain(spelling.name)) {
        Some(meaning) => {
            let (name, arguments) = taken_apart(meaning).ok()?;
            with_arguments(by_name(name)?, &Spelling { framework: None, name }, arguments).ok()
        }
        None => by_name(spelling.name),
    }
}

/// Why a name is none of a catalogue's: it is of another kind, or it is unknown.
fn unknown<E: Entry>(name: &str) -> ParseFunctionError {
    fn kind<K: Entry>(name: &str) -> Option<&'static str> {
        Spelling::of(name).as_ref().and_then(by_spelling::<K>).map(|_| K::KIND)
    }
    let last = name.rsplit(['.', ':']).next().unwrap_or(name);
    match kind::<Function>(name).or_else(|| kind::<RowFunction>(name)).or_else(|| kind::<Gate>(name)) {
        Some(kind) => ParseFunctionError::Kind { name: name.to_owned(), kind, expected: E::KIND },
        None => ParseFunctionError::Name {
            name: name.to_owned(),
            nearest: nearest::<E>(last),
            known: E::every().iter().map(|entry| entry.names()[0]).collect(),
        },
    }
}

/// The distance of names comes from a crate that needs `std`.
#[cfg(not(feature = "std"))]
fn nearest<E: Entry>(_: &str) -> Option<&'static str> {
    None
}

#[cfg(feature = "std")]
fn nearest<E: Entry>(name: &str) -> Option<&'static str> {
    let wanted = plain(name);
    E::every()
        .iter()
        .map(|entry| entry.names()[0])
        .map(|name| (strsim::damerau_levenshtein(&wanted, &plain(name)), name))
        .min_by_key(|&(distance, _)| distance)
        .filter(|&(distance, name)| distance <= 2.max(name.len() / 3))
        .map(|(_, name)| name)
}

fn refused<E: Entry>(entry: &E, argument: &str, why: impl Into<String>) -> ParseFunctionError {
    ParseFunctionError::Parameter { function: entry.names()[0], argument: argument.trim().to_owned(), why: why.into() }
}

/// The arguments of a call, with their names if they have some, without quotation marks.
fn split(arguments: &str) -> impl Iterator<Item = (usize, &str, Option<&str>, &str)> {
    fn bare(text: &str) -> &str {
        text.trim().trim_matches(['\'', '"'])
    }
    arguments.split(',').enumerate().filter(|(_, argument)| !argument.trim().is_empty()).map(
        move |(position, argument)| match argument.split_once('=') {
            None => (position, argument, None, bare(argument)),
            Some((name, value)) => (position, argument, Some(name.trim()), bare(value)),
        },
    )
}

fn with_arguments<E: Entry>(mut entry: E, spelling: &Spelling<'_>, arguments: &str) -> Result<E, ParseFunctionError> {
    let positions = spelling.positions(entry.names()[0]);
    let mut given: Vec<String> = Vec::new();
    let mut values: Vec<(usize, f64)> = Vec::new();
    for (position, argument, name, value) in split(arguments) {
        let parameters = entry.parameters();
        let name = match (name, positions) {
            (Some(name), _) => name,
            // `nn.ReLU(True)`, `nn.LeakyReLU(0.1, True)`.
            (None, None) if position == parameters.len() && ["True", "False"].contains(&value) => "inplace",
            (None, None) if ["none", "tanh"].contains(&value) => "approximate",
            (None, None) => parameters.get(position).map_or("", |parameter| parameter.name),
            (None, Some(names)) => names.get(position).copied().unwrap_or(""),
        };
        let changed = frameworks::variant(entry.names()[0], name, value);
        if let Some((function, _)) = changed.filter(|(function, _)| *function != entry.names()[0]) {
            entry = by_name(function).ok_or_else(|| refused(&entry, argument, "it has none"))?;
        }
        let (function, parameters) = (entry.names()[0], entry.parameters());
        let name = frameworks::parameter(function, name);
        if given.contains(&plain(name)) {
            return Err(refused(&entry, argument, format!("{name} is given twice")));
        }
        given.push(plain(name));
        if matches!(changed, Some((_, false))) {
            continue;
        }
        match parameters.iter().position(|parameter| plain(parameter.name) == plain(name)) {
            Some(index) => values.push((index, number(&entry, parameters[index], argument, value)?)),
            None if frameworks::says_nothing(name, value).map_err(|why| refused(&entry, argument, why))? => {}
            None => {
                let known: Vec<_> = parameters.iter().map(|parameter| parameter.name).collect();
                let why = if known.is_empty() { "it has none".into() } else { format!("it has {}", known.join(", ")) };
                return Err(refused(&entry, argument, why));
            }
        }
    }
    // Together, for they may depend on each other.
    let mut all: Vec<f64> = (0..entry.parameters().len()).filter_map(|index| entry.parameter(index)).collect();
    for (index, value) in values {
        all[index] = value;
    }
    entry.with_parameters(&all).map_err(|error| match error {
        ParameterError::Conflict { why, .. } => refused(&entry, arguments, why),
        error => refused(&entry, arguments, error.to_string()),
    })
}

/// The value of a parameter: `0.1`, `1e-3`, `1/6`.
fn number<E: Entry>(entry: &E, parameter: Parameter, argument: &str, value: &str) -> Result<f64, ParseFunctionError> {
    let Parameter { name, lowest, highest, .. } = parameter;
    let wrong = || {
        let (lowest, highest) = (Readable(lowest), Readable(highest));
        refused(entry, argument, format!("{name} must be a number from {lowest} to {highest}"))
    };
    quotient(value).filter(|value| (lowest..=highest).contains(value)).ok_or_else(wrong)
}

fn quotient(value: &str) -> Option<f64> {
    match value.split_once('/') {
        None => value.parse().ok(),
        Some((above, below)) => Some(above.trim().parse::<f64>().ok()? / below.trim().parse::<f64>().ok()?),
    }
}

/// ONNX's `HardSigmoid` is the hard sigmoid of the catalogue with an alpha of 1/6 and a beta of 0.5 alone; its own alpha is 0.2.
fn hard_sigmoid_of_onnx<E: Entry>(entry: E, arguments: &str) -> Result<E, ParseFunctionError> {
    let mut slope_and_offset = [0.2, 0.5];
    for (position, argument, name, value) in split(arguments) {
        let index = name.map_or(Some(position), |name| ["alpha", "beta"].iter().position(|known| *known == name));
        let place = index.and_then(|index| slope_and_offset.get_mut(index));
        let place = place.ok_or_else(|| refused(&entry, argument, "ONNX's HardSigmoid has alpha and beta"))?;
        *place = quotient(value).ok_or_else(|| refused(&entry, argument, "it must be a number"))?;
    }
    let [slope, offset] = slope_and_offset;
    // As a float32 attribute holds it.
    if (slope - 1.0 / 6.0).abs() < 1e-6 && offset == 0.5 {
        return Ok(entry);
    }
    let why = "ONNX's HardSigmoid is min(max(alpha·x + beta, 0), 1), by default with an alpha of 0.2, and the catalogue has it with 1/6 and \
               0.5 alone: write HardSigmoid(1/6, 0.5), or hard_sigmoid for PyTorch's";
    Err(refused(&entry, &format!("alpha={}, beta={}", Readable(slope), Readable(offset)), why))
}

/// The texts of a catalogue, which serde takes too.
macro_rules! texts {
    ($catalogue:ident) => {
        impl fmt::Display for $catalogue {
            /// The name, and the parameters that are not the default: `leaky_relu(0.1)`, `softplus(beta=2)`.
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write(self, out)
            }
        }

        impl FromStr for $catalogue {
            type Err = ParseFunctionError;

            /// Reads the name in this library, or the one in PyTorch, JAX, Keras, TensorFlow or ONNX; case, `-` and `_` do not
            /// count. Parameters follow in parentheses, in order or by name. A name with its framework has that framework's
            /// defaults: `keras.activations.leaky_relu` has a slope of 0.2.
            ///
            /// ```
            /// use excite::{Function, LeakyRelu};
            /// let f = Function::from(LeakyRelu::new(0.1)?);
            /// assert_eq!("leaky_relu(0.1)".parse::<Function>()?, f);
            /// assert_eq!("torch.nn.LeakyReLU(negative_slope=0.1)".parse::<Function>()?, f);
            /// assert_eq!(f.to_string(), "leaky_relu(0.1)");
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
            fn from_str(text: &str) -> Result<Self, ParseFunctionError> {
                Self::by_points(text).unwrap_or_else(|| read(text))
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $catalogue {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.written())
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $catalogue {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

texts!(Function);
texts!(RowFunction);
texts!(Gate);
