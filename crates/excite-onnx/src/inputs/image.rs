//! Pictures: PNG and JPEG.

use std::io::Cursor;

use image::{ImageReader, Limits, imageops::FilterType};

use crate::{Array, Element, ModelInput, Size, Values};

/// How pictures become numbers: (value / 255 − mean) / deviation, colour by colour. Inputs of bytes get the bytes themselves.
#[derive(Clone, Debug, PartialEq)]
pub struct Pictures {
    /// What is subtracted: of red, green and blue.
    pub mean: [f32; 3],
    /// What is divided by.
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

/// The widest and highest picture that is unpacked.
const LARGEST: u32 = 1 << 15;

/// Where a model wants the colours.
struct Layout {
    colours: usize,
    colours_last: bool,
    height: Option<usize>,
    width: Option<usize>,
}

pub(super) fn read(bytes: &[u8], input: &ModelInput, pictures: &Pictures) -> Result<Array, String> {
    let wanted =
        || format!("it is a picture, and the model wants {}; give the numbers in an .npz file", input.wanted());
    let layout = layout(input).ok_or_else(wanted)?;
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|error| error.to_string())?;
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(LARGEST), Some(LARGEST));
    reader.limits(limits);
    let picture = reader.decode().map_err(|error| format!("it is no picture that can be read ({error})"))?;
    let (default_height, default_width) =
        pictures.size.unwrap_or((picture.height() as usize, picture.width() as usize));
    let (height, width) = (layout.height.unwrap_or(default_height), layout.width.unwrap_or(default_width));
    // Its shorter side fits, and what is left of the longer one is cut off on both ends.
    let picture = picture.resize_to_fill(width as u32, height as u32, FilterType::Triangle);
    let pixels = if layout.colours == 1 { picture.to_luma8().into_raw() } else { picture.to_rgb8().into_raw() };
    let colours = layout.colours;
    let pixels: Vec<u8> = if layout.colours_last {
        pixels
    } else {
        (0..colours).flat_map(|colour| pixels.iter().skip(colour).step_by(colours).copied()).collect()
    };
    let shape = if layout.colours_last { vec![1, height, width, colours] } else { vec![1, colours, height, width] };
    let values = if input.element == Element::U8 {
        Values::U8(pixels)
    } else {
        let colour = |index: usize| if layout.colours_last { index % colours } else { index / (height * width) };
        let number = |(index, &value): (usize, &u8)| {
            let colour = colour(index);
            (f32::from(value) / 255.0 - pictures.mean[colour]) / pictures.deviation[colour]
        };
        Values::F32(pixels.iter().enumerate().map(number).collect())
    };
    Ok(Array { shape, values })
}

fn layout(input: &ModelInput) -> Option<Layout> {
    let [_, a, b, c] = &input.shape.as_deref()? else { return None };
    let colours = |size: &Size| match size {
        Size::Fixed(size @ (1 | 3)) => Some(*size),
        _ => None,
    };
    let fixed = |size: &Size| match size {
        Size::Fixed(size) => Some(*size),
        Size::Dynamic(_) => None,
    };
    if let Some(colours) = colours(a) {
        return Some(Layout { colours, colours_last: false, height: fixed(b), width: fixed(c) });
    }
    colours(c).map(|colours| Layout { colours, colours_last: true, height: fixed(a), width: fixed(b) })
}
