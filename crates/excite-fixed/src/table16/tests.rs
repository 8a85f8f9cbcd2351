use super::*;

/// Half the range of 16 bits as these values.
const REACHES: [f32; 6] = [0.01, 1.0, 3.7, 8.0, 20.0, 100.0];

/// Input quantisations, and for each the finest outputs that hold all the function gives, or the input's own.
fn quantisations(f: Function) -> impl Iterator<Item = (Affine<i16>, Affine<i16>)> {
    REACHES.into_iter().flat_map(move |reach| {
        let input = Affine::<i16>::new(reach / 32768.0, 0).unwrap();
        let values = codes::<i16>().map(|code| f.value(input.value(code)));
        let (least, largest) = values.fold((0.0_f64, 0.0_f64), |(least, largest), y| (least.min(y), largest.max(y)));
        let symmetric = Affine::new((least.abs().max(largest) as f32 / 32768.0).max(1e-30), 0);
        let shifted = Affine::<i16>::new(0.7 * reach / 32768.0, -12345);
        let spanning = Affine::spanning(least as f32, (largest as f32).max(least as f32 + 1e-3)).ok();
        [Some(input), symmetric.ok(), spanning, shifted.ok()].into_iter().flatten().map(move |output| (input, output))
    })
}

/// Whether the most points need not do: a sine over many periods.
fn may_err(f: Function) -> bool {
    ["sine", "snake"].contains(&f.name())
}

/// Within a step, as counted from the plain formula, which shares no code with the kernels; monotone where the function is; exact in 0.
#[test]
fn every_code_of_every_function_is_within_a_step() {
    let mut monotone = 0;
    for &f in Function::ALL {
        for (input, output) in quantisations(f) {
            let table = Table16::new(f, input, output);
            let what =
                || format!("{} {input:?} {output:?}: {} points, {}", f.name(), table.points(), table.max_error());
            assert!(table.points() <= Table16::<i16>::MOST_POINTS, "{}", what());
            assert!(table.max_error() <= 1.0 || may_err(f), "{}", what());
            let [least, largest] = [i16::MIN, i16::MAX].map(|end| f64::from(end) - f64::from(output.zero_point()));
            let exact = codes::<i16>().map(|code| f.reference(input.value(code)).unwrap() / f64::from(output.scale()));
            let exact: Vec<f64> = exact.map(|steps| steps.clamp(least, largest)).collect();
            let got: Vec<i16> = codes().map(|code| table.code(code)).collect();
            let errors = got
                .iter()
                .zip(&exact)
                .map(|(&got, exact)| (f64::from(got) - f64::from(output.zero_point()) - exact).abs());
            let worst = errors.fold(0.0, f64::max);
            assert!((worst - table.max_error()).abs() < 1e-6, "{}: {worst}", what());
            assert_eq!(table.code(0), output.code(f.value(0.0)), "{} of 0", f.name());
            if exact.is_sorted() {
                monotone += 1;
                assert!(got.is_sorted(), "{}", what());
            }
        }
    }
    assert!(monotone > 200, "{monotone}");
}

#[test]
fn odd_functions_stay_odd() {
    for name in ["identity", "tanh", "softsign", "hard_tanh", "tanh_shrink", "soft_shrink", "hard_shrink", "sine"] {
        let f: Function = name.parse().unwrap();
        for (input, output) in quantisations(f).filter(|(_, output)| output.zero_point() == 0) {
            let table = Table16::new(f, input, output);
            for code in 1..=i16::MAX {
                let (above, below) = (i32::from(table.code(code)), i32::from(table.code(-code)));
                // 32768 is no code.
                let is_odd = above == -below || (above.max(below), above.min(below)) == (32767, -32768);
                assert!(is_odd, "{name} of {code}: {above}, {below}, {input:?} {output:?}");
            }
        }
    }
}

#[test]
fn sigmoid_is_symmetric_about_a_half() {
    for reach in REACHES {
        let input = Affine::<i16>::new(reach / 32768.0, 0).unwrap();
        let table = Table16::new("sigmoid".parse().unwrap(), input, Affine::<i16>::new(1.0 / 32768.0, 0).unwrap());
        for code in 1..=i16::MAX {
            let (above, below) = (i32::from(table.code(code)), i32::from(table.code(-code)));
            assert_eq!(above, (32768 - below).min(32767), "{code} over ±{reach}");
        }
    }
}

#[test]
fn unsigned_codes_and_shifted_zero_points_are_taken() {
    for zero_point in [0, 1000, 32768, 65535] {
        let input = Affine::<u16>::new(12.0 / 65536.0, zero_point).unwrap();
        for f in ["gelu", "relu6", "threshold(1, 20)", "hard_swish"] {
            let table = Table16::new(f.parse().unwrap(), input, input);
            assert!(table.max_error() <= 1.0, "{f}: {}", table.max_error());
        }
    }
}

/// The output has 8 bits and the input 16: no code is off by more than a rounding and a sixteenth.
#[test]
fn outputs_of_8_bits_are_all_but_the_nearest() {
    for &f in Function::ALL {
        for reach in REACHES {
            let input = Affine::<i16>::new(reach / 32768.0, 0).unwrap();
            let table = Table16::new(f, input, Affine::<i8>::new(reach / 100.0, -17).unwrap());
            assert!(table.max_error() <= 0.57 || may_err(f), "{} over {reach}: {}", f.name(), table.max_error());
            assert!(table.bytes() <= 4096 || may_err(f), "{} over {reach}: {} bytes", f.name(), table.bytes());
        }
    }
}

/// CMSIS-NN's tables err by 1.02 steps for sigmoid and by 1.48 for tanh, in 512 bytes.
#[test]
fn sigmoid_and_tanh_err_less_than_tables_of_256_points() {
    let output = Affine::<i16>::new(1.0 / 32768.0, 0).unwrap();
    for power in [10, 11, 12, 13] {
        let input = Affine::<i16>::new(1.0 / (1 << power) as f32, 0).unwrap();
        for (f, most) in [("sigmoid", 1.02), ("tanh", 1.48)] {
            let table = Table16::new(f.parse().unwrap(), input, output);
            assert!(table.max_error() <= most, "{f} at 2^-{power}: {}", table.max_error());
            println!("{f} at 2^-{power}: {} bytes, {}", table.bytes(), table.max_error());
        }
    }
}
