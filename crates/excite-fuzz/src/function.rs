//! Functions as text.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use excite::{Function, Gate, RowFunction};

use crate::Target;

/// The names of functions, row functions and gates, with their parameters.
pub const FUNCTION: Target = Target { name: "function", read, seeds };

fn read(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    comes_back::<Function>(text) | comes_back::<RowFunction>(text) | comes_back::<Gate>(text)
}

/// What was read, written down, is read as the same.
fn comes_back<T: FromStr<Err: Display> + Display + PartialEq + Debug>(text: &str) -> bool {
    match text.parse::<T>() {
        Ok(function) => {
            assert_eq!(function.to_string().parse::<T>().ok().as_ref(), Some(&function));
            true
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            false
        }
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let texts = ["softplus(beta=2, threshold=7)", "torch.nn.LeakyReLU(negative_slope=0.1)", "softmax(0.5)", "SwiGLU"];
    let names = Function::ALL.iter().map(ToString::to_string);
    names.chain(texts.map(str::to_owned)).map(String::into_bytes).collect()
}
