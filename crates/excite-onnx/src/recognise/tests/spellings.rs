//! The same functions in spellings of many kinds: what is found, with which parameters, and of which tensor.

use super::builder::{Attribute, Builder, flat, found};

/// Nodes as `op input input > output`, one a line; inputs that are numbers become constants. The first lines may read `x`.
fn spelled(text: &str) -> Builder {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).fold(flat(), |builder, line| {
        let (node, output) = line.split_once(" > ").unwrap();
        let (op, inputs) = node.split_once(' ').unwrap();
        let inputs: Vec<&str> = inputs.split(' ').collect();
        let constants = inputs.iter().filter_map(|input| Some((input, input.parse::<f32>().ok()?)));
        let builder = constants.fold(builder, |builder, (name, value)| {
            let known = builder.graph.initializer.iter().any(|tensor| tensor.name.as_deref() == Some(name));
            if known { builder } else { builder.number(name, value) }
        });
        builder.node(op, &inputs, output)
    })
}

#[track_caller]
fn is(expected: &str, text: &str) {
    assert_eq!(found(spelled(text)), [expected], "{text}");
}

#[test]
fn gelu_in_any_order_is_gelu() {
    is("x gelu Output", "Neg x > n \n Div n 1.4142135 > i \n Erf i > e \n Sub 1 e > u \n Mul 0.5 x > h \n Mul h u > y");
    is("x gelu Output", "Mul x 0.70710678 > i \n Erf i > e \n Mul e 0.5 > h \n Add 0.5 h > c \n Mul c x > y");
    is("x gelu Output", "Div x 1.4142135 > i \n Erf i > e \n Mul x 0.5 > h \n Mul h e > m \n Add m h > y");
    is("x gelu Output", "Sqrt 2 > r \n Div x r > i \n Erf i > e \n Sum e 1 > u \n Mul u x > m \n Div m 2 > y");
    // The tanh form, as a sigmoid.
    is(
        "x gelu_tanh Output",
        "Mul x x > s \n Mul s x > c \n Mul c 0.044715 > k \n Add x k > i \n Mul i 1.5957691 > j \n Sigmoid j > g \n Mul x g > y",
    );
    // Twice of it, as a product with 1 + erf is.
    is("x gelu Output", "Div x 1.4142135 > i \n Erf i > e \n Add e 1 > u \n Mul u x > y");
}

#[test]
fn exponentials_make_up_what_they_do() {
    is("x silu Output", "Neg x > n \n Exp n > e \n Add e 1 > d \n Div x d > y");
    is("x silu Output", "Neg x > n \n Exp n > e \n Add 1 e > d \n Reciprocal d > r \n Mul r x > y");
    is("x sigmoid Output", "Neg x > n \n Exp n > e \n Add e 1 > d \n Div 1 d > y");
    is("x sigmoid Output", "Mul x 0.5 > h \n Tanh h > t \n Add t 1 > u \n Mul 0.5 u > y");
    is("x tanh Output", "Mul x 2 > d \n Sigmoid d > s \n Mul s 2 > t \n Sub t 1 > y");
    is("x tanh Output", "Exp x > p \n Neg x > n \n Exp n > q \n Sub p q > a \n Add p q > b \n Div a b > y");
    is("x softplus Output", "Exp x > e \n Add e 1 > u \n Log u > y");
    is(
        "x softplus Output",
        "Abs x > a \n Neg a > n \n Exp n > e \n Add e 1 > u \n Log u > l \n Max x 0 > r \n Add r l > y",
    );
    is("x softplus(beta=3) Output", "Mul x 3 > m \n Softplus m > s \n Div s 3 > y");
    is("x log_sigmoid Output", "Neg x > n \n Softplus n > s \n Neg s > y");
    is("x mish Output", "Exp x > e \n Add e 1 > u \n Log u > l \n Tanh l > t \n Mul t x > y");
    is("x swish(1.702) Output", "Mul x 1.702 > m \n Sigmoid m > s \n Mul s x > y");
    is("x snake(2) Output", "Mul x 2 > m \n Sin m > s \n Mul s s > q \n Div q 2 > h \n Add x h > y");
    is("x squareplus Output", "Mul x x > s \n Add s 4 > t \n Sqrt t > r \n Add x r > a \n Mul a 0.5 > y");
}

