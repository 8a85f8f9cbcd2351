use super::*;

#[test]
fn every_name_and_alias_leads_back_to_its_function() {
    fn lead_back<E: Entry + FromStr<Err = ParseFunctionError> + PartialEq + fmt::Debug>() {
        for entry in &E::every() {
            for name in entry.names() {
                let read: E = name.parse().unwrap();
                assert_eq!(read.names(), entry.names(), "{name}");
                // A framework may have other defaults.
                let others = ["jax.nn.softplus", "keras.activations.softplus", "keras.layers.PReLU"];
                assert!(read == *entry || others.contains(&name), "{name}");
            }
        }
    }
    lead_back::<Function>();
    lead_back::<RowFunction>();
    lead_back::<Gate>();
    assert_eq!("SwiGLU".parse(), Ok(Gate::SwiGlu));
}

#[test]
fn the_folder_of_functions_and_the_catalogue_agree() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/functions");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|stem| stem != "mod")
        .collect();
    let mut names: Vec<_> = Function::ALL.iter().map(|f| f.name().to_owned()).collect();
    files.sort();
    names.sort();
    assert_eq!(files, names);
}

#[test]
fn an_unknown_name_is_refused_with_the_nearest_one_or_with_all() {
    let message = |text: &str| text.parse::<Function>().unwrap_err().to_string();
    #[cfg(feature = "std")]
    assert_eq!(message("sigmoyd"), "unknown activation function `sigmoyd`: did you mean `sigmoid`?");
    assert!(message("transformer").starts_with("unknown activation function `transformer`: choose one of identity, "));
}

#[test]
fn parameters_are_read_and_written() {
    let f: Function = "softplus(beta=2)".parse().unwrap();
    assert_eq!((f.parameter(0), f.parameter(1)), (Some(2.0), Some(20.0)));
    assert_eq!(f, "Softplus(2, 20)".parse().unwrap());
    assert_eq!(f.to_string(), "softplus(beta=2)");
    assert_eq!("relu()".parse::<Function>().unwrap().to_string(), "relu");
    assert_eq!("softmax(0.5)".parse::<RowFunction>().unwrap().to_string(), "softmax(0.5)");
}

/// All of a catalogue, as they are and with each of the parameters changed.
fn all_with_changes<E: Entry>() -> Vec<E> {
    let changed = E::every().into_iter().flat_map(|entry| {
        entry.parameters().iter().enumerate().map(move |(index, parameter)| {
            assert!((parameter.lowest..=parameter.highest).contains(&parameter.default), "{}", parameter.name);
            let mut values: Vec<f64> = entry.parameters().iter().map(|parameter| parameter.default).collect();
            values[index] = parameter.highest.min(7.5);
            entry.with_parameters(&values)
        })
    });
    E::every().into_iter().chain(changed.filter_map(Result::ok)).collect()
}

#[test]
fn what_is_written_is_read_back() {
    fn read_back<E: Entry + FromStr<Err = ParseFunctionError> + fmt::Display + PartialEq + fmt::Debug>() {
        for entry in all_with_changes::<E>() {
            assert_eq!(entry.to_string().parse(), Ok(entry));
        }
    }
    read_back::<Function>();
    read_back::<RowFunction>();
    read_back::<Gate>();
}

#[cfg(feature = "serde")]
#[test]
fn configurations_hold_the_names() {
    fn survive<E: Entry + serde::Serialize + serde::de::DeserializeOwned + fmt::Display + PartialEq + fmt::Debug>() {
        for entry in all_with_changes::<E>() {
            let json = serde_json::to_string(&entry).unwrap();
            assert_eq!(json, format!("\"{entry}\""));
            assert_eq!(serde_json::from_str::<E>(&json).unwrap(), entry);
        }
    }
    survive::<Function>();
    survive::<RowFunction>();
    survive::<Gate>();
    let error = serde_json::from_str::<Gate>("\"swigloo\"").unwrap_err().to_string();
    assert!(error.starts_with("unknown activation function `swigloo`: did you mean `swiglu`?"), "{error}");
}

