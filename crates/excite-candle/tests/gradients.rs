//! Values and gradients beside candle's own operations and beside finite differences.

use candle_core::{DType, Device, Result, Tensor, Var, WithDType};
use excite::{Engine, Float, Function, Gate, RowFunction, Rows, Rowwise, SlopeFrom};

/// 1,003 numbers in [-5.01, 5.01], none of them 0, in no order.
fn inputs() -> Vec<f64> {
    (0..1003_u32).map(|i| f64::from(i * 577 % 1003) / 100.0 - 5.005).collect()
}

fn candles_own(z: &Tensor, name: &str) -> Result<Tensor> {
    match name {
        "sigmoid" => candle_nn::ops::sigmoid(z),
        "tanh" => z.tanh(),
        "relu" => z.relu(),
        "relu6" => z.clamp(0.0, 6.0),
        other => panic!("no peer for {other}"),
    }
}

/// The weight of each element in the loss Σ wᵢ·f(zᵢ): from 0 to 1, no two alike.
fn weight(index: usize, count: usize) -> f64 {
    index as f64 / count as f64
}

/// The values f(zᵢ), and the gradient of that loss.
fn value_and_gradient(z: &[f64], dtype: DType, f: impl Fn(&Tensor) -> Result<Tensor>) -> Result<(Vec<f64>, Vec<f64>)> {
    let z = Var::from_tensor(&Tensor::new(z, &Device::Cpu)?.to_dtype(dtype)?)?;
    let a = f(&z)?;
    let weights: Vec<f64> = (0..z.elem_count()).map(|i| weight(i, z.elem_count())).collect();
    let weights = Tensor::new(weights, &Device::Cpu)?.to_dtype(dtype)?;
    let gradients = (&a * weights)?.sum_all()?.backward()?;
    let as_f64 = |t: &Tensor| t.to_dtype(DType::F64)?.to_vec1::<f64>();
    Ok((as_f64(&a)?, as_f64(gradients.get(&z).unwrap())?))
}

fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs() / (1.0 + b.abs())).fold(0.0, f64::max)
}

#[test]
fn values_and_gradients_agree_with_candles_own() -> Result<()> {
    for (dtype, tolerance) in [(DType::F32, 2e-6), (DType::F64, 1e-14)] {
        for name in ["sigmoid", "tanh", "relu"] {
            let ours = value_and_gradient(&inputs(), dtype, |z| excite_candle::apply(z, name.parse()?))?;
            let theirs = value_and_gradient(&inputs(), dtype, |z| candles_own(z, name))?;
            assert!(largest_difference(&ours.0, &theirs.0) < tolerance, "value of {name} in {dtype:?}");
            assert!(largest_difference(&ours.1, &theirs.1) < tolerance, "gradient of {name} in {dtype:?}");
        }
        let ours = value_and_gradient(&inputs(), dtype, |z| excite_candle::apply(z, "relu6".parse()?))?;
        let theirs = value_and_gradient(&inputs(), dtype, |z| candles_own(z, "relu6"))?;
        assert!(largest_difference(&ours.0, &theirs.0) < tolerance, "value of relu6 in {dtype:?}");
    }
    Ok(())
}

#[test]
fn gradients_agree_with_finite_differences() -> Result<()> {
    let step = 1e-6;
    for &f in Function::ALL {
        // Away from the kinks of ReLU and ReLU6, which no difference quotient may straddle.
        let z: Vec<f64> = inputs().into_iter().filter(|z| z.abs() > 1e-3 && (z - 6.0).abs() > 1e-3).collect();
        let (_, gradient) = value_and_gradient(&z, DType::F64, |z| excite_candle::apply(z, f.into()))?;
        let count = z.len();
        let quotient: Vec<f64> = z
            .iter()
            .enumerate()
            .map(|(i, &z)| weight(i, count) * (f.value(z + step) - f.value(z - step)) / (2.0 * step))
            .collect();
        assert!(largest_difference(&gradient, &quotient) < 1e-6, "{f}");
    }
    Ok(())
}

#[test]
fn strided_tensors_give_what_contiguous_ones_give() -> Result<()> {
    let rows = Tensor::new(&inputs()[..1000], &Device::Cpu)?.to_dtype(DType::F32)?.reshape((40, 25))?;
    for &f in Function::ALL {
        for view in [rows.t()?, rows.narrow(1, 3, 7)?, rows.narrow(0, 5, 9)?, rows.narrow(1, 0, 1)?.expand((40, 4))?] {
            let plain = view.contiguous()?;
            let expected = excite_candle::apply(&plain, f.into())?;
            assert_eq!(
                excite_candle::apply(&view, f.into())?.to_vec2::<f32>()?,
                expected.to_vec2::<f32>()?,
                "{f} over {:?}",
                view.shape()
            );
        }
        // A gradient that arrives transposed.
        let z = Var::from_tensor(&rows)?;
        let weights = rows.t()?.contiguous()?;
        let transposed = (excite_candle::apply(&z, f.into())?.t()? * &weights)?.sum_all()?.backward()?;
        let straight = (excite_candle::apply(&z, f.into())? * &rows)?.sum_all()?.backward()?;
        let gradient = |store: &candle_core::backprop::GradStore| store.get(&z).unwrap().to_vec2::<f32>();
        assert_eq!(gradient(&transposed)?, gradient(&straight)?, "{f}");
    }
    Ok(())
}