#[test]
fn choices_and_bounds_make_up_rectifiers() {
    is("x relu Output", "Greater x 0 > g \n Where g x 0 > y");
    is("x relu Output", "Abs x > a \n Add a x > s \n Mul 0.5 s > y");
    is("x relu6 Output", "Relu x > r \n Min r 6 > y");
    is("x relu6 Output", "Min x 6 > m \n Max 0 m > y");
    is("x hard_tanh Output", "Max x -1 > m \n Min 1 m > y");
    is("x hard_tanh(min_val=-2, max_val=0.5) Output", "Clip x -2 0.5 > y");
    is("x leaky_relu(0.1) Output", "GreaterOrEqual x 0 > g \n Mul x 0.1 > m \n Where g x m > y");
    is("x leaky_relu(0.3) Output", "Relu x > p \n Neg x > n \n Relu n > q \n Mul q -0.3 > r \n Add p r > y");
    is("x squared_relu Output", "Relu x > r \n Mul r r > y");
    is("x thresholded_relu(2.03) Output", "GreaterOrEqual x 2.03 > g \n Where g x 0 > y");
    is("x threshold(threshold=1, value=-5) Output", "Greater x 1 > g \n Where g x -5 > y");
    is("x hard_shrink(0.75) Output", "Abs x > a \n Greater a 0.75 > g \n Where g x 0 > y");
    is("x soft_shrink(0.25) Output", "Abs x > a \n Sub a 0.25 > s \n Relu s > r \n Sign x > g \n Mul g r > y");
    is("x tanh_shrink Output", "Tanh x > t \n Sub x t > y");
    is("x celu(2) Output", "Div x 2 > h \n Elu h > e \n Mul e 2 > y");
    is("x elu Output", "Min x 0 > m \n Exp m > e \n Sub e 1 > n \n Relu x > r \n Add r n > y");
    is("x hard_swish Output", "Add x 3 > s \n Relu s > r \n Min r 6 > m \n Mul x m > p \n Mul p 0.16666667 > y");
}

#[test]
fn z_and_the_result_are_as_near_to_the_bend_as_can_be() {
    // A bias and a factor before it are the layer's, and those after it the next one's.
    is("z tanh Hidden", "Mul x 0.6666667 > m \n Add m 1 > z \n Tanh z > a \n Mul a 1.7159 > y");
    is("z relu Hidden", "Mul x 2 > m \n Add m 1 > z \n Max 0 z > a \n Mul a 3 > b \n Add b 1 > y");
    is("x elu Hidden", "Elu x > e \n Add e 1 > y");
    // Without any such z the factor is the function's own: ln(½·eˣ + ½) is softplus − ln 2.
    is("x softplus Output", "Exp x > e \n Mul e 0.5 > h \n Add h 0.5 > u \n Log u > y");
}

#[test]
fn what_two_tensors_make_is_a_gate_and_what_is_gated() {
    // SwiGLU with its factors in two orders; in the second no tensor holds the SiLU.
    let text = "ReduceMax x > big \n Mul x big > b \n Sigmoid x > s \n Mul x s > a \n Mul a b > y";
    assert_eq!(found(spelled(text)), ["x silu Hidden"]);
    let text = "Softmax x > b \n Mul b x > m \n Sigmoid x > s \n Mul m s > y";
    assert_eq!(found(spelled(text))[1..], ["x silu Hidden"]);
}

#[test]
fn other_curves_are_not_taken_for_functions() {
    let none = |text: &str| assert_eq!(found(spelled(text)), Vec::<String>::new(), "{text}");
    none("Abs x > y");
    none("Mul x x > y");
    none("Min x 6 > y");
    none("Max x 0.000001 > y");
    none("Exp x > e \n Mul e x > y");
    none("Relu x > r \n Add r 0.00001 > s \n Sqrt s > y");
    none("Greater x 0 > g \n Not g > y");
    none("Mul x 2 > m \n Add m 1 > y");
    // A near miss is the part of it that is a function.
    is("s relu6 Hidden", "Add x 2 > s \n Clip s 0 6 > c \n Mul x c > m \n Div m 6 > y");
}

