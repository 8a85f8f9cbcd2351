//! A region in the letters of a formula: `min(x, 3)·sigmoid(x)`.

use super::{Id, Input, Regions};

/// The most nodes that are spelled out: what two paths lead to is spelled twice.
const MOST: usize = 24;

/// How tightly parts of a formula hold together.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Binding {
    Comparison,
    Sum,
    Product,
    Power,
    Whole,
}

/// What a tensor is of z, which is called x.
pub(super) fn of(regions: &Regions, z: Id, id: Id) -> String {
    Speller { regions, z, left: MOST }.spell(id, Binding::Comparison)
}

struct Speller<'r, 'a> {
    regions: &'r Regions<'a>,
    z: Id,
    left: usize,
}

impl Speller<'_, '_> {
    /// A tensor, in brackets where it would come apart without them.
    fn spell(&mut self, id: Id, around: Binding) -> String {
        if id == self.z {
            return "x".to_owned();
        }
        if self.left == 0 {
            return "…".to_owned();
        }
        self.left -= 1;
        let tensor = &self.regions.tensors[id];
        let (op, inputs) = (tensor.op, tensor.inputs.clone());
        let (between, own) = match op {
            "Cast" | "CastLike" | "Identity" | "QuantizeLinear" | "DequantizeLinear" => {
                return self.input(inputs.first(), around);
            }
            "Add" | "Sum" => (" + ", Binding::Sum),
            "Sub" => (" − ", Binding::Sum),
            // A product that no node makes is of the node that it is part of.
            "Mul" => ("·", Binding::Product),
            "Div" => ("/", Binding::Product),
            "Pow" => ("^", Binding::Power),
            "Greater" => (" > ", Binding::Comparison),
            "GreaterOrEqual" => (" ≥ ", Binding::Comparison),
            "Less" => (" < ", Binding::Comparison),
            "LessOrEqual" => (" ≤ ", Binding::Comparison),
            "Equal" => (" = ", Binding::Comparison),
            "Neg" => {
                let text = format!("−{}", self.input(inputs.first(), Binding::Power));
                return bracketed(text, Binding::Product < around);
            }
            "Abs" => return format!("|{}|", self.input(inputs.first(), Binding::Comparison)),
            _ => {
                let inputs: Vec<String> = inputs
                    .iter()
                    .filter(|input| !matches!(input, Input::Missing))
                    .map(|input| self.input(Some(input), Binding::Comparison))
                    .collect();
                return format!("{}({})", op.to_lowercase(), inputs.join(", "));
            }
        };
        // a − (b − c) and a/(b·c) need their brackets.
        let tighter = match own {
            Binding::Sum if between == " − " => Binding::Product,
            Binding::Product if between == "/" => Binding::Power,
            Binding::Power | Binding::Comparison => Binding::Whole,
            own => own,
        };
        let parts: Vec<String> = inputs
            .iter()
            .enumerate()
            .map(|(place, input)| {
                self.input(Some(input), if place == 0 && own < Binding::Power { own } else { tighter })
            })
            .collect();
        bracketed(parts.join(between), own < around)
    }

    fn input(&mut self, input: Option<&Input>, around: Binding) -> String {
        match input {
            Some(Input::Varying(id)) => self.spell(*id, around),
            Some(Input::Constant(constant)) => match constant.number() {
                Some(number) => bracketed(short(number), number < 0.0 && around > Binding::Sum),
                None => "c".to_owned(),
            },
            Some(Input::Missing) | None => String::new(),
        }
    }
}

fn bracketed(text: String, comes_apart: bool) -> String {
    if comes_apart { format!("({text})") } else { text }
}

/// A number with three digits.
fn short(number: f64) -> String {
    let rounded: f64 = format!("{number:.2e}").parse().unwrap_or(number);
    let text = if rounded == 0.0 || (1e-3..1e5).contains(&rounded.abs()) {
        rounded.to_string()
    } else {
        format!("{rounded:e}")
    };
    text.replace('-', "−")
}
