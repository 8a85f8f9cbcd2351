//! Layers as users build them: in functions that return candle's `Result`, with gradients to their parameters.

use candle_core::{DType, Device, Module, Result, Tensor, Var};
use candle_nn::{VarBuilder, VarMap};
use excite::define::{Definition, Number};
use excite::{Engine, Function, Gate, Info, RowFunction};
use excite_candle::{Activation, GatedUnit, RowActivation, TrainedPrelu};

/// 60 numbers in [-5, 5], none of them 0, in no order.
fn numbers(shape: impl Into<candle_core::Shape>) -> Result<Tensor> {
    let shape = shape.into();
    let numbers: Vec<f64> = (0..shape.elem_count() as u32).map(|i| f64::from(i * 577 % 1003) / 100.0 - 5.005).collect();
    Tensor::new(numbers, &Device::Cpu)?.reshape(shape)
}

fn flat(t: &Tensor) -> Result<Vec<f64>> {
    t.flatten_all()?.to_dtype(DType::F64)?.to_vec1()
}

fn assert_near(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-12 * (1.0 + expected.abs()), "{what}: {found} for {expected}");
    }
}

#[test]
fn a_name_becomes_a_layer_where_candles_result_is_returned() -> Result<()> {
    let z = numbers(60)?;
    let by_name = excite_candle::apply(&z, "tanh".parse()?)?;
    assert_eq!(flat(&by_name)?, flat(&excite_candle::apply(&z, excite::Tanh.into())?)?);
    assert_eq!(flat(&by_name)?, flat(&Activation::new(excite::Tanh).forward(&z)?)?);
    assert_eq!(flat(&by_name)?, flat(&Activation::from(Function::from(excite::Tanh)).forward(&z)?)?);

    let error = "thanh".parse::<Activation>().unwrap_err().to_string();
    assert!(error.contains("did you mean `tanh`?"), "{error}");
    Ok(())
}

/// x·|x|
#[derive(Clone, Copy, Debug)]
struct SignedSquare;

impl Definition for SignedSquare {
    const INFO: Info = Info::named("signed_square_of_the_candle_tests");

    #[inline(always)]
    fn formula<N: Number>(self, x: N) -> N {
        x * x.abs()
    }

    #[inline(always)]
    fn slope_formula<N: Number>(self, x: N) -> N {
        x.abs().times(2.0)
    }
}

#[test]
fn a_function_of_ones_own_is_a_layer() -> Result<()> {
    let own = Function::register(SignedSquare).map_err(candle_core::Error::wrap)?;
    let z = Var::from_tensor(&numbers(60)?)?;
    let y = excite_candle::apply(&z, own.into())?;
    let x = flat(&z)?;
    assert_eq!(flat(&y)?, x.iter().map(|x| x * x.abs()).collect::<Vec<f64>>());
    let gradients = y.sum_all()?.backward()?;
    assert_eq!(flat(gradients.get(&z).unwrap())?, x.iter().map(|x| 2.0 * x.abs()).collect::<Vec<f64>>());

    let by_name: Activation = "signed_square_of_the_candle_tests".parse()?;
    assert_eq!(by_name.function(), own);
    Ok(())
}

fn assert_no_second_derivative(loss: &Tensor, of: &Tensor, name: &str) -> Result<()> {
    let gradients = loss.sum_all()?.backward()?;
    let gradient = gradients.get(of).unwrap();
    let error = gradient.sqr()?.sum_all()?.backward().unwrap_err().to_string();
    assert!(error.contains(&format!("`{name}` of excite has no second derivative")), "{error}");
    Ok(())
}

#[test]
fn a_second_derivative_is_an_error() -> Result<()> {
    let z = Var::from_tensor(&numbers((3, 4))?)?;
    assert_no_second_derivative(&excite_candle::apply(&z, "tanh".parse()?)?, &z, "tanh")?;
    assert_no_second_derivative(&excite_candle::apply(&z, "gelu".parse()?)?, &z, "gelu")?;
    let weighted = (excite_candle::apply_along(&z, 1, "softmax".parse()?)? * z.detach())?;
    assert_no_second_derivative(&weighted, &z, "softmax")?;
    assert_no_second_derivative(&excite_candle::gated(&z, &z, "swiglu".parse()?)?, &z, "swiglu")?;
    assert_no_second_derivative(&GatedUnit::new(Gate::Glu).forward(&z)?, &z, "glu")?;
    let slopes = Var::from_tensor(&Tensor::new(&[0.25], &Device::Cpu)?)?;
    let prelu = TrainedPrelu::new(slopes.as_tensor().clone())?;
    assert_no_second_derivative(&prelu.forward(&z)?, &z, "prelu")?;
    assert_no_second_derivative(&prelu.forward(&z)?, &slopes, "prelu")
}

