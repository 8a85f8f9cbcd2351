//! candle, which allocates its results.

use std::rc::Rc;

use candle_core::{D, Device, Result, Tensor};
use candle_nn::ops;

use super::{ROW, Task};
use crate::measure::{Arrays, Contender, Run};

struct Candle<F> {
    x: Tensor,
    f: F,
    y: Option<Tensor>,
}

impl<F: Fn(&Tensor) -> Result<Tensor>> Run for Candle<F> {
    fn once(&mut self) {
        // The last result is freed first, so that its memory can be used again.
        self.y = None;
        self.y = Some((self.f)(&self.x).expect("candle has the function on the CPU"));
    }

    fn output(&mut self) -> Vec<f32> {
        let y = self.y.as_ref().expect("it was computed");
        y.flatten_all().and_then(|y| y.to_vec1()).expect("numbers of one type")
    }
}

pub fn offer(task: Task, arrays: &Rc<Arrays<f32>>) -> Option<Contender> {
    let new = |f: fn(&Tensor) -> Result<Tensor>| {
        let x = arrays.from();
        let x = Tensor::from_slice(x, (x.len() / ROW, ROW), &Device::Cpu).expect("a tensor of whole rows");
        Some(Contender::new("candle", Candle { x, f, y: None }))
    };
    match task.forward_name() {
        "sigmoid" => new(ops::sigmoid),
        "tanh" => new(Tensor::tanh),
        "relu" => new(Tensor::relu),
        "relu6" => new(|x| x.clamp(0.0_f32, 6.0_f32)),
        "leaky_relu" => new(|x| ops::leaky_relu(x, 0.01)),
        "elu" => new(|x| x.elu(1.0)),
        "selu" => new(|x| ops::selu(x, 1.673_263_2, 1.050_701)),
        "gelu" => new(Tensor::gelu_erf),
        "gelu_tanh" => new(Tensor::gelu),
        "silu" => new(Tensor::silu),
        "mish" => new(ops::mish),
        "hard_sigmoid" => new(ops::hard_sigmoid),
        "exponential" => new(Tensor::exp),
        "sine" => new(Tensor::sin),
        "softmax" => new(ops::softmax_last_dim),
        "log_softmax" => new(|x| ops::log_softmax(x, D::Minus1)),
        _ => None,
    }
}
