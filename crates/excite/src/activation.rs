//! What an activation function is, and the catalogue of them all.

use std::fmt;
use std::str::FromStr;

use crate::reference::Real;
use crate::{Engine, Float, LengthMismatch, UnknownFunction};

/// What is known of a function and cannot be computed from it. What can be is in [`Facts`](crate::Facts).
#[derive(Clone, Copy, Debug, PartialEq)]
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
    /// Its name in PyTorch.
    pub pytorch: &'static str,
    /// Its name in JAX.
    pub jax: &'static str,
    /// Its name in Keras.
    pub keras: &'static str,
    /// The operator in ONNX.
    pub onnx: &'static str,
    /// The gain for Xavier and Kaiming initialisation: the factor that keeps the variance of the activations from layer to
    /// layer (`torch.nn.init.calculate_gain`).
    pub gain: f64,
    /// The largest error of the value in f32, in units in the last place, over all inputs.
    pub max_ulp_f32: f64,
    /// The largest error of the value in f64, in units in the last place.
    pub max_ulp_f64: f64,
}

/// Which number the slope is computed from, and so which slice [`Activation::backward`] takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlopeFrom {
    /// The pre-activation x.
    Input,
    /// The activation y = f(x): x need not be kept.
    Output,
}

/// An activation function, defined as mathematics on one number. Everything over slices is derived from that.
///
/// ```
/// use excite::{Activation, Tanh};
/// assert_eq!(Tanh.value(0.5_f32), 0.46211717);
/// assert_eq!(Tanh::INFO.pytorch, "torch.nn.Tanh");
/// ```
pub trait Activation: Copy + Send + Sync + 'static {
    /// What is known of the function.
    const INFO: Info;

    /// Which number [`slope`](Self::slope) takes.
    const SLOPE_FROM: SlopeFrom;

    /// f(x). Branch-free, so that a loop over it becomes vector instructions.
    fn value<F: Float>(self, x: F) -> F;

    /// f'(x), from x or from f(x) as [`SLOPE_FROM`](Self::SLOPE_FROM) says. At a kink the left slope unless the
    /// function's page says otherwise.
    fn slope<F: Float>(self, from: F) -> F;

    /// f(x) written down plainly over any kind of real number: the yardstick that the fast
    /// [`value`](Self::value) is measured with. Shares no code with it, and cancels nowhere.
    fn reference<R: Real>(self, x: R) -> R;

    /// y = f(x), element by element, on the default [`Engine`].
    ///
    /// # Errors
    /// If the slices differ in length.
    fn forward<F: Float>(self, x: &[F], y: &mut [F]) -> Result<(), LengthMismatch> {
        Engine::default().forward(self, x, y)
    }

    /// x = f(x), element by element, on the default [`Engine`].
    fn forward_in_place<F: Float>(self, x: &mut [F]) {
        Engine::default().forward_in_place(self, x);
    }

    /// dx = dy · f'(x), element by element, on the default [`Engine`]. `from` holds the inputs or the outputs
    /// of the forward pass, as [`SLOPE_FROM`](Self::SLOPE_FROM) says.
    ///
    /// # Errors
    /// If the slices differ in length.
    fn backward<F: Float>(self, from: &[F], dy: &[F], dx: &mut [F]) -> Result<(), LengthMismatch> {
        Engine::default().backward(self, from, dy, dx)
    }
}

/// Makes [`Function`] from the list of the functions: the one place besides its own file that names a function.
macro_rules! catalogue {
    ($($function:ident),* $(,)?) => {
        /// Any function of the catalogue, chosen at run time.
        ///
        /// ```
        /// use excite::Function;
        /// let f: Function = "relu6".parse()?;
        /// assert_eq!(f.value(7.5_f32), 6.0);
        /// assert_eq!("torch.nn.ReLU6".parse::<Function>()?, f);
        ///
        /// let error = "sigmoyd".parse::<Function>().unwrap_err();
        /// assert_eq!(error.to_string(), "unknown activation function `sigmoyd`: did you mean `sigmoid`?");
        /// # Ok::<(), excite::UnknownFunction>(())
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Function {
            $(#[doc = concat!("[`", stringify!($function), "`](crate::", stringify!($function), ")")]
            $function(crate::$function),)*
        }

        impl Function {
            /// The whole catalogue.
            pub const ALL: &[Self] = &[$(Self::$function(crate::$function)),*];

            /// What is known of the function.
            pub fn info(&self) -> &'static Info {
                match self { $(Self::$function(_) => &<crate::$function as Activation>::INFO,)* }
            }

            /// Which number its slope is computed from.
            pub fn slope_from(&self) -> SlopeFrom {
                match self { $(Self::$function(_) => <crate::$function as Activation>::SLOPE_FROM,)* }
            }
        }

        /// Calls `$body` with `$f` bound to the concrete function inside a [`Function`].
        macro_rules! with_function {
            ($any:expr, $f:ident => $body:expr) => {
                match $any { $($crate::Function::$function($f) => $body,)* }
            };
        }
    };
}