#[test]
fn a_bad_parameter_is_refused_with_what_it_may_be() {
    let message = |text: &str| text.parse::<Function>().unwrap_err().to_string();
    assert_eq!(message("elu(-1)"), "elu cannot take the parameter `-1`: alpha must be a number from 0 to 1e30");
    assert_eq!(message("elu(alpha=1, Alpha=2)"), "elu cannot take the parameter `Alpha=2`: Alpha is given twice");
    assert_eq!(message("elu(1, alpha=1)"), "elu cannot take the parameter `alpha=1`: alpha is given twice");
    assert_eq!(message("relu(inplace=3)"), "relu cannot take the parameter `inplace=3`: inplace must be True or False");
    assert!(message("gelu(approximate=sigmoid)").ends_with("it has none"));
    assert_eq!(message("relu(3)"), "relu cannot take the parameter `3`: it has none");
    assert_eq!(message("leaky_relu(slope=1)"), "leaky_relu cannot take the parameter `slope=1`: it has negative_slope");
    assert!(
        message("leaky_relu(nan)").starts_with("leaky_relu cannot take the parameter `nan`: negative_slope must be")
    );
    assert!(message("leaky_relu(0.1, 2)").ends_with("it has negative_slope"));
}

#[test]
fn names_mean_what_their_framework_means() {
    for (text, meaning) in [
        ("nn.ReLU()", "relu"),
        ("nn.ReLU(True)", "relu"),
        ("torch.nn.ReLU(inplace=True)", "relu"),
        ("torch.nn.functional.relu_", "relu"),
        ("torch.ops.aten.hardtanh.default", "hard_tanh"),
        ("F.leaky_relu", "leaky_relu"),
        ("nn.LeakyReLU(0.2, True)", "leaky_relu(0.2)"),
        ("LeakyReLU(negative_slope=0.3, inplace=True)", "leaky_relu(0.3)"),
        ("PReLU(num_parameters=64)", "prelu"),
        ("nn.PReLU(64, init=0.1)", "prelu(0.1)"),
        ("nn.PReLU(64, 0.1)", "prelu(0.1)"),
        ("nn.Hardshrink(lambd=0.25)", "hard_shrink(0.25)"),
        ("GELU(approximate='tanh')", "gelu_tanh"),
        ("torch.nn.functional.gelu(approximate=\"tanh\")", "gelu_tanh"),
        ("nn.GELU('tanh')", "gelu_tanh"),
        ("nn.GELU(approximate='none')", "gelu"),
        ("gelu_pytorch_tanh", "gelu_tanh"),
        ("gelu_fast", "gelu_tanh"),
        ("GeluPytorchTanh", "gelu_tanh"),
        ("quick_gelu", "swish(1.702)"),
        ("QuickGELU", "swish(1.702)"),
        ("silu(beta=2)", "swish(2)"),
        ("jax.nn.gelu", "gelu_tanh"),
        ("flax.linen.gelu(approximate=False)", "gelu"),
        ("nn.gelu", "gelu_tanh"),
        ("jax.nn.leaky_relu", "leaky_relu"),
        ("jax.nn.softplus", "softplus(threshold=1e30)"),
        ("jax.lax.logistic", "sigmoid"),
        ("keras.activations.leaky_relu", "leaky_relu(0.2)"),
        ("tf.keras.activations.leaky_relu(negative_slope=0.1)", "leaky_relu(0.1)"),
        ("keras.layers.LeakyReLU", "leaky_relu(0.3)"),
        ("keras.layers.LeakyReLU(alpha=0.1, name='act')", "leaky_relu(0.1)"),
        ("keras.ops.gelu", "gelu_tanh"),
        ("keras.activations.gelu", "gelu"),
        ("keras.activations.softplus", "softplus(threshold=1e30)"),
        ("keras.activations.soft_shrink(threshold=0.25)", "soft_shrink(0.25)"),
        ("keras.layers.ReLU(6.0)", "relu_n(6)"),
        ("keras.layers.ReLU(max_value=6, negative_slope=0.0, threshold=0.0)", "relu_n(6)"),
        ("keras.layers.ReLU(negative_slope=0.1)", "leaky_relu(0.1)"),
        ("keras.layers.PReLU()", "prelu(0)"),
        ("tf.nn.relu", "relu"),
        ("tf.nn.leaky_relu", "leaky_relu(0.2)"),
        ("tf.nn.leaky_relu(alpha=0.1)", "leaky_relu(0.1)"),
        ("tf.nn.swish", "silu"),
        ("tensorflow.math.softplus", "softplus(threshold=1e30)"),
        ("HardSigmoid(1/6, 0.5)", "hard_sigmoid"),
        ("HardSigmoid(alpha=0.16666667, beta=0.5)", "hard_sigmoid"),
        ("nn.Hardsigmoid()", "hard_sigmoid"),
        ("excite.HardSigmoid", "hard_sigmoid"),
        ("onnx.Softplus", "softplus(threshold=1e30)"),
        ("Elu(alpha=2)", "elu(2)"),
    ] {
        let read = text.parse::<Function>().map(|f| f.to_string());
        assert_eq!(read.as_deref(), Ok(meaning), "{text}");
    }
    assert_eq!("nn.Softmax(dim=-1)".parse::<RowFunction>().unwrap().to_string(), "softmax");
    assert_eq!("torch.nn.functional.glu".parse::<Gate>(), Ok(Gate::Glu));
}