#[test]
fn each_unit_has_its_own_parameters() {
    let slopes = [0.0, 0.5, 1.0];
    let keras = flat().constant("minus", &[3], &slopes.map(|slope| -slope)).node("Relu", &["x"], "p");
    let keras = keras.node("Neg", &["x"], "n").node("Relu", &["n"], "q").node("Mul", &["q", "minus"], "m");
    let keras = keras.node("Add", &["p", "m"], "y");
    let channels = Builder::new(&[-1, 3, 4]).constant("slopes", &[3, 1], &slopes).node("PRelu", &["x", "slopes"], "y");
    for (builder, axis) in [(keras, crate::UnitAxis::Back(0)), (channels, crate::UnitAxis::Back(1))] {
        let model = builder.model();
        let site = &model.sites()[0];
        let found: Vec<f64> = site.unit_functions.iter().map(|f| f.parameter(0).unwrap()).collect();
        assert_eq!((site.function.name(), found, site.unit_axis), ("prelu", slopes.map(f64::from).to_vec(), axis));
    }
    let zeros = flat().constant("zeros", &[3], &[0.0; 3]).node("Max", &["x", "zeros"], "y");
    assert_eq!(found(zeros), ["x relu Output"]);
    let snake = flat().constant("a", &[3], &[1.0, 2.0, 0.5]).node("Mul", &["x", "a"], "m").node("Sin", &["m"], "s");
    let snake = snake.node("Mul", &["s", "s"], "q").node("Div", &["q", "a"], "d").node("Add", &["x", "d"], "y").model();
    let found: Vec<String> = snake.sites()[0].unit_functions.iter().map(ToString::to_string).collect();
    assert_eq!(found, ["snake", "snake(2)", "snake(0.5)"]);
}

#[test]
fn constants_that_nodes_make_are_constants() {
    let builder = flat().number("zero", 0.0).integers("six", &[6]);
    let builder = builder.with("Cast", &["six"], &["six.float"], vec![Attribute::Int("to", 1)]);
    let builder = builder.node("ReduceMax", &["six.float"], "high").node("Squeeze", &["high"], "high.0");
    assert_eq!(found(builder.node("Clip", &["x", "zero", "high.0"], "y")), ["x relu6 Output"]);
    let like = flat().number("one", 1.0).node("CastLike", &["one", "x"], "k").node("Neg", &["x"], "n");
    let like = like.node("Exp", &["n"], "e").node("Add", &["e", "k"], "d").node("Div", &["k", "d"], "y");
    assert_eq!(found(like), ["x sigmoid Output"]);
    let zeros = flat().node("Shape", &["x"], "shape").node("ConstantOfShape", &["shape"], "zeros");
    assert_eq!(found(zeros.node("Max", &["x", "zeros"], "y")), ["x relu Output"]);
}

#[test]
fn quantising_from_0_up_is_a_relu_unless_nothing_negative_comes_in() {
    let start =
        || flat().number("scale", 0.0625).byte("zero", 0).weights("w", &[3, 3]).node("MatMul", &["x", "w"], "z");
    let quantised = |builder: Builder, from: &str| {
        let builder = builder.node("QuantizeLinear", &[from, "scale", "zero"], "q");
        builder.node("DequantizeLinear", &["q", "scale", "zero"], "y")
    };
    let model = quantised(start(), "z").model();
    let found: Vec<_> =
        model.sites().iter().map(|site| (site.pre_activation.as_str(), site.function.to_string())).collect();
    assert_eq!(found, [("z", "relu_n(15.9375)".to_owned())]);
    let relu = quantised(start().node("Relu", &["z"], "r"), "r").model();
    assert_eq!((relu.sites().len(), relu.sites()[0].function.name()), (1, "relu"));
    let pooled = start().node("Sigmoid", &["z"], "r").integers("shape", &[3, 2]).node("Reshape", &["r", "shape"], "s");
    assert_eq!(quantised(pooled, "s").model().sites().len(), 1);
}
