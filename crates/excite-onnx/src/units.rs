//! Values laid out so that one axis holds the units.

use std::borrow::Cow;

use crate::site::UnitAxis;

/// Values, and the axis of their units.
pub(crate) struct LaidOut<'a> {
    pub shape: Vec<usize>,
    pub unit_axis: usize,
    pub z: Cow<'a, [f32]>,
    pub a: Cow<'a, [f32]>,
}

/// Two axes of units, such as heads and what lies within a head, become one; None for a single number. The others stay as they are.
pub(crate) fn lay_out<'a>(
    axis: UnitAxis,
    shape: Vec<usize>,
    z: Cow<'a, [f32]>,
    a: Cow<'a, [f32]>,
) -> Option<LaidOut<'a>> {
    let (first, second) = match axis {
        UnitAxis::Two(first, second) if first.max(second) < shape.len() && first != second => (first, second),
        axis => return Some(LaidOut { unit_axis: axis.of(shape.len())?, shape, z, a }),
    };
    let mut order: Vec<usize> = (0..shape.len()).filter(|&axis| axis != second).collect();
    let place = order.iter().position(|&axis| axis == first)?;
    order.insert(place + 1, second);
    let (z, a) = (transposed(&shape, &order, z), transposed(&shape, &order, a));
    let mut merged: Vec<usize> = order.iter().map(|&axis| shape[axis]).collect();
    merged[place] *= merged.remove(place + 1);
    Some(LaidOut { unit_axis: place, shape: merged, z, a })
}

/// The values with their axes in another order; empty ones stay.
fn transposed<'a>(shape: &[usize], order: &[usize], values: Cow<'a, [f32]>) -> Cow<'a, [f32]> {
    if order.is_sorted() || values.is_empty() {
        return values;
    }
    let stride = |axis: usize| shape[axis + 1..].iter().product::<usize>();
    let (extents, strides): (Vec<usize>, Vec<usize>) = order.iter().map(|&axis| (shape[axis], stride(axis))).unzip();
    let mut index = vec![0; order.len()];
    let mut from = 0;
    let mut moved = Vec::with_capacity(values.len());
    for _ in 0..values.len() {
        moved.push(values[from]);
        for axis in (0..index.len()).rev() {
            index[axis] += 1;
            from += strides[axis];
            if index[axis] < extents[axis] {
                break;
            }
            from -= extents[axis] * strides[axis];
            index[axis] = 0;
        }
    }
    Cow::Owned(moved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_and_what_lies_within_them_become_one_axis() {
        // [2, 3, 2]: heads first, positions in the middle.
        let z: Vec<f32> = (0..12_u8).map(f32::from).collect();
        let out = lay_out(UnitAxis::Two(0, 2), vec![2, 3, 2], z.into(), Cow::default()).unwrap();
        assert_eq!((out.shape, out.unit_axis), (vec![4, 3], 0));
        assert_eq!(*out.z, [0.0, 2.0, 4.0, 1.0, 3.0, 5.0, 6.0, 8.0, 10.0, 7.0, 9.0, 11.0]);
        let z: Vec<f32> = vec![0.0; 12];
        let out = lay_out(UnitAxis::Two(1, 2), vec![2, 3, 2], z.into(), Cow::default()).unwrap();
        assert_eq!((out.shape, out.unit_axis), (vec![2, 6], 1));
    }
}