#[test]
fn the_layer_of_rows_is_the_function_along_its_dimension() -> Result<()> {
    let z = numbers((3, 4, 5))?;
    for &f in RowFunction::ALL {
        let layer = RowActivation::new(f);
        assert_eq!(flat(&layer.forward(&z)?)?, flat(&excite_candle::apply_along(&z, 2, layer)?)?);
        assert_eq!(flat(&layer.along(1).forward(&z)?)?, flat(&excite_candle::apply_along(&z, 1, layer)?)?);
        assert!(layer.along(3).forward(&z).is_err());
    }
    Ok(())
}

#[test]
fn packed_gates_give_what_their_halves_give() -> Result<()> {
    let z = Var::from_tensor(&numbers((3, 2, 10))?)?;
    let weights = numbers((3, 2, 5))?;
    for &unit in Gate::ALL {
        let packed = GatedUnit::new(unit).forward(&z)?;
        let (value, gate) = (z.narrow(2, 0, 5)?, z.narrow(2, 5, 5)?);
        let halves = excite_candle::gated(&gate, &value, unit.into())?;
        assert_eq!(packed.dims(), [3, 2, 5]);
        assert_eq!(flat(&packed)?, flat(&halves)?, "{unit}");
        let gradient = |y: &Tensor| -> Result<Vec<f64>> {
            let gradients = (y * &weights)?.sum_all()?.backward()?;
            flat(gradients.get(&z).unwrap())
        };
        assert_eq!(gradient(&packed)?, gradient(&halves)?, "{unit}");
    }
    let error = GatedUnit::new(Gate::Glu).forward(&numbers((2, 3))?).unwrap_err().to_string();
    assert!(
        error.contains("`glu` of excite takes a tensor whose last dimension holds values and as many gates"),
        "{error}"
    );
    assert_eq!(GatedUnit::new(Gate::Glu).forward(&numbers((0, 4))?)?.dims(), [0, 2]);
    Ok(())
}

#[test]
fn trained_prelu_has_candles_values_and_gradients() -> Result<()> {
    for (shape, channels) in [(vec![5, 4, 3], Some(4)), (vec![5, 4], Some(4)), (vec![7], Some(7)), (vec![5, 4], None)] {
        let variables = VarMap::new();
        let vb = VarBuilder::from_varmap(&variables, DType::F64, &Device::Cpu);
        let ours = excite_candle::prelu(channels, vb.pp("layer"))?;
        let theirs = candle_nn::prelu(channels, vb.pp("layer"))?;
        let slopes = variables.all_vars().remove(0);
        slopes.set(&numbers(channels.unwrap_or(1))?)?;
        let z = Var::from_tensor(&numbers(shape.clone())?)?;
        let weights = (numbers(shape.clone())? * 0.5)?.sin()?;
        let value_and_gradients = |y: Tensor| -> Result<[Vec<f64>; 3]> {
            let gradients = (&y * &weights)?.sum_all()?.backward()?;
            Ok([flat(&y)?, flat(gradients.get(&z).unwrap())?, flat(gradients.get(&slopes).unwrap())?])
        };
        let ours = value_and_gradients(ours.forward(&z)?)?;
        let theirs = value_and_gradients(theirs.forward(&z)?)?;
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_near(ours, theirs, &format!("{shape:?}"));
        }
    }
    let error = TrainedPrelu::new(numbers(3)?)?.forward(&numbers((2, 4))?).unwrap_err().to_string();
    assert!(error.contains("`prelu` of excite has 3 slopes and 4 channels"), "{error}");
    Ok(())
}

#[test]
fn gates_of_two_types_are_refused_by_excites_name() -> Result<()> {
    let gate = numbers((2, 3))?;
    let error = excite_candle::gated(&gate, &gate.to_dtype(DType::F32)?, Gate::SwiGlu.into()).unwrap_err().to_string();
    assert!(error.contains("`swiglu` of excite takes tensors of one type, not f64 beside f32"), "{error}");
    Ok(())
}

#[test]
fn values_are_those_over_slices_on_any_engine() -> Result<()> {
    // Longer than what one thread takes at a time.
    let z = Tensor::randn(0_f32, 3.0, 600_001, &Device::Cpu)?;
    let x = z.to_vec1::<f32>()?;
    for name in ["relu", "gelu"] {
        let f: Function = name.parse().map_err(candle_core::Error::wrap)?;
        let expected = Engine::default().map(&f, &x).map_err(candle_core::Error::wrap)?;
        assert!(excite_candle::apply(&z, f.into())?.to_vec1::<f32>()? == expected, "{name}");
    }
    Ok(())
}
