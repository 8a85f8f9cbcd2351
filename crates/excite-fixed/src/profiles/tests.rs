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
        "there is no mish of int8 for the profile tflite, which has sigmoid, tanh, relu, relu6, leaky_relu, elu, gelu, gelu_tanh, \
         hard_tanh, hard_swish: `exact` has all functions and types"
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
            if (profile, len) == (Profile::CmsisNn, 1) {
                // Which wraps.
                assert_eq!(y, [-32768]);
                continue;
            }
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

/// arm_nn_activation_s16 has a left shift, and no multiplier.
#[test]
fn cmsis_nn_takes_scales_that_are_powers_of_two() {
    let output = affine::<i16>(1.0 / 32768.0, 0);
    for profile in [Profile::CmsisNn, Profile::CmsisNnSingle] {
        for name in ["sigmoid", "tanh"] {
            for shift in -15..=12 {
                let input = affine(libm::ldexpf(1.0, shift - 12), 0);
                assert!(profile.kernel(function(name), input, output).is_ok(), "{name} {shift}");
            }
            let error = |scale| profile.kernel(function(name), affine(scale, 0), output).unwrap_err();
            let text = error(0.0003).to_string();
            let expected = format!(
                "{profile} has no {name} for inputs of the scale 0.0003: the nearest that it has is 0.00024414063"
            );
            assert_eq!(text, expected);
            for (scale, nearest) in [(1.1 / 4096.0, 1.0 / 4096.0), (3.0, 1.0), (0.75, 1.0), (1e-20, 1.0 / 134217728.0)]
            {
                assert!(
                    matches!(error(scale), ProfileError::InputScale { nearest: found, .. } if found == nearest),
                    "{scale}"
                );
            }
        }
    }
    // A scale whose multiplier has more than 16 bits.
    let error = Profile::Tflite.kernel(function("tanh"), affine(3.0, 0), output).unwrap_err();
    assert!(matches!(error, ProfileError::InputScale { nearest, .. } if nearest < 2.6667), "{error}");
}

/// As CMSIS-NN's own C gives them: a row of one wraps, and builds with a single rounding differ by 1 here and there.
#[test]
fn softmax_of_cmsis_nn_wraps_and_rounds_as_it_is_built() {
    let output = affine::<i16>(1.0 / 32768.0, 0);
    let (mut differing, mut all) = (0, 0);
    for scale in (1..60).map(|i| 1.7e-6 * (i * i) as f32) {
        let softmax = [Profile::CmsisNn, Profile::CmsisNnSingle, Profile::Tflm]
            .map(|profile| profile.softmax(1.0, affine(scale, 0), output).unwrap());
        for code in [-32768, 0, 1234, 32767] {
            let mut y = [0];
            let of_one = softmax.each_ref().map(|softmax| {
                softmax.apply(&[code], &mut y).unwrap();
                y[0]
            });
            assert_eq!(of_one, [-32768, -32768, 32767]);
        }
        let x: Vec<i16> = (0..400_u32).map(|i| (i.wrapping_mul(0x9e37_79b1) >> 18) as i16).collect();
        let rows = softmax.each_ref().map(|softmax| {
            let mut y = vec![0; x.len()];
            softmax.apply(&x, &mut y).unwrap();
            y
        });
        assert_eq!(rows[0], rows[2]);
        assert!(rows[0].iter().zip(&rows[1]).all(|(a, b)| a.abs_diff(*b) <= 1));
        differing += rows[0].iter().zip(&rows[1]).filter(|(a, b)| a != b).count();
        all += x.len();
    }
    assert!(differing > 0 && differing < all / 50, "{differing} of {all}");
}

/// The package divides scales in f64, the sources in f32 as LiteRT does: a few codes differ, by 1.
#[test]
fn tflm_and_its_sources_differ_in_relus_of_16_bits() {
    for (name, expected) in [("relu", 1..200), ("leaky_relu(0.1)", 1..200)] {
        let mut differing = 0;
        for i in 1..=16_u16 {
            let input = affine::<i16>(1e-4 * f32::from(i) * 1.37, 0);
            let output = affine::<i16>(input.scale() * (0.4 + 0.171 * f32::from(i)), 0);
            let [package, sources, litert] = [Profile::Tflm, Profile::TflmSource, Profile::Tflite]
                .map(|profile| profile.kernel(function(name), input, output).unwrap());
            for code in codes() {
                assert_eq!(sources.code(code), litert.code(code));
                let apart = package.code(code).abs_diff(sources.code(code));
                assert!(apart <= 1);
                differing += i32::from(apart);
            }
        }
        assert!(expected.contains(&differing), "{name}: {differing}");
    }
}

/// XNNPACK and gemmlowp are what a plain `Interpreter()` runs.
#[test]
fn litert_differs_from_its_reference_kernels() {
    let count = |f: &str, input: Affine<i16>, output| {
        let [plain, reference] =
            [Profile::Litert, Profile::Tflite].map(|profile| profile.kernel(function(f), input, output).unwrap());
        let apart = codes().map(|code| plain.code(code).abs_diff(reference.code(code)));
        (apart.clone().filter(|apart| *apart > 0).count(), apart.max().unwrap())
    };
    let q15 = affine(1.0 / 32768.0, 0);
    let tanh = [11, 12].map(|power| count("tanh", affine(libm::ldexpf(1.0, -power), 0), q15));
    assert_eq!((tanh[0].0 + tanh[1].0, tanh[0].1.max(tanh[1].1)), (61_692, 12));
    assert_eq!(count("sigmoid", affine(1.0 / 4096.0, 0), q15), (56_761, 7));
    assert_eq!(count("sigmoid", affine(1.0 / 2048.0, 0), q15).0, 0);
    let mut differing = 0;
    for i in 1..=24_u8 {
        let (input, output) = (affine::<i8>(0.007 * f32::from(i), 3), affine::<i8>(0.003 * f32::from(i * 3 + 1), -7));
        let [plain, reference] = [Profile::Litert, Profile::Tflite]
            .map(|profile| profile.kernel(function("leaky_relu(0.1)"), input, output).unwrap());
        assert!(codes::<i8>().all(|code| plain.code(code).abs_diff(reference.code(code)) <= 1));
        differing += codes::<i8>().filter(|&code| plain.code(code) != reference.code(code)).count();
    }
    assert!((100..1500).contains(&differing), "{differing} of 6144");
}