catalogue!(Sigmoid, Tanh, Relu, Relu6);

impl Function {
    /// The name in this library: `"relu6"`.
    pub fn name(&self) -> &'static str {
        self.info().name
    }

    /// f(x). See [`Activation::value`].
    pub fn value<F: Float>(&self, x: F) -> F {
        with_function!(*self, f => f.value(x))
    }

    /// f'(x), from the input x whatever the function computes it from.
    pub fn slope_at<F: Float>(&self, x: F) -> F {
        with_function!(*self, f => f.slope(match self.slope_from() {
            SlopeFrom::Input => x,
            SlopeFrom::Output => f.value(x),
        }))
    }

    /// f(x) by the plain formula. See [`Activation::reference`].
    pub fn reference<R: Real>(&self, x: R) -> R {
        with_function!(*self, f => f.reference(x))
    }

    /// y = f(x). See [`Activation::forward`].
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn forward<F: Float>(&self, x: &[F], y: &mut [F]) -> Result<(), LengthMismatch> {
        self.forward_on(Engine::default(), x, y)
    }

    /// x = f(x). See [`Activation::forward_in_place`].
    pub fn forward_in_place<F: Float>(&self, x: &mut [F]) {
        self.forward_in_place_on(Engine::default(), x);
    }

    /// dx = dy · f'(x). See [`Activation::backward`].
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn backward<F: Float>(&self, from: &[F], dy: &[F], dx: &mut [F]) -> Result<(), LengthMismatch> {
        self.backward_on(Engine::default(), from, dy, dx)
    }

    /// [`forward`](Self::forward) on an engine of the caller's choice.
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn forward_on<F: Float>(&self, engine: Engine, x: &[F], y: &mut [F]) -> Result<(), LengthMismatch> {
        with_function!(*self, f => engine.forward(f, x, y))
    }

    /// [`forward_in_place`](Self::forward_in_place) on an engine of the caller's choice.
    pub fn forward_in_place_on<F: Float>(&self, engine: Engine, x: &mut [F]) {
        with_function!(*self, f => engine.forward_in_place(f, x));
    }

    /// [`backward`](Self::backward) on an engine of the caller's choice.
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn backward_on<F: Float>(
        &self,
        engine: Engine,
        from: &[F],
        dy: &[F],
        dx: &mut [F],
    ) -> Result<(), LengthMismatch> {
        with_function!(*self, f => engine.backward(f, from, dy, dx))
    }
}

impl fmt::Display for Function {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl FromStr for Function {
    type Err = UnknownFunction;

    /// Reads the name in this library, or the one in PyTorch, JAX, Keras or ONNX; case, `-` and `_` do not count.
    fn from_str(text: &str) -> Result<Self, UnknownFunction> {
        let plain = |name: &str| name.to_lowercase().replace(['-', '_', ' '], "");
        let wanted = plain(text.trim());
        let names = |f: &Self| {
            let Info { name, title, pytorch, jax, keras, onnx, .. } = *f.info();
            [name, title, pytorch, jax, keras, onnx]
        };
        if let Some(found) = Self::ALL.iter().find(|f| names(f).iter().any(|name| plain(name) == wanted)) {
            return Ok(*found);
        }
        let nearest = Self::ALL
            .iter()
            .map(|f| (strsim::damerau_levenshtein(&wanted, &plain(f.name())), f.name()))
            .min_by_key(|&(distance, _)| distance)
            .filter(|&(distance, name)| distance <= 2.max(name.len() / 3))
            .map(|(_, name)| name);
        Err(UnknownFunction { name: text.to_owned(), nearest })
    }
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
            let Info { name, title, pytorch, jax, keras, onnx, .. } = *f.info();
            for alias in [name, title, pytorch, jax, keras, onnx].iter().filter(|alias| !alias.is_empty()) {
                assert_eq!(alias.parse::<Function>().as_ref(), Ok(f), "{alias}");
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
        assert_eq!("relu7".parse::<Function>().unwrap_err().nearest, Some("relu"));
        let far = "transformer".parse::<Function>().unwrap_err();
        assert_eq!(
            far.to_string(),
            "unknown activation function `transformer`: choose one of sigmoid, tanh, relu, relu6"
        );
    }
}
