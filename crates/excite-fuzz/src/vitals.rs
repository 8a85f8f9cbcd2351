//! Vitals of a network, in their two forms.

use std::sync::LazyLock;

use excite_vitals::{Batch, Diagnosis, InputVitals, LayerVitals, Role, Vitals};

use crate::Target;

/// Files of vitals, binary and JSON, merging them, and the findings in them.
pub const VITALS: Target = Target { name: "vitals", read, seeds };

/// What each file is merged with.
static OTHER: LazyLock<Vitals> = LazyLock::new(|| network(2));

fn read(bytes: &[u8]) -> bool {
    let Ok(vitals) = Vitals::from_bytes(bytes) else { return false };
    let again = |bytes: &[u8]| Vitals::from_bytes(bytes).expect("what was read is read again");
    assert_eq!(again(&vitals.to_bytes().expect("it can be written")), vitals);
    assert_eq!(again(vitals.to_json().expect("it can be written").as_bytes()), vitals);
    let mut merged = vitals.clone();
    merged.merge(&vitals).expect("the same network merges");
    for (mut this, other) in [(vitals.clone(), &*OTHER), (OTHER.clone(), &vitals)] {
        let before = this.clone();
        if this.merge(other).is_err() {
            assert_eq!(this, before, "a merge that is refused changes nothing");
        }
    }
    for vitals in [vitals, merged] {
        let diagnosis = Diagnosis::of(&vitals);
        assert!(serde_json::to_string(&diagnosis.record()).is_ok());
        for layer in &vitals.layers {
            assert_eq!(diagnosis.unit_states(layer).len(), layer.units().len());
        }
    }
    true
}

/// A network of some layers that has seen some samples.
fn network(layers: usize) -> Vitals {
    let layer = |index: usize| {
        let function = ["relu", "leaky_relu(0.2)", "sigmoid"][index].parse().expect("the function is known");
        let role = [Role::Hidden, Role::Output, Role::Gate][index];
        let mut layer = LayerVitals::new(["first", "second", "gate"][index], function, 2).with_role(role);
        let z = [-1.5, 2.0, f32::NAN, 0.25, 7.0, f32::INFINITY, -0.0, -3.0];
        layer.update_batch(Batch::pre_activations(&z)).expect("the batch fits");
        layer
    };
    let mut vitals = Vitals::new("model", (0..layers).map(layer).collect());
    let mut input = InputVitals::new(2);
    input.update(&[1.0, 2.0, 3.0, f32::NAN], 1).expect("the inputs fit");
    (vitals.input, vitals.runs) = (Some(input), 1);
    vitals
}

fn seeds() -> Vec<Vec<u8>> {
    let both = |vitals: Vitals| [vitals.to_bytes(), vitals.to_json().map(String::into_bytes)];
    let files = [Vitals::new("", vec![]), network(1), network(2), network(3)].into_iter().flat_map(both);
    files.map(|file| file.expect("it can be written")).collect()
}
