//! How pictures become numbers.

/// How pictures become numbers: (value / 255 − mean) / deviation, colour by colour. Inputs of bytes get the bytes themselves.
#[derive(Clone, Debug, PartialEq)]
pub struct Pictures {
    /// The mean to subtract: of red, green and blue.
    pub mean: [f32; 3],
    /// The deviation to divide by.
    pub deviation: [f32; 3],
    /// The height and width where the model leaves them open.
    pub size: Option<(usize, usize)>,
}

impl Default for Pictures {
    /// The mean 0 and the deviation 1.
    fn default() -> Self {
        Self { mean: [0.0; 3], deviation: [1.0; 3], size: None }
    }
}

impl Pictures {
    /// Those of ImageNet, which most networks for photographs were trained with.
    pub fn imagenet() -> Self {
        Self { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225], size: None }
    }
}
