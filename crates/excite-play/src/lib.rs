//! The page to play with: six widgets about activation functions, in one HTML file without a server or a network.
//!
//! The browser runs this crate, compiled to WebAssembly: every function, gradient, training, death and rounding on the page is that of the
//! crates [`excite`], `excite_vitals`, [`excite_lab`] and [`excite_fixed`]. The page's own script draws, and reads mouse, touch and
//! keyboard.
//!
//! # How they talk
//! The script asks a [`Session`] in JSON and is answered in JSON, one request at a time. The same request gives the same answer here and in a
//! browser, to the last bit: that is how the page is tested. Three functions over the linear memory carry the text (`request`, `answer`,
//! `answer_length`), so that no tool generates code between the two, and the build needs nothing but the compiler.
//!
//! ```
//! let mut session = excite_play::Session::default();
//! let answer = session.answer(r#"{"ask": "neuron", "function": "relu6", "z": 7.5}"#);
//! assert!(answer.starts_with(r#"{"value":6.0,"gradient":0.0"#));
//! assert!(session.answer("nonsense").starts_with(r#"{"error":"#));
//! ```
//!
//! # The file
//! `cargo xtask play` compiles this crate for `wasm32-unknown-unknown` and puts it, compressed, into one file with what is in `page/`:
//! `play.html`, which is committed, so that the program is built without that target. `cargo xtask play --check` says whether it is what
//! the sources make.
#![deny(missing_docs)]

#[cfg(target_arch = "wasm32")]
mod abi;
mod bits;
mod depth;
mod half_plane;
mod learning_rate;
mod neuron;
mod zig_zag;

use std::sync::Arc;

use excite_lab::data::{Dataset, Options};
use serde::{Deserialize, Serialize};

/// The page: one HTML file with all that it needs.
#[cfg(not(target_arch = "wasm32"))]
pub const PAGE: &str = include_str!("../play.html");

/// What the page asks for.
#[derive(Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
enum Request {
    Catalogue,
    Facts { function: excite::Function },
    Curve(neuron::CurveRequest),
    Neuron(neuron::NeuronRequest),
    FunctionBits(neuron::BitsRequest),
    HalfPlane(half_plane::StartRequest),
    HalfPlaneMove(half_plane::MoveRequest),
    HalfPlaneRate { rate: f64 },
    HalfPlaneTrain { steps: usize, reach: f32 },
    LearningRate(learning_rate::StartRequest),
    LearningRateTrain { steps: usize },
    ZigZag(zig_zag::StartRequest),
    ZigZagStep { steps: usize },
    Depth(depth::DepthRequest),
    Bits(bits::StartRequest),
    BitsTrain { steps: usize },
    BitsFormat(bits::FormatRequest),
}

/// The state of one page: what its widgets have under way.
#[derive(Default)]
pub struct Session {
    digits: Option<Arc<Dataset>>,
    half_plane: Option<half_plane::HalfPlane>,
    learning_rate: Option<learning_rate::LearningRate>,
    zig_zag: Option<zig_zag::Descent>,
    bits: Option<bits::Bits>,
}

/// A request that cannot be answered.
#[derive(Serialize)]
struct Refused {
    error: String,
}

impl Session {
    /// Answers a request in JSON. One that cannot be answered gives an object with one field, `error`, a sentence.
    pub fn answer(&mut self, request: &str) -> String {
        let answer = serde_json::from_str(request)
            .map_err(|error| format!("this is no request of the page: {error}"))
            .and_then(|request| self.respond(request));
        answer.unwrap_or_else(|error| json(&Refused { error }).unwrap_or_default())
    }

    fn respond(&mut self, request: Request) -> Result<String, String> {
        match request {
            Request::Catalogue => json(&neuron::catalogue()),
            Request::Facts { function } => json(&neuron::facts(function)),
            Request::Curve(request) => json(&neuron::curve(&request)),
            Request::Neuron(request) => json(&neuron::neuron(&request)),
            Request::FunctionBits(request) => json(&neuron::bits(&request)),
            Request::HalfPlane(request) => {
                let started = half_plane::HalfPlane::new(&request).map_err(|error| error.to_string())?;
                json(self.half_plane.insert(started).points())
            }
            Request::HalfPlaneMove(request) => {
                let half_plane = under_way(&mut self.half_plane)?;
                half_plane.move_line(&request);
                json(&())
            }
            Request::HalfPlaneRate { rate } => {
                under_way(&mut self.half_plane)?.set_rate(rate);
                json(&())
            }
            Request::HalfPlaneTrain { steps, reach } => {
                let half_plane = under_way(&mut self.half_plane)?;
                half_plane.train(steps);
                json(&half_plane.now(reach))
            }
            Request::LearningRate(request) => {
                let started = learning_rate::LearningRate::new(&self.digits(), &request);
                let started = started.map_err(|error| error.to_string())?;
                json(&self.learning_rate.insert(started).now())
            }
            Request::LearningRateTrain { steps } => {
                let networks = under_way(&mut self.learning_rate)?;
                networks.train(steps);
                json(&networks.now())
            }
            Request::ZigZag(request) => json(&self.zig_zag.insert(zig_zag::Descent::new(&request)).surface()),
            Request::ZigZagStep { steps } => json(&under_way(&mut self.zig_zag)?.step(steps)),
            Request::Depth(request) => {
                json(&depth::depth(&self.digits(), &request).map_err(|error| error.to_string())?)
            }
            Request::Bits(request) => {
                let started = bits::Bits::new(&self.digits(), &request).map_err(|error| error.to_string())?;
                json(&self.bits.insert(started).train(0))
            }
            Request::BitsTrain { steps } => json(&under_way(&mut self.bits)?.train(steps)),
            Request::BitsFormat(request) => {
                let seen = under_way(&mut self.bits)?.in_format(&request);
                json(&seen.ok_or("the network is not trained yet, or there is no such format")?)
            }
        }
    }

    fn digits(&mut self) -> Arc<Dataset> {
        let read = || Arc::new(Dataset::digits(&Options::default()));
        self.digits.get_or_insert_with(read).clone()
    }
}

fn under_way<T>(widget: &mut Option<T>) -> Result<&mut T, String> {
    widget.as_mut().ok_or_else(|| "the widget was not started".to_owned())
}

fn json(answer: &impl Serialize) -> Result<String, String> {
    serde_json::to_string(answer).map_err(|error| error.to_string())
}
