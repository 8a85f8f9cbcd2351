//! A function between two quantisations.

use alloc::boxed::Box;

use excite::{Error, Function};

use super::float::Float;
use super::lines::Lines;
use super::litert::gemmlowp16;
use super::sigmoid16::Sigmoid16;
use super::table513::Table513;
use crate::affine::check_lengths;
use crate::kernel_numbers::KernelNumbers;
use crate::{Affine, Code, Table8, Table16, TwoLines, codes};

/// A function between two quantisations.
#[derive(Clone, Debug, PartialEq)]
pub struct Kernel<C> {
    form: Form<C>,
}

/// How outputs are computed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Form<C> {
    Table8(Table8<C>),
    Table16(Table16<C>),
    TwoLines(TwoLines<C>),
    /// The raw codes, clamped.
    Clamp(C, C),
    Lines(Lines<C>),
    Float(Float<C>),
    Sigmoid16(Sigmoid16),
    Table513(Box<Table513>),
    /// Sigmoid or tanh of codes shifted to the left.
    Gemmlowp16 {
        is_tanh: bool,
        left: u32,
    },
}

impl<C: Code> Kernel<C> {
    /// A kernel of this form; where there are 256 codes a table of it, or no more than its ends if it clamps codes.
    pub(super) fn new(form: Form<C>) -> Self {
        if C::BITS != 8 {
            return Self { form };
        }
        let kernel = Self { form };
        let table = Table8::from_fn(|code| kernel.code(code));
        let [least, largest] = [C::MIN_CODE, C::MAX_CODE].map(|end| table.code(C::saturated(end)));
        let clamps = codes().all(|code: C| table.code(code) == code.max(least).min(largest));
        Self { form: if clamps { Form::Clamp(least, largest) } else { Form::Table8(table) } }
    }

    /// The output for one code.
    pub fn code(&self, code: C) -> C {
        match &self.form {
            Form::Table8(table) => table.code(code),
            Form::Table16(table) => table.code(code),
            Form::TwoLines(lines) => lines.code(code),
            Form::Clamp(least, largest) => code.max(*least).min(*largest),
            Form::Lines(lines) => lines.code(code),
            Form::Float(float) => float.code(code),
            Form::Sigmoid16(sigmoid) => C::saturated(sigmoid.code(code.to_i32())),
            Form::Table513(table) => C::saturated(table.code(code.to_i32())),
            Form::Gemmlowp16 { is_tanh, left } => C::saturated(gemmlowp16(*is_tanh, *left, code.to_i32())),
        }
    }

    /// y = f(x)
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn apply(&self, x: &[C], y: &mut [C]) -> Result<(), Error> {
        if let Form::Table8(table) = &self.form {
            return table.apply(x, y);
        }
        check_lengths(x.len(), y.len())?;
        if let Form::Clamp(least, largest) = self.form {
            // A loop of its own, which becomes one of vectors.
            x.iter().zip(y).for_each(|(&x, y)| *y = x.max(least).min(largest));
            return Ok(());
        }
        for (&x, y) in x.iter().zip(y) {
            *y = self.code(x);
        }
        Ok(())
    }

    /// What the kernel does, in numbers; None for the forms that are not written down: those in floats, and gemmlowp's of 16 bits.
    pub(crate) fn numbers(&self) -> Option<KernelNumbers> {
        let codes_of = |table: &Table8<C>| table.outputs().iter().map(|output| output.to_i32()).collect();
        Some(match &self.form {
            Form::Table8(table) => KernelNumbers::Table(codes_of(table)),
            Form::Table16(table) => table.numbers(),
            Form::TwoLines(lines) => lines.numbers(),
            Form::Clamp(least, largest) => KernelNumbers::Clamp { least: least.to_i32(), largest: largest.to_i32() },
            Form::Lines(lines) => lines.numbers(),
            Form::Sigmoid16(sigmoid) => sigmoid.numbers(),
            Form::Table513(table) => table.numbers(),
            Form::Float(_) | Form::Gemmlowp16 { .. } => return None,
        })
    }

    /// The largest distance from the function in steps of the output, where the kernel knows it: that of an interpolated table. All other
    /// kernels of [`Profile::Exact`](crate::Profile::Exact) are within half a step.
    pub fn max_error(&self) -> Option<f64> {
        match &self.form {
            Form::Table16(table) => Some(table.max_error()),
            _ => None,
        }
    }
}

/// The kernel of [`Profile::Exact`](super::Profile::Exact).
pub(super) fn exact<C: Code>(f: Function, input: Affine<C>, output: Affine<C>) -> Kernel<C> {
    Kernel::new(match TwoLines::new(f, input, output) {
        Some(lines) if C::BITS == 16 => Form::TwoLines(lines),
        _ if C::BITS == 16 => Form::Table16(Table16::new(f, input, output)),
        _ => Form::Table8(Table8::new(f, input, output)),
    })
}