#[test]
fn long_tensors_give_what_their_parts_give() -> Result<()> {
    // Beyond the length up to which the result is written chunk by chunk.
    let z = Tensor::randn(0_f32, 3.0, 700_001, &Device::Cpu)?;
    for &f in Function::ALL {
        let whole = excite_candle::apply(&z, f.into())?.to_vec1::<f32>()?;
        let parts: Vec<f32> = z
            .to_vec1::<f32>()?
            .chunks(4099)
            .flat_map(|part| {
                excite_candle::apply(&Tensor::new(part, &Device::Cpu).unwrap(), f.into())
                    .unwrap()
                    .to_vec1::<f32>()
                    .unwrap()
            })
            .collect();
        assert!(whole == parts, "{f}");
    }
    Ok(())
}

#[test]
fn empty_tensors_stay_empty_and_scalars_scalar() -> Result<()> {
    for &f in Function::ALL {
        let empty = Var::zeros((0, 5), DType::F32, &Device::Cpu)?;
        let a = excite_candle::apply(&empty, f.into())?;
        assert_eq!(a.dims(), [0, 5]);
        let gradients = a.sum_all()?.backward()?;
        assert_eq!(gradients.get(&empty).unwrap().dims(), [0, 5]);

        let scalar = Tensor::new(0.5_f32, &Device::Cpu)?;
        assert_eq!(excite_candle::apply(&scalar, f.into())?.to_scalar::<f32>()?, f.value(0.5_f32));
    }
    Ok(())
}

#[test]
fn other_number_types_are_refused_with_what_to_do() -> Result<()> {
    let integers = Tensor::new(&[1_u32, 2], &Device::Cpu)?;
    let error = excite_candle::apply(&integers, "tanh".parse()?).unwrap_err().to_string();
    assert!(
        error.contains(
            "`tanh` of excite takes tensors of f32, f64, f16 or bf16, not u32: convert it with `to_dtype` first"
        ),
        "{error}"
    );
    Ok(())
}

/// The gradient of Σ wᵢ·yᵢ by each input, and by central differences, in f64.
fn gradients_beside_differences(
    inputs: &[Tensor],
    f: impl Fn(&[Tensor]) -> Result<Tensor>,
) -> Result<Vec<(Vec<f64>, Vec<f64>)>> {
    let loss = |inputs: &[Tensor]| -> Result<Tensor> {
        let y = f(inputs)?.flatten_all()?;
        let weights: Vec<f64> = (0..y.elem_count()).map(|i| weight(i, y.elem_count())).collect();
        (y * Tensor::new(weights, &Device::Cpu)?)?.sum_all()
    };
    let variables = inputs.iter().map(Var::from_tensor).collect::<Result<Vec<Var>>>()?;
    let tensors: Vec<Tensor> = variables.iter().map(|variable| variable.as_tensor().clone()).collect();
    let gradients = loss(&tensors)?.backward()?;
    let step = 1e-6;
    let mut both = Vec::new();
    for (number, variable) in variables.iter().enumerate() {
        let at = inputs[number].flatten_all()?.to_vec1::<f64>()?;
        let moved = |index: usize, by: f64| -> Result<f64> {
            let mut elements = at.clone();
            elements[index] += by;
            let mut inputs = inputs.to_vec();
            inputs[number] = Tensor::new(elements, &Device::Cpu)?.reshape(inputs[number].shape())?;
            loss(&inputs)?.to_scalar()
        };
        let quotients = (0..at.len())
            .map(|index| Ok((moved(index, step)? - moved(index, -step)?) / (2.0 * step)))
            .collect::<Result<Vec<f64>>>()?;
        both.push((gradients.get(variable).unwrap().flatten_all()?.to_vec1()?, quotients));
    }
    Ok(both)
}

