//! Layers as names in configurations.

use excite_candle::{Activation, GatedUnit, RowActivation};

#[derive(Debug, serde::Deserialize, serde::Serialize)]
struct Configuration {
    hidden_act: Activation,
    gate: GatedUnit,
    output: RowActivation,
}

#[test]
fn layers_are_read_and_written_as_names() {
    let text = r#"{"hidden_act":"leaky_relu(0.1)","gate":"swiglu","output":"log_softmax"}"#;
    let read: Configuration = serde_json::from_str(text).unwrap();
    assert_eq!(read.hidden_act.function(), excite::LeakyRelu::new(0.1).unwrap().into());
    assert_eq!(read.gate.gate(), excite::Gate::SwiGlu);
    assert_eq!(read.output.function().name(), "log_softmax");
    let written = serde_json::to_string(&read).unwrap();
    let again: Configuration = serde_json::from_str(&written).unwrap();
    assert_eq!(again.hidden_act.function(), read.hidden_act.function());
    assert_eq!((again.gate, again.output), (read.gate, read.output));
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest() {
    let error = serde_json::from_str::<Activation>(r#""sigmoyd""#).unwrap_err().to_string();
    assert!(error.contains("did you mean `sigmoid`?"), "{error}");
}
