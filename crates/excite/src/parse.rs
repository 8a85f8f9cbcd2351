//! Functions as text: `"relu6"`, `"leaky_relu(0.1)"`, `"softplus(beta=2)"`.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};
use core::fmt;
use core::str::FromStr;

use crate::{Function, Gate, Parameter, RowFunction, UnknownFunction};

/// What goes by names, and may take parameters.
trait Entry: Copy + 'static {
    /// All of the kind.
    const EVERY: &'static [Self];
    /// Every name that it goes by, the one in this library first.
    fn names(&self) -> Vec<&'static str>;
    fn parameters(&self) -> &'static [Parameter];
    fn parameter(&self, index: usize) -> f64;
    fn with_parameter(self, index: usize, value: f64) -> Self;
}

/// Makes a catalogue an [`Entry`].
macro_rules! entry {
    ($catalogue:ident) => {
        impl Entry for $catalogue {
            const EVERY: &'static [Self] = Self::ALL;

            fn names(&self) -> Vec<&'static str> {
                let info = self.info();
                let names = [info.name, info.title, info.pytorch, info.jax, info.keras, info.onnx];
                names.into_iter().chain(info.aliases.iter().copied()).filter(|name| !name.is_empty()).collect()
            }

            fn parameters(&self) -> &'static [Parameter] {
                self.parameters()
            }

            fn parameter(&self, index: usize) -> f64 {
                self.parameter(index)
            }

            fn with_parameter(self, index: usize, value: f64) -> Self {
                self.with_parameter(index, value)
            }
        }
    };
}

entry!(Function);
entry!(RowFunction);

impl Entry for Gate {
    const EVERY: &'static [Self] = Self::ALL;

    fn names(&self) -> Vec<&'static str> {
        vec![self.name(), self.title()]
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[]
    }

    fn parameter(&self, index: usize) -> f64 {
        unreachable!("a gate has no parameter {index}")
    }

    fn with_parameter(self, _: usize, _: f64) -> Self {
        self
    }
}

fn write<E: Entry>(entry: &E, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    out.write_str(entry.names()[0])?;
    let parameters = entry.parameters();
    let given = |(index, parameter): (usize, &Parameter)| {
        let value = entry.parameter(index);
        let text = if parameters.len() == 1 { value.to_string() } else { format!("{}={value}", parameter.name) };
        (value != parameter.default).then_some(text)
    };
    let given: Vec<String> = parameters.iter().enumerate().filter_map(given).collect();
    if given.is_empty() { Ok(()) } else { write!(out, "({})", given.join(", ")) }
}

fn read<E: Entry>(text: &str) -> Result<E, UnknownFunction> {
    let text = text.trim();
    if let Some(found) = by_name(text) {
        return Ok(found);
    }
    let (name, arguments) = match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        Some((name, arguments)) => (name.trim(), arguments),
        None => (text, ""),
    };
    match by_name(name) {
        Some(entry) => with_arguments(entry, arguments),
        None => Err(UnknownFunction::Name {
            name: name.to_owned(),
            nearest: nearest::<E>(name),
            known: E::EVERY.iter().map(|entry| entry.names()[0]).collect(),
        }),
    }
}

fn plain(name: &str) -> String {
    name.to_lowercase().replace(['-', '_', ' '], "")
}

fn by_name<E: Entry>(name: &str) -> Option<E> {
    let wanted = plain(name);
    E::EVERY.iter().find(|entry| entry.names().into_iter().any(|name| plain(name) == wanted)).copied()
}

/// The distance of names comes from a crate that needs `std`.
#[cfg(not(feature = "std"))]
fn nearest<E: Entry>(_: &str) -> Option<&'static str> {
    None
}

#[cfg(feature = "std")]
fn nearest<E: Entry>(name: &str) -> Option<&'static str> {
    let wanted = plain(name);
    E::EVERY
        .iter()
        .map(|entry| entry.names()[0])
        .map(|name| (strsim::damerau_levenshtein(&wanted, &plain(name)), name))
        .min_by_key(|&(distance, _)| distance)
        .filter(|&(distance, name)| distance <= 2.max(name.len() / 3))
        .map(|(_, name)| name)
}

