//! The profiles against the vectors of the libraries.

#[path = "../golden/vectors.rs"]
mod vectors;

use excite_fixed::Profile;

/// Every output of every function, type and pair of quantisations is that of the library.
fn agrees(profile: Profile, kinds: usize) {
    let agreements = vectors::compare(profile);
    let differing: Vec<_> = agreements.iter().filter(|agreement| agreement.differing > 0).collect();
    assert!(differing.is_empty(), "{differing:#?}");
    assert!(agreements.iter().all(|agreement| agreement.scales >= 28), "{agreements:#?}");
    assert_eq!(agreements.len(), kinds);
}

#[test]
fn tflite_is_that_of_litert() {
    agrees(Profile::Tflite, 31);
}

/// A plain `Interpreter()`, which differs from the reference kernels: leaky ReLU of 8 bits is XNNPACK's, and sigmoid and tanh of 16 bits
/// at powers of two are gemmlowp's.
#[test]
fn litert_is_that_of_a_plain_interpreter() {
    agrees(Profile::Litert, 31);
}

#[test]
fn tflm_is_that_of_tflite_micro() {
    agrees(Profile::Tflm, 14);
}

#[test]
fn onnx_is_that_of_onnx_runtime() {
    agrees(Profile::Onnx, 30);
}

#[test]
fn pytorch_is_that_of_torch() {
    agrees(Profile::Pytorch, 25);
}

/// Its C, compiled; sigmoid and tanh at every left shift, and softmax of rows of one besides others.
#[test]
fn cmsis_nn_is_that_of_its_sources() {
    agrees(Profile::CmsisNn, 7);
    agrees(Profile::CmsisNnSingle, 7);
}

#[test]
fn there_are_vectors_of_all_others_but_tflm_as_its_sources_are() {
    let without: Vec<_> = Profile::ALL.into_iter().filter(|profile| !vectors::PROFILES.contains(profile)).collect();
    assert_eq!(without, [Profile::Exact, Profile::TflmSource]);
}
