use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use excite::Function;

use super::*;
use crate::codes;

fn affine<C: Code>(scale: f32, zero_point: i32) -> Affine<C> {
    Affine::new(scale, zero_point).unwrap()
}

fn function(name: &str) -> Function {
    name.parse().unwrap()
}

#[test]
fn names_are_read_and_written() {
    for profile in Profile::ALL {
        assert_eq!(profile.to_string().parse(), Ok(profile));
    }
    let error = "caffe".parse::<Profile>().unwrap_err().to_string();
    assert!(Profile::ALL.iter().all(|profile| error.contains(profile.name())), "{error}");
}

#[test]
fn what_a_library_lacks_is_an_error_that_says_so() {
    let (input, output) = (affine::<i8>(0.1, 3), affine::<i8>(0.1, 3));
    let error = |profile: Profile, name| profile.kernel(function(name), input, output).unwrap_err().to_string();
    assert_eq!(
        error(Profile::Tflite, "mish"),
        "there is no mish of int8 for the profile tflite: `exact` has all functions and types"
    );
    assert_eq!(
        error(Profile::Tflite, "sigmoid"),
        "the output of sigmoid of int8 in tflite must have the scale 0.00390625 and the zero point -128"
    );
    assert_eq!(error(Profile::CmsisNn, "relu6"), "the input of relu6 in cmsis-nn must have the zero point 0");
    let wide = affine::<i16>(0.1, 1);
    for profile in [Profile::Tflite, Profile::Tflm, Profile::CmsisNn] {
        assert!(matches!(profile.kernel(function("relu"), wide, wide), Err(ProfileError::Input { .. })), "{profile}");
    }
    assert!(Profile::Pytorch.kernel(function("relu"), wide, wide).is_err());
    assert!(Profile::Pytorch.softmax(1.0, wide, wide).is_err());
}

#[test]
fn exact_has_every_function_of_every_type() {
    fn all<C: Code>() {
        let middle = (C::MIN_CODE + C::MAX_CODE + 1) / 2;
        let quantisation = affine::<C>(8.0 / (1 << (C::BITS - 1)) as f32, middle);
        for &f in Function::ALL {
            let kernel = Profile::Exact.kernel(f, quantisation, quantisation).unwrap();
            let x: Vec<C> = codes().collect();
            let mut y = vec![C::default(); x.len()];
            kernel.apply(&x, &mut y).unwrap();
            assert!(x.iter().zip(&y).all(|(&x, &y)| kernel.code(x) == y), "{}", f.name());
            assert!(kernel.apply(&x, &mut y[1..]).is_err());
        }
    }
    all::<i8>();
    all::<u8>();
    all::<i16>();
    all::<u16>();
}

/// From its sources: no vectors prove it.
#[test]
fn cmsis_nn_takes_raw_codes() {
    let input = affine::<i8>(0.1, 0);
    let relu6 = Profile::CmsisNn.kernel(function("relu6"), input, input).unwrap();
    assert_eq!([-128, -1, 0, 5, 6, 7, 127].map(|code| relu6.code(code)), [0, 0, 0, 5, 6, 6, 6]);
    let wide = affine::<i16>(1.0 / 4096.0, 0);
    let output = affine::<i16>(1.0 / 32768.0, 0);
    for name in ["sigmoid", "tanh"] {
        let kernels =
            [Profile::CmsisNn, Profile::Tflm].map(|profile| profile.kernel(function(name), wide, output).unwrap());
        assert!(codes().all(|code: i16| kernels[0].code(code) == kernels[1].code(code)), "{name}");
    }
}

/// The reference of TensorFlow Lite stops at 512 equal inputs, and its sum overflows at 4096.
#[test]
fn softmax_is_safe_at_any_length() {
    for len in [1, 2, 511, 512, 513, 4095, 4096, 100_000] {
        let each = 1.0 / len as f64;
        for profile in [Profile::Tflite, Profile::Tflm, Profile::CmsisNn] {
            let softmax = profile.softmax(1.0, affine::<i8>(0.1, 0), affine(1.0 / 256.0, -128)).unwrap();
            let mut y = vec![0; len];
            softmax.apply(&vec![7; len], &mut y).unwrap();
            let steps = (256.0 * each).clamp(0.0, 255.0);
            assert!(y.iter().all(|&y| (f64::from(y) + 128.0 - steps).abs() <= 1.0), "{profile} {len}: {}", y[0]);
            let softmax = profile.softmax(1.0, affine::<i16>(1e-3, 0), affine(1.0 / 32768.0, 0)).unwrap();
            let mut y = vec![0; len];
            softmax.apply(&vec![7; len], &mut y).unwrap();
            let steps = (32768.0 * each).clamp(0.0, 32767.0);
            assert!(y.iter().all(|&y| (f64::from(y) - steps).abs() <= 6.0), "{profile} {len}: {}", y[0]);
        }
    }
}

#[test]
fn softmax_reports_the_sum_of_its_outputs() {
    let x: Vec<u8> = (0..200).map(|i| (i * 7 % 251) as u8).collect();
    for profile in [Profile::Exact, Profile::Tflite, Profile::Onnx, Profile::Pytorch] {
        let softmax = profile.softmax(0.5, affine::<u8>(0.05, 9), affine(1.0 / 256.0, 0)).unwrap();
        let mut y = vec![0; 200];
        let sum = softmax.apply(&x, &mut y).unwrap();
        assert_eq!(sum, y.iter().map(|&y| i64::from(y)).sum::<i64>());
        assert!((sum - 256).abs() < 60, "{profile}: {sum}");
        assert!(profile.softmax(f32::INFINITY, affine::<u8>(0.05, 9), affine(1.0 / 256.0, 0)).is_err());
    }
}