fn with_arguments<E: Entry>(mut entry: E, arguments: &str) -> Result<E, UnknownFunction> {
    let (function, parameters) = (entry.names()[0], entry.parameters());
    let refused = |argument: &str, why: String| UnknownFunction::Parameter {
        function,
        argument: argument.trim().to_owned(),
        why,
    };
    for (position, argument) in arguments.split(',').enumerate().filter(|(_, argument)| !argument.trim().is_empty()) {
        let (index, value) = match argument.split_once('=') {
            None => (position, argument),
            Some((name, value)) => {
                let index = parameters.iter().position(|parameter| plain(parameter.name) == plain(name));
                (index.unwrap_or(parameters.len()), value)
            }
        };
        let Some(parameter) = parameters.get(index) else {
            let known: Vec<_> = parameters.iter().map(|parameter| parameter.name).collect();
            let why = if known.is_empty() { "it has none".into() } else { format!("it has {}", known.join(", ")) };
            return Err(refused(argument, why));
        };
        let Parameter { name, lowest, highest, .. } = *parameter;
        match value.trim().parse::<f64>() {
            Ok(value) if (lowest..=highest).contains(&value) => entry = entry.with_parameter(index, value),
            _ => return Err(refused(argument, format!("{name} must be a number from {lowest} to {highest}"))),
        }
    }
    Ok(entry)
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
            type Err = UnknownFunction;

            /// Reads the name in this library, or the one in PyTorch, JAX, Keras or ONNX; case, `-` and `_` do not count.
            /// Parameters follow in parentheses, in order or by name.
            ///
            /// ```
            /// use excite::{Function, LeakyRelu};
            /// let f = Function::from(LeakyRelu { negative_slope: 0.1 });
            /// assert_eq!("leaky_relu(0.1)".parse::<Function>()?, f);
            /// assert_eq!("torch.nn.LeakyReLU(negative_slope=0.1)".parse::<Function>()?, f);
            /// assert_eq!(f.to_string(), "leaky_relu(0.1)");
            /// # Ok::<(), excite::UnknownFunction>(())
            /// ```
            fn from_str(text: &str) -> Result<Self, UnknownFunction> {
                read(text)
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $catalogue {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_and_alias_leads_back_to_its_function() {
        fn lead_back<E: Entry + FromStr<Err = UnknownFunction> + PartialEq + fmt::Debug>() {
            for entry in E::EVERY {
                for name in entry.names() {
                    assert_eq!(name.parse::<E>().as_ref(), Ok(entry), "{name}");
                }
            }
        }
        lead_back::<Function>();
        lead_back::<RowFunction>();
        lead_back::<Gate>();
        assert_eq!("SwiGLU".parse(), Ok(Gate::SwiGlu));
    }

    #[test]
    fn the_folder_of_functions_and_the_catalogue_agree() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/functions");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .filter(|stem| stem != "mod")
            .collect();
        let mut names: Vec<_> = Function::ALL.iter().map(|f| f.name().to_owned()).collect();
        files.sort();
        names.sort();
        assert_eq!(files, names);
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_nearest_one_or_with_all() {
        let message = |text: &str| text.parse::<Function>().unwrap_err().to_string();
        #[cfg(feature = "std")]
        assert_eq!(message("sigmoyd"), "unknown activation function `sigmoyd`: did you mean `sigmoid`?");
        assert!(
            message("transformer").starts_with("unknown activation function `transformer`: choose one of identity, ")
        );
    }

    #[test]
    fn parameters_are_read_and_written() {
        let f: Function = "softplus(beta=2)".parse().unwrap();
        assert_eq!((f.parameter(0), f.parameter(1)), (2.0, 20.0));
        assert_eq!(f, "Softplus(2, 20)".parse().unwrap());
        assert_eq!(f.to_string(), "softplus(beta=2)");
        assert_eq!("relu()".parse::<Function>().unwrap().to_string(), "relu");
        assert_eq!("softmax(0.5)".parse::<RowFunction>().unwrap().to_string(), "softmax(0.5)");
    }

    /// All of a catalogue, as they are and with each of the parameters changed.
    fn all_with_changes<E: Entry>() -> Vec<E> {
        let changed = E::EVERY.iter().flat_map(|entry| {
            entry.parameters().iter().enumerate().map(|(index, parameter)| {
                assert!((parameter.lowest..=parameter.highest).contains(&parameter.default), "{}", parameter.name);
                entry.with_parameter(index, parameter.highest.min(7.5))
            })
        });
        E::EVERY.iter().copied().chain(changed).collect()
    }

    #[test]
    fn what_is_written_is_read_back() {
        fn read_back<E: Entry + FromStr<Err = UnknownFunction> + fmt::Display + PartialEq + fmt::Debug>() {
            for entry in all_with_changes::<E>() {
                assert_eq!(entry.to_string().parse(), Ok(entry));
            }
        }
        read_back::<Function>();
        read_back::<RowFunction>();
        read_back::<Gate>();
    }

    #[cfg(feature = "serde")]
    #[test]
    fn configurations_hold_the_names() {
        fn survive<
            E: Entry + serde::Serialize + serde::de::DeserializeOwned + fmt::Display + PartialEq + fmt::Debug,
        >() {
            for entry in all_with_changes::<E>() {
                let json = serde_json::to_string(&entry).unwrap();
                assert_eq!(json, format!("\"{entry}\""));
                assert_eq!(serde_json::from_str::<E>(&json).unwrap(), entry);
            }
        }
        survive::<Function>();
        survive::<RowFunction>();
        survive::<Gate>();
        let error = serde_json::from_str::<Gate>("\"swigloo\"").unwrap_err().to_string();
        assert!(error.starts_with("unknown activation function `swigloo`: did you mean `swiglu`?"), "{error}");
    }

    #[test]
    fn a_bad_parameter_is_refused_with_what_it_may_be() {
        let message = |text: &str| text.parse::<Function>().unwrap_err().to_string();
        assert_eq!(message("relu(3)"), "relu cannot take the parameter `3`: it has none");
        assert_eq!(
            message("leaky_relu(slope=1)"),
            "leaky_relu cannot take the parameter `slope=1`: it has negative_slope"
        );
        assert!(
            message("leaky_relu(nan)")
                .starts_with("leaky_relu cannot take the parameter `nan`: negative_slope must be")
        );
        assert!(message("leaky_relu(0.1, 2)").ends_with("it has negative_slope"));
    }
}
