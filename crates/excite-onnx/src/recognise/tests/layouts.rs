//! Along which axis the units lie, and which layer feeds an activation.

use super::builder::{Attribute, Builder, input, observe};

fn units(builder: Builder, shape: &[usize]) -> usize {
    let seen = observe(&builder.model(), &input(shape));
    seen[0].shape[seen[0].unit_axis]
}

fn conv(builder: Builder) -> Builder {
    builder.weights("w", &[5, 3, 1, 1]).constant("b", &[5], &[0.1; 5]).node("Conv", &["x", "w", "b"], "c")
}

#[test]
fn channels_come_second_after_a_convolution_and_last_after_a_product() {
    let pictures = conv(Builder::new(&[-1, 3, 4, 6])).node("Relu", &["c"], "y");
    assert_eq!(units(pictures, &[2, 3, 4, 6]), 5);
    let sounds =
        Builder::new(&[-1, 3, 7]).weights("w", &[5, 3, 1]).node("Conv", &["x", "w"], "c").node("Relu", &["c"], "y");
    assert_eq!(units(sounds, &[2, 3, 7]), 5);
    let words =
        Builder::new(&[-1, 7, 3]).weights("w", &[3, 5]).node("MatMul", &["x", "w"], "m").node("Relu", &["m"], "y");
    assert_eq!(units(words, &[2, 7, 3]), 5);
    let normed = Builder::new(&[-1, 7, 3]).constant("s", &[3], &[1.0; 3]);
    let normed = normed.with("LayerNormalization", &["x", "s"], &["l"], vec![Attribute::Int("axis", -1)]);
    assert_eq!(units(normed.node("Relu", &["l"], "y"), &[2, 7, 3]), 3);
    assert_eq!(units(Builder::new(&[-1, 9]).node("Relu", &["x"], "y"), &[2, 9]), 9);
}

#[test]
fn transposed_channels_are_followed() {
    let to_last = |builder: Builder, from: &str| {
        builder.with("Transpose", &[from], &["last"], vec![Attribute::Ints("perm", &[0, 2, 3, 1])])
    };
    let builder = to_last(conv(Builder::new(&[-1, 3, 4, 6])), "c").node("Relu", &["last"], "y");
    let model = builder.model();
    let seen = observe(&model, &input(&[2, 3, 4, 6]));
    assert_eq!((&seen[0].shape[..], seen[0].unit_axis), (&[2, 4, 6, 5][..], 3));
    assert_eq!(model.sites()[0].layer.as_ref().unwrap().bias.as_deref(), Some("b"));
    // A bias that is added after it, and axes that come and go.
    let biased = to_last(conv(Builder::new(&[-1, 3, 4, 6])), "c").constant("more", &[5], &[0.5; 5]);
    assert_eq!(units(biased.node("Add", &["last", "more"], "s").node("Relu", &["s"], "y"), &[2, 3, 4, 6]), 5);
    let squeezed = conv(Builder::new(&[-1, 3, 1, 6])).integers("axes", &[2]).node("Squeeze", &["c", "axes"], "s");
    assert_eq!(units(squeezed.node("Relu", &["s"], "y"), &[2, 3, 1, 6]), 5);
    let unsqueezed = conv(Builder::new(&[-1, 3, 4, 6])).integers("axes", &[1]).node("Unsqueeze", &["c", "axes"], "s");
    assert_eq!(units(unsqueezed.node("Relu", &["s"], "y"), &[2, 3, 4, 6]), 5);
}

#[test]
fn the_layer_before_is_found_with_its_weights() {
    let builder = Builder::new(&[-1, 3]).weights("w", &[3, 5]).constant("b", &[5], &[0.5; 5]);
    let model =
        builder.node("MatMul", &["x", "w"], "m").node("Add", &["m", "b"], "s").node("Relu", &["s"], "y").model();
    let layer = model.sites()[0].layer.clone().unwrap();
    assert_eq!((layer.op.as_str(), layer.input.as_str()), ("MatMul", "x"));
    assert_eq!(model.constant(&layer.weights.unwrap()).unwrap().0, [3, 5]);
    assert_eq!(model.constant(&layer.bias.unwrap()).unwrap().1, [0.5; 5]);
    let residual =
        Builder::new(&[-1, 3]).node("Neg", &["x"], "n").node("Add", &["n", "x"], "s").node("Relu", &["s"], "y");
    assert_eq!(residual.model().sites()[0].layer, None);
}

#[test]
fn units_lie_where_the_weights_make_them() {
    let words = || Builder::new(&[-1, 7, 3]).weights("w", &[3, 6]);
    let heads = || words().node("MatMul", &["x", "w"], "m").integers("heads", &[0, 0, 2, 3]);
    let last = heads().node("Reshape", &["m", "heads"], "h").node("Relu", &["h"], "y");
    assert_eq!(units(last, &[2, 7, 3]), 6);
    let first = heads().node("Reshape", &["m", "heads"], "h");
    let first = first.with("Transpose", &["h"], &["t"], vec![Attribute::Ints("perm", &[0, 2, 1, 3])]);
    let seen = observe(&first.node("Relu", &["t"], "y").model(), &input(&[2, 7, 3]));
    assert_eq!((&seen[0].shape[..], seen[0].unit_axis), (&[2, 6, 7][..], 1));
    let columns = Builder::new(&[3, -1]).weights("w", &[5, 3]).node("MatMul", &["w", "x"], "m");
    assert_eq!(units(columns.node("Relu", &["m"], "y"), &[3, 4]), 5);
    let einsum = |equation| words().with("Einsum", &["x", "w"], &["m"], vec![Attribute::Text("equation", equation)]);
    assert_eq!(units(einsum("bti,io->bot").node("Relu", &["m"], "y"), &[2, 7, 3]), 6);
    assert_eq!(units(einsum("bti,io->bto").node("Relu", &["m"], "y"), &[2, 7, 3]), 6);
    let flat = conv(Builder::new(&[-1, 3, 4, 6])).integers("flat", &[0, 5, -1]).node("Reshape", &["c", "flat"], "f");
    let flat = flat.with("Transpose", &["f"], &["t"], vec![Attribute::Ints("perm", &[0, 2, 1])]);
    assert_eq!(units(flat.node("Relu", &["t"], "y"), &[2, 3, 4, 6]), 5);
}