#[test]
fn what_cannot_be_meant_is_refused_with_why() {
    let message = |text: &str| text.parse::<Function>().unwrap_err().to_string();
    for (text, expected) in [
        ("leaky_relu(0.1", "`leaky_relu(0.1`: the bracket `(` is not closed"),
        ("relu)", "`relu)`: a closing bracket without an opening one"),
        ("elu(1)(2", "`elu(1)(2`: the bracket `(` is not closed"),
        ("relu() 3", "`relu() 3`: nothing may follow the closing bracket"),
        (
            "swiglu",
            "`swiglu` is a gated unit, which takes two inputs (`Gate`), not a function of one number (`Function`)",
        ),
        (
            "torch.nn.Softmax(dim=1)",
            "`torch.nn.Softmax` is a function of whole rows (`RowFunction`), not a function of one number (`Function`)",
        ),
    ] {
        assert_eq!(message(text), expected);
    }
    #[cfg(feature = "std")]
    assert_eq!(message("torch.nn.Rleu"), "unknown activation function `torch.nn.Rleu`: did you mean `relu`?");
    for text in ["HardSigmoid", "onnx.HardSigmoid", "HardSigmoid(alpha=0.2)", "HardSigmoid(0.1666667, 0.4)"] {
        assert!(message(text).contains("by default with an alpha of 0.2"), "{text}");
    }
    assert!("elsewhere.relu".parse::<Function>().is_err());
    let axis = "nn.Softmax(1)".parse::<RowFunction>().unwrap_err().to_string();
    assert!(axis.ends_with("the axis is chosen where the function is called: leave it out, or write -1"), "{axis}");
    assert_eq!(
        "silu".parse::<Gate>().unwrap_err().to_string(),
        "`silu` is a function of one number (`Function`), not a gated unit, which takes two inputs (`Gate`)"
    );
}

#[test]
fn parameters_that_contradict_each_other_are_refused() {
    let message = |text: &str| text.parse::<Function>().unwrap_err().to_string();
    assert_eq!(
        message("hard_tanh(min_val=2, max_val=1)"),
        "hard_tanh cannot take the parameter `min_val=2, max_val=1`: min_val must not be above max_val"
    );
    // Above the default of the other, but not above what it is set to.
    assert_eq!("hard_tanh(2, 3)".parse::<Function>().unwrap().parameter(0), Some(2.0));
    assert!(crate::HardTanh::new(1.0, -1.0).is_err());
    assert!(crate::LeakyRelu::new(f64::NAN).is_err());
}