#[test]
fn rows_and_gated_units_have_the_gradients_of_differences() -> Result<()> {
    let z = Tensor::new(&inputs()[..60], &Device::Cpu)?.reshape((3, 4, 5))?;
    for f in RowFunction::ALL {
        for dim in 0..3 {
            for (gradient, quotient) in gradients_beside_differences(std::slice::from_ref(&z), |z| {
                excite_candle::apply_along(&z[0], dim, (*f).into())
            })? {
                assert!(largest_difference(&gradient, &quotient) < 1e-7, "{f} along {dim}");
            }
        }
    }
    let value = Tensor::new(&inputs()[500..560], &Device::Cpu)?.reshape((3, 4, 5))?;
    for unit in Gate::ALL {
        let inputs = [z.clone(), value.clone()];
        for (gradient, quotient) in
            gradients_beside_differences(&inputs, |z| excite_candle::gated(&z[0], &z[1], (*unit).into()))?
        {
            assert!(largest_difference(&gradient, &quotient) < 1e-7, "{unit}");
        }
    }
    Ok(())
}

#[test]
fn softmax_agrees_with_candles_own() -> Result<()> {
    let z = Tensor::new(&inputs()[..1000], &Device::Cpu)?.reshape((10, 20, 5))?.to_dtype(DType::F32)?;
    for dim in 0..3 {
        for view in [z.clone(), z.transpose(0, 2)?, z.narrow(1, 3, 9)?] {
            let softmax = excite_candle::apply_along(&view, dim, RowFunction::ALL[0].into())?;
            let ours = softmax.flatten_all()?.to_dtype(DType::F64)?.to_vec1()?;
            let theirs = candle_nn::ops::softmax(&view, dim)?.flatten_all()?.to_dtype(DType::F64)?.to_vec1()?;
            assert!(largest_difference(&ours, &theirs) < 1e-6, "along {dim}");
        }
    }
    Ok(())
}

#[test]
fn all_number_types_give_what_slices_give() -> Result<()> {
    fn check<F: Float + WithDType>() -> Result<()> {
        let x: Vec<F> = inputs()[..60].iter().map(|&x| <F as Float>::from_f64(x)).collect();
        let value: Vec<F> = inputs()[60..120].iter().map(|&x| <F as Float>::from_f64(x)).collect();
        let (z, other) = (Tensor::new(&x[..], &Device::Cpu)?, Tensor::new(&value[..], &Device::Cpu)?);
        let mut y = vec![F::default(); 60];
        for f in Function::ALL {
            f.forward(&x, &mut y).unwrap();
            assert_eq!(excite_candle::apply(&z, (*f).into())?.to_vec1::<F>()?, y, "{f} in {:?}", F::DTYPE);
            let variable = Var::from_tensor(&z)?;
            let gradients = (excite_candle::apply(&variable, (*f).into())? * &other)?.sum_all()?.backward()?;
            let mut dx = vec![F::default(); 60];
            f.backward(if f.slope_from() == SlopeFrom::Input { &x } else { &y }, &value, &mut dx).unwrap();
            assert_eq!(gradients.get(&variable).unwrap().to_vec1::<F>()?, dx, "{f} in {:?}", F::DTYPE);
        }
        for f in RowFunction::ALL {
            Engine::default().forward(&f.along(Rows::of(12)), &x, &mut y).unwrap();
            let ours = excite_candle::apply_along(&z.reshape((5, 12))?, 1, (*f).into())?;
            assert_eq!(ours.flatten_all()?.to_vec1::<F>()?, y, "{f} in {:?}", F::DTYPE);
        }
        for unit in Gate::ALL {
            unit.forward_on(Engine::default(), [&x, &value], &mut y).unwrap();
            assert_eq!(
                excite_candle::gated(&z, &other, (*unit).into())?.to_vec1::<F>()?,
                y,
                "{unit} in {:?}",
                F::DTYPE
            );
        }
        Ok(())
    }
    check::<f32>()?;
    check::<f64>()?;
    check::<half::f16>()?;
    check::<half::bf16>()
}

#[test]
fn what_does_not_fit_is_refused() -> Result<()> {
    let z = Tensor::zeros((2, 3), DType::F32, &Device::Cpu)?;
    assert!(excite_candle::apply_along(&z, 2, RowFunction::ALL[0].into()).is_err());
    let error = excite_candle::gated(&z, &z.t()?, Gate::SwiGlu.into()).unwrap_err().to_string();
    assert!(error.contains("`swiglu` of excite: the gate has the shape [2, 3] and the value [3, 2]"), "{error}");
    assert!(excite_candle::gated(&z, &z.to_dtype(DType::F64)?, Gate::SwiGlu.into()).is_err());
    let empty = Tensor::zeros((0, 3), DType::F32, &Device::Cpu)?;
    assert_eq!(excite_candle::apply_along(&empty, 0, RowFunction::ALL[0].into())?.dims(), [0, 3]);
    assert_eq!(excite_candle::gated(&empty, &empty, Gate::Glu.into())?.dims(), [0, 3]);
    Ok(())
}
