//! Activations that the engine lacks or computes otherwise.

use rten_onnx::onnx::{DataType, NodeProto};

use super::super::float;
use super::{Change, Known, Spelling, ends};
use crate::Error;
use crate::graph::NodeExt;
use crate::recognise::SELU;

pub(super) fn spell(spelling: &mut Spelling, old: &mut NodeProto, known: &Known) -> Result<Change, Error> {
    let (x, output) = ends(old)?;
    match old.op() {
        "Selu" => {
            let elu = elu(spelling, x, old.float("alpha", SELU.0));
            let gamma = spelling.number(old.float("gamma", SELU.1));
            spelling.last("Mul", &[&elu, &gamma], output, Vec::new());
        }
        // α·(e^(x/α) − 1) for x < 0: an ELU of x/α, times α.
        "Celu" => {
            let alpha = spelling.number(old.float("alpha", 1.0));
            let inner = spelling.step("Div", &[x, &alpha]);
            let elu = elu(spelling, &inner, 1.0);
            spelling.last("Mul", &[&elu, &alpha], output, Vec::new());
        }
        "Mish" => {
            let softplus = spelling.name();
            softplus_of(spelling, x, &softplus);
            let tanh = spelling.step("Tanh", &[&softplus]);
            spelling.last("Mul", &[x, &tanh], output, Vec::new());
        }
        "Softplus" => softplus_of(spelling, x, output),
        "ThresholdedRelu" => {
            let above = spelling.with("Greater", x, old.float("alpha", 1.0));
            let zero = spelling.number(0.0);
            spelling.last("Where", &[&above, x, &zero], output, Vec::new());
        }
        // Where the engine has ±1 for ±0, it is ±0.
        "Sign" if known.is_float(x) => {
            let (zero, sign) = (spelling.number(0.0), spelling.step("Sign", &[x]));
            let is_zero = spelling.step("Equal", &[x, &zero]);
            spelling.last("Where", &[&is_zero, x, &sign], output, Vec::new());
        }
        "Sign" => return Ok(Change::Keep),
        _ => {
            let (bias, lambda) = (old.float("bias", 0.0), old.float("lambd", 0.5));
            let (above, below) = (spelling.with("Greater", x, lambda), spelling.with("Less", x, -lambda));
            let (less, more) = (spelling.with("Sub", x, bias), spelling.with("Add", x, bias));
            let zero = spelling.number(0.0);
            let low = spelling.step("Where", &[&below, &more, &zero]);
            spelling.last("Where", &[&above, &less, &low], output, Vec::new());
        }
    }
    Ok(Change::Replaced)
}

fn elu(spelling: &mut Spelling, x: &str, alpha: f64) -> String {
    spelling.with_attributes("Elu", &[x], vec![float("alpha", alpha as f32)])
}

/// max(x, 0) + ln(1 + e^−|x|), where the engine's ln(1 + e^x) overflows from 89 on.
fn softplus_of(spelling: &mut Spelling, x: &str, output: &str) {
    let positive = spelling.step("Relu", &[x]);
    let distance = spelling.step("Abs", &[x]);
    let negative = spelling.step("Neg", &[&distance]);
    let rest = spelling.step("Softplus", &[&negative]);
    spelling.last("Add", &[&positive, &rest], output, Vec::new());
}

/// A dropout that is not in training hands its input on; one in training was refused.
pub(super) fn dropout(spelling: &mut Spelling, old: &mut NodeProto, _: &Known) -> Result<Change, Error> {
    let (x, output) = ends(old)?;
    spelling.last("Identity", &[x], output, Vec::new());
    if let Some(mask) = old.output(1) {
        let shape = spelling.step("Shape", &[x]);
        let one = spelling.integer(1);
        spelling.last("Expand", &[&one, &shape], mask, Vec::new());
    }
    Ok(Change::Replaced)
}

/// A power of floats whose exponent is an integer, which the engine has for integers alone.
pub(super) fn float_exponent(spelling: &mut Spelling, old: &mut NodeProto, known: &Known) -> Result<Change, Error> {
    if let Some(exponent) = old.input(1).filter(|exponent| known.is_float(&old.input[0]) && !known.is_float(exponent)) {
        old.input[1] = spelling.cast(exponent, DataType::FLOAT);
    }
    Ok(Change::Keep)
}
