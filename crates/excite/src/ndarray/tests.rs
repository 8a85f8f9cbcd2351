use ::ndarray::{Array, Array0, Array1, Array2, Array3, ArrayD, IxDyn, ShapeBuilder, s};

use super::*;
use crate::{Function, Gelu, RowFunction, Sigmoid, Softmax, Sparsemax, Tanh};

/// Numbers in no order, some of them beyond saturation.
fn numbers(shape: (usize, usize, usize)) -> Array3<f32> {
    let mut next = 0_u32;
    Array::from_shape_simple_fn(shape, || {
        next = next.wrapping_mul(1664525).wrapping_add(1013904223);
        (f64::from(next) / 4294967296.0 * 24.0 - 12.0) as f32
    })
}

/// Checks all that is done element by element, on an array in any layout, against single values.
fn check_elements(x: &ArrayRef<f32, IxDyn>) {
    let engine = Engine::default();
    let expected = x.mapv(|x| Gelu.value(x));
    let slopes = x.mapv(|x| Gelu.slope(x));
    let dy = x.mapv(|x| x + 0.5);
    let dx_expected = Array::from_shape_fn(x.raw_dim(), |i| {
        let mut dx = [0.0];
        engine.backward(&Gelu, &[x[&i]], &[dy[&i]], &mut dx).unwrap();
        dx[0]
    });
    assert_eq!(slopes.shape(), x.shape());
    for fortran in [false, true] {
        let mut y = ArrayD::zeros(x.raw_dim().set_f(fortran));
        Gelu.forward_array(engine, x, &mut y).unwrap();
        assert_eq!(y, expected);
        y.fill(0.0);
        Function::from(Gelu).forward_array(engine, x, &mut y).unwrap();
        assert_eq!(y, expected);
        let mut dx = ArrayD::zeros(x.raw_dim().set_f(fortran));
        Gelu.backward_array(engine, x, &dy, &mut dx).unwrap();
        assert_eq!(dx, dx_expected);
        Function::from(Gelu).backward_array(engine, x, &dy, &mut dx).unwrap();
        assert_eq!(dx, dx_expected);
        let mut z = ArrayD::zeros(x.raw_dim().set_f(fortran));
        z.assign(x);
        Gelu.forward_array_in_place(engine, &mut z);
        assert_eq!(z, expected);
    }
}

/// The views of an array that differ in layout.
fn views(x: &Array3<f32>) -> Vec<ArrayView<'_, f32, IxDyn>> {
    let mut swapped = x.view();
    swapped.swap_axes(0, 1);
    [
        x.view(),
        x.t(),
        swapped,
        x.slice(s![..;-1, .., ..]),
        x.slice(s![..;-1, ..;-1, ..;-1]),
        x.slice(s![.., 1..3, ..;2]),
        x.slice(s![1..2, .., ..]),
        x.slice(s![.., 0..0, ..]),
    ]
    .into_iter()
    .map(ArrayView::into_dyn)
    .collect()
}

#[test]
fn arrays_of_any_layout_give_what_single_values_give() {
    // Whole blocks, tails, and more than a piece.
    for shape in [(2, 4, 7), (5, 6, 130)] {
        let x = numbers(shape);
        for view in views(&x) {
            check_elements(&view);
        }
    }
    let row = Array1::from_iter((0..100).map(|i| i as f32 / 10.0 - 5.0));
    check_elements(&row.broadcast((3, 100)).unwrap().into_dyn());
    check_elements(&Array0::from_elem((), 1.5).view().into_dyn());
    let fortran = Array2::from_shape_vec((20, 30).f(), (0..600).map(|i| i as f32 / 100.0 - 3.0).collect()).unwrap();
    check_elements(&fortran.view().into_dyn());
    check_elements(&fortran.slice(s![3.., ..;3]).into_dyn());
}

#[test]
fn what_lies_between_is_left_alone_in_place() {
    let x = numbers((4, 8, 9));
    let mut changed = x.clone();
    Tanh.forward_array_in_place(Engine::default(), &mut changed.slice_mut(s![..;-2, 1..5, ..;3]));
    let mut inside = Array3::from_elem(x.raw_dim(), false);
    inside.slice_mut(s![..;-2, 1..5, ..;3]).fill(true);
    for (index, &inside) in inside.indexed_iter() {
        assert_eq!(changed[index], if inside { Tanh.value(x[index]) } else { x[index] });
    }
}

#[test]
fn rows_along_any_axis_of_any_layout_give_what_each_row_gives() {
    let engine = Engine::default();
    let x = numbers((3, 5, 70));
    for view in views(&x) {
        for axis in (0..3).map(Axis) {
            for f in [RowFunction::from(Softmax::default()), Sparsemax::default().into()] {
                let mut expected = ArrayD::zeros(view.raw_dim());
                let mut dx_expected = ArrayD::zeros(view.raw_dim());
                let dy = view.mapv(f32::sin);
                let lanes = view.lanes(axis).into_iter().zip(dy.lanes(axis));
                let outputs = expected.lanes_mut(axis).into_iter().zip(dx_expected.lanes_mut(axis));
                for ((x, dy), (mut y, mut dx)) in lanes.zip(outputs) {
                    let (mut of_row, mut by_row) = (vec![0.0; x.len()], vec![0.0; x.len()]);
                    let rows = Rows::of(x.len());
                    engine.forward(&f.along(rows), &x.to_vec(), &mut of_row).unwrap();
                    engine.backward(&f.along(rows), &of_row, &dy.to_vec(), &mut by_row).unwrap();
                    y.assign(&Array1::from(of_row));
                    dx.assign(&Array1::from(by_row));
                }
                for fortran in [false, true] {
                    let mut y = ArrayD::zeros(view.raw_dim().set_f(fortran));
                    f.forward_along(engine, axis, &view, &mut y).unwrap();
                    assert_eq!(y, expected, "{f} along {axis:?} of {:?}", view.strides());
                    let mut dx = ArrayD::zeros(view.raw_dim().set_f(fortran));
                    f.backward_along(engine, axis, &y, &dy, &mut dx).unwrap();
                    assert_eq!(dx, dx_expected, "{f} along {axis:?} of {:?}", view.strides());
                }
            }
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let engine = Engine::default();
    let (x, mut y) = (Array2::<f32>::zeros((2, 3)), Array2::zeros((3, 2)));
    let error = Sigmoid.forward_array(engine, &x, &mut y).unwrap_err();
    assert_eq!(
        error.to_string(),
        "array `y` has the shape [3, 2] where the input has [2, 3]: broadcast or reshape it first"
    );
    assert!(matches!(Sigmoid.backward_array(engine, &x, &x, &mut y), Err(ArrayError::Shape { array: "dx", .. })));
    let dy = y.clone();
    let mut dx = x.clone();
    assert!(matches!(Sigmoid.backward_array(engine, &x, &dy, &mut dx), Err(ArrayError::Shape { array: "dy", .. })));
    let error = Softmax::default().forward_along(engine, Axis(2), &x, &mut dx).unwrap_err();
    assert_eq!(error.to_string(), "there is no axis 2 in an array of 2: axes are counted from 0");
    let mut single = Array0::<f32>::zeros(());
    let error = Softmax::default().forward_along(engine, Axis(0), &Array0::zeros(()), &mut single);
    assert_eq!(error, Err(ArrayError::Axis { axis: 0, axes: 0 }));
}
