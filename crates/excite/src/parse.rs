//! Functions as text: `"relu6"`, `"leaky_relu(0.1)"`, `"softplus(beta=2)"`.

use std::fmt;
use std::str::FromStr;

use crate::{Function, Info, Parameter, UnknownFunction};

impl fmt::Display for Function {
    /// The name, and the parameters that are not the default: `leaky_relu(0.1)`, `softplus(beta=2)`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())?;
        let parameters = self.parameters();
        let given = |(index, parameter): (usize, &Parameter)| {
            let value = self.parameter(index);
            let text = if parameters.len() == 1 { value.to_string() } else { format!("{}={value}", parameter.name) };
            (value != parameter.default).then_some(text)
        };
        let given: Vec<String> = parameters.iter().enumerate().filter_map(given).collect();
        if given.is_empty() { Ok(()) } else { write!(out, "({})", given.join(", ")) }
    }
}

impl FromStr for Function {
    type Err = UnknownFunction;

    /// Reads the name in this library, or the one in PyTorch, JAX, Keras or ONNX; case, `-` and `_` do not count. Parameters
    /// follow in parentheses, in order or by name.
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
        let text = text.trim();
        if let Some(found) = by_name(text) {
            return Ok(found);
        }
        let (name, arguments) = match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
            Some((name, arguments)) => (name.trim(), arguments),
            None => (text, ""),
        };
        match by_name(name) {
            Some(f) => with_arguments(f, arguments),
            None => Err(UnknownFunction::Name { name: name.to_owned(), nearest: nearest(name) }),
        }
    }
}

fn plain(name: &str) -> String {
    name.to_lowercase().replace(['-', '_', ' '], "")
}

fn names(f: &Function) -> impl Iterator<Item = &'static str> {
    let Info { name, title, pytorch, jax, keras, onnx, aliases, .. } = *f.info();
    [name, title, pytorch, jax, keras, onnx].into_iter().chain(aliases.iter().copied()).filter(|name| !name.is_empty())
}

fn by_name(name: &str) -> Option<Function> {
    let wanted = plain(name);
    Function::ALL.iter().find(|f| names(f).any(|name| plain(name) == wanted)).copied()
}

fn nearest(name: &str) -> Option<&'static str> {
    let wanted = plain(name);
    Function::ALL
        .iter()
        .map(|f| (strsim::damerau_levenshtein(&wanted, &plain(f.name())), f.name()))
        .min_by_key(|&(distance, _)| distance)
        .filter(|&(distance, name)| distance <= 2.max(name.len() / 3))
        .map(|(_, name)| name)
}

fn with_arguments(mut f: Function, arguments: &str) -> Result<Function, UnknownFunction> {
    let (function, parameters) = (f.name(), f.parameters());
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
            Ok(value) if (lowest..=highest).contains(&value) => f = f.with_parameter(index, value),
            _ => return Err(refused(argument, format!("{name} must be a number from {lowest} to {highest}"))),
        }
    }
    Ok(f)
}

#[cfg(feature = "serde")]
impl serde::Serialize for Function {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Function {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_and_alias_leads_back_to_its_function() {
        for f in Function::ALL {
            for name in names(f) {
                assert_eq!(name.parse::<Function>().as_ref(), Ok(f), "{name}");
            }
        }
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
        for f in Function::ALL {
            for (index, parameter) in f.parameters().iter().enumerate() {
                assert!((parameter.lowest..=parameter.highest).contains(&parameter.default), "{f}: {}", parameter.name);
                let changed = f.with_parameter(index, parameter.highest.min(7.5));
                assert_eq!(changed.to_string().parse::<Function>().unwrap(), changed);
            }
        }
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
