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
//! `cargo xtask play` compiles this crate for `wasm32-unknown-unknown` and puts it, compressed, into one file with the parts in `page/`:
//! `play.html`, which is committed, so that the program is built without that target. `cargo xtask play --check` compares it with the sources.
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn ask(session: &mut Session, request: &Value) -> Value {
        serde_json::from_str(&session.answer(&request.to_string())).unwrap()
    }

    #[test]
    fn what_is_no_request_or_was_not_started_is_refused_in_a_sentence() {
        let mut session = Session::default();
        for request in [
            json!({}),
            json!({ "ask": "neuron", "function": "sigmoyd", "z": 0.0 }),
            json!({ "ask": "learning_rate_train", "steps": 1 }),
            json!({ "ask": "learning_rate", "functions": ["relu"], "rate": -1.0, "seed": 1 }),
            json!({ "ask": "bits", "cap": -1.0, "seed": 1 }),
        ] {
            assert!(ask(&mut session, &request)["error"].as_str().unwrap().len() > 20, "{request}");
        }
        ask(&mut session, &json!({ "ask": "bits", "cap": 6.0, "seed": 1 }));
        let early = ask(&mut session, &json!({ "ask": "bits_format", "integer": 3, "signed": false, "value": 1.0 }));
        assert!(early["error"].is_string());
    }

    #[test]
    fn every_function_has_a_curve_and_a_neuron() {
        let mut session = Session::default();
        let catalogue = ask(&mut session, &json!({ "ask": "catalogue" }));
        assert_eq!(catalogue.as_array().unwrap().len(), excite::Function::ALL.len());
        for function in catalogue.as_array().unwrap() {
            let name = &function["name"];
            let curve =
                ask(&mut session, &json!({ "ask": "curve", "function": name, "low": -2.0, "high": 2.0, "points": 5 }));
            let neuron = ask(&mut session, &json!({ "ask": "neuron", "function": name, "z": 1.0 }));
            assert_eq!((&curve["value"][3], &curve["gradient"][3]), (&neuron["value"], &neuron["gradient"]), "{name}");
        }
        let sigmoid = ask(&mut session, &json!({ "ask": "neuron", "function": "sigmoid", "z": 0.0 }));
        assert_eq!((&sigmoid["value"], &sigmoid["through"][1]), (&json!(0.5), &json!(0.0625)));
        let facts = ask(&mut session, &json!({ "ask": "facts", "function": "relu" }));
        assert_eq!((&facts["largest_gradient"], &facts["saturated_above"]), (&json!(1.0), &Value::Null));
    }

    #[test]
    fn a_line_off_the_cloud_is_dead_and_stays_and_the_leaky_one_comes_back() {
        let mut session = Session::default();
        let functions = ["relu", "leaky_relu(0.1)"];
        ask(&mut session, &json!({ "ask": "half_plane", "functions": functions, "rate": 0.1, "seed": 17 }));
        let train = json!({ "ask": "half_plane_train", "steps": 1000, "reach": 3.4 });
        let learnt = ask(&mut session, &train);
        assert!(learnt[0]["error"].as_f64().unwrap() < 0.06 && learnt[0]["units"][1]["dead_since"].is_null());
        ask(&mut session, &json!({ "ask": "half_plane_move", "unit": 1, "weights": [-0.8, 0.6], "bias": -4.0 }));
        let after = ask(&mut session, &train);
        let [relu, leaky] = [0, 1].map(|network| &after[network]["units"][1]);
        assert_eq!((&relu["dead_since"], &relu["bias"], &relu["fires"]), (&json!(0), &json!(-4.0), &json!(0)));
        assert!(leaky["dead_since"].is_null() && leaky["fires"].as_u64().unwrap() > 10, "{leaky}");
        assert!(after[0]["error"].as_f64().unwrap() > 2.0 * after[1]["error"].as_f64().unwrap());
    }

    #[test]
    fn a_high_rate_kills_relus_by_named_causes_and_no_sigmoid() {
        let mut session = Session::default();
        let dead = |session: &mut Session, rate: f64| {
            let functions = ["sigmoid", "relu"];
            let start = json!({ "ask": "learning_rate", "functions": functions, "rate": rate, "seed": 1 });
            assert_eq!(ask(session, &start)[0]["step"], 0);
            let networks = ask(session, &json!({ "ask": "learning_rate_train", "steps": 60 }));
            let units = networks[1]["units"].as_array().unwrap();
            let with_cause = units.iter().filter(|unit| unit["death"]["cause"].is_string()).count();
            assert_eq!(networks[1]["dead"], with_cause);
            (networks[0]["dead"].as_u64().unwrap(), with_cause)
        };
        assert!(dead(&mut session, 0.05).1 <= 3);
        let (sigmoids, relus) = dead(&mut session, 3.0);
        assert!(sigmoids == 0 && relus > 20, "{relus}");
    }

    #[test]
    fn positive_inputs_allow_two_quadrants_and_centred_ones_the_goals_too() {
        let mut session = Session::default();
        let quadrants = |session: &mut Session, mean: f64| {
            let start = json!({ "ask": "zig_zag", "mean": mean, "batch": 1, "rate": 0.5, "seed": 1 });
            let surface = ask(session, &start);
            let shares = surface["now"]["quadrants"].as_array().unwrap();
            shares.iter().map(|share| share.as_f64().unwrap() > 0.05).collect::<Vec<_>>()
        };
        // The goal lies where the first weight rises and the second falls: the last one.
        assert_eq!(quadrants(&mut session, 0.5), [true, false, true, false]);
        assert_eq!(quadrants(&mut session, 0.0), [true, false, true, true]);
        let walked = ask(&mut session, &json!({ "ask": "zig_zag_step", "steps": 5000 }));
        assert_eq!(walked["has_arrived"], true);
        assert!(walked["detour"].as_f64().unwrap() > 1.0);
    }

    #[test]
    fn sigmoid_leaves_a_quarter_a_layer_and_relu_all() {
        let mut session = Session::default();
        let kept = |session: &mut Session, function: &str| {
            let layers =
                ask(session, &json!({ "ask": "depth", "function": function, "depth": 20, "scale": 1.0, "seed": 1 }));
            layers["gradients"][0].as_f64().unwrap() / layers["gradients"][19].as_f64().unwrap()
        };
        let sigmoid = kept(&mut session, "sigmoid");
        assert!((1e-13..1e-11).contains(&sigmoid), "{sigmoid}");
        assert!(kept(&mut session, "relu") > 0.1);
    }

    #[test]
    fn numbers_have_the_bits_of_their_format_and_a_cap_of_6_suits_three_before_the_point() {
        let mut session = Session::default();
        ask(&mut session, &json!({ "ask": "bits", "cap": 6.0, "seed": 1 }));
        assert_eq!(ask(&mut session, &json!({ "ask": "bits_train", "steps": 1000 }))["share"], 1.0);
        let mut of = |integer: i8, signed: bool, value: f64| {
            ask(&mut session, &json!({ "ask": "bits_format", "integer": integer, "signed": signed, "value": value }))
        };
        let format = of(3, false, 6.0);
        assert_eq!((&format["name"], &format["one"]["bits"]), (&json!("UQ3.5"), &json!("11000000")));
        assert_eq!((&format["best"][0], &format["clipped"]), (&json!("UQ3.5"), &json!(0.0)));
        let signed = of(3, true, 6.0);
        assert_eq!((&signed["name"], &signed["one"]["bits"]), (&json!("Q3.4"), &json!("01100000")));
        // One bit fewer in the fraction: 6 dB.
        let lost = format["snr"].as_f64().unwrap() - signed["snr"].as_f64().unwrap();
        assert!((lost - 6.02).abs() < 0.3, "{lost}");
        assert!(of(2, false, 6.0)["clipped"].as_f64().unwrap() > 0.01);
    }
}
