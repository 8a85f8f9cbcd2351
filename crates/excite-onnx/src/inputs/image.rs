//! Pictures: PNG and JPEG.

use std::io::Cursor;

use image::{ImageReader, Limits, imageops::FilterType};

use super::Pictures;
use crate::{Array, Element, ModelInput, Size, Values};

/// The widest and highest picture that is unpacked.
const LARGEST: u32 = 1 << 15;

/// The most pixels of a picture while it is scaled.
const MOST: u128 = 1 << 26;

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
    check_scaled([picture.width() as usize, picture.height() as usize], [width, height])?;
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

/// Refuses what cannot be scaled within memory: a model may declare any size, and a strip of one pixel's width fills a square only by
/// becoming very long. Both are given as width and height.
fn check_scaled(picture: [usize; 2], wanted: [usize; 2]) -> Result<(), String> {
    let [width, height] = picture.map(|side| side as u128);
    let [wanted_width, wanted_height] = wanted.map(|side| side as u128);
    // Scaling by the larger of the two ratios, rounded up.
    let (scaled_width, scaled_height) = if wanted_width * height > wanted_height * width {
        (wanted_width, (height * wanted_width).div_ceil(width))
    } else {
        ((width * wanted_height).div_ceil(height), wanted_height)
    };
    // The height is scaled first.
    let largest = scaled_height.saturating_mul(width.max(scaled_width));
    if largest > MOST || wanted.contains(&0) {
        return Err(format!(
            "a picture of {width} × {height} pixels cannot be made one of {wanted_width} × {wanted_height}; scale it yourself"
        ));
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture for a model of colours × height × width.
    fn scaled(picture: [u32; 2], height: usize, width: usize) -> Result<Vec<usize>, String> {
        let mut bytes = Cursor::new(Vec::new());
        image::RgbImage::new(picture[0], picture[1]).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        let shape = [1, 3, height, width].map(Size::Fixed).to_vec();
        let input =
            ModelInput { name: "x".into(), element: Element::Float, data_type: "float".into(), shape: Some(shape) };
        read(&bytes.into_inner(), &input, &Pictures::default()).map(|array| array.shape)
    }

    #[test]
    fn what_would_not_fit_into_memory_is_refused() {
        assert_eq!(scaled([1, 1], 4, 4), Ok(vec![1, 3, 4, 4]));
        assert_eq!(scaled([1, 300], 224, 224), Ok(vec![1, 3, 224, 224]));
        let refused = |picture, height, width| scaled(picture, height, width).unwrap_err();
        assert_eq!(
            refused([1, 30000], 224, 224),
            "a picture of 1 × 30000 pixels cannot be made one of 224 × 224; scale it yourself"
        );
        assert!(refused([30000, 1], 224, 224).contains("cannot be made"));
        assert!(refused([2, 2], 1 << 20, 1 << 20).contains("cannot be made"));
        assert!(refused([2, 2], usize::MAX, usize::MAX).contains("cannot be made"));
        assert!(refused([2, 2], 0, 4).contains("cannot be made"));
    }
}
