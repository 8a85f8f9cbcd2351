//! Resize, as matrix products along each axis where the sizes are known: the engine has some of its modes alone.

use rten_onnx::onnx::NodeProto;

use super::super::integers;
use super::{Change, Known, Spelling, ends, refused};
use crate::Error;
use crate::graph::NodeExt;

/// Larger matrices are refused: they would take more memory than the tensors.
const LARGEST: i64 = 1 << 24;

/// How positions of the output lie among those of the input, and how values between them follow.
#[expect(clippy::struct_field_names, reason = "the attribute that gives the operator its form is called mode")]
struct Mode<'a> {
    mode: &'a str,
    coordinates: &'a str,
    nearest: &'a str,
    cubic: f64,
    antialias: bool,
    exclude_outside: bool,
    extrapolation: f64,
}

/// One axis that is resized.
struct Axis {
    index: usize,
    from: i64,
    to: i64,
    scale: f64,
    /// Where the part that is kept begins and ends, for `tf_crop_and_resize`.
    region: (f64, f64),
}

impl Axis {
    fn makes_no_whole_size(&self) -> bool {
        (self.from as f64 * self.scale - self.to as f64).abs() > 1e-4
    }
}

pub(super) fn resize(spelling: &mut Spelling, node: &mut NodeProto, known: &Known) -> Result<Change, Error> {
    if known.opset < 11 {
        // Version 10 is what Upsample was.
        node.op_type = Some("Upsample".to_owned());
        return Ok(Change::Keep);
    }
    let mode = Mode::of(node);
    if mode.is_native(node, known) {
        return Ok(Change::Keep);
    }
    let (x, output) = ends(node)?;
    let Some(axes) = axes(node, known).filter(|_| known.is_float(x)) else {
        let what = format!(
            "of mode {} with {}{} where the size of its input is open",
            mode.mode,
            mode.coordinates,
            if mode.mode == "nearest" { format!(" and {}", mode.nearest) } else { String::new() }
        );
        return Err(refused(node, &what));
    };
    if mode.coordinates == "align_corners" && axes.iter().any(Axis::makes_no_whole_size) {
        return Err(refused(
            node,
            "with align_corners by scales that make no whole size, where ONNX Runtime and ONNX differ",
        ));
    }
    let rank = known.rank(x).unwrap_or_default();
    let mut tensor = x.to_owned();
    for axis in axes.iter().filter(|axis| axis.from != axis.to || mode.coordinates == "tf_crop_and_resize") {
        if axis.from * axis.to > LARGEST {
            return Err(refused(node, "of that size in this mode"));
        }
        tensor = mode.along(spelling, &tensor, axis, rank);
    }
    spelling.last("Identity", &[&tensor], output, Vec::new());
    Ok(Change::Replaced)
}

/// The axes of a node, if all sizes are known.
fn axes(node: &NodeProto, known: &Known) -> Option<Vec<Axis>> {
    let shape = known.shape(node.input(0)?)?;
    let rank = shape.len() as i64;
    let named: Vec<i64> = match node.find_attribute("axes") {
        Some(axes) => axes.ints.iter().map(|&axis| if axis < 0 { axis + rank } else { axis }).collect(),
        None => (0..rank).collect(),
    };
    let values =
        |index: usize| node.input(index).and_then(|name| known.values(name)).filter(|values| !values.is_empty());
    let (scales, sizes) = (values(2), values(3));
    let given = scales.or(sizes)?;
    if given.len() != named.len() {
        return None;
    }
    // One scale for all axes, if the shape of the picture is to stay.
    let ratio = |(&axis, &size): (&i64, &f64)| Some(size / *shape.get(axis as usize).filter(|&&from| from > 0)? as f64);
    let kept = match node.text("keep_aspect_ratio_policy") {
        Some("not_larger") if scales.is_none() => Some(
            named.iter().zip(given).map(ratio).collect::<Option<Vec<_>>>()?.into_iter().fold(f64::INFINITY, f64::min),
        ),
        Some("not_smaller") if scales.is_none() => {
            Some(named.iter().zip(given).map(ratio).collect::<Option<Vec<_>>>()?.into_iter().fold(0.0, f64::max))
        }
        _ => None,
    };
    let region = values(1);
    let mut axes = Vec::new();
    for (place, (&index, &number)) in named.iter().zip(given).enumerate() {
        let from = *shape.get(usize::try_from(index).ok()?)?;
        let is_cropped = node.text("coordinate_transformation_mode") == Some("tf_crop_and_resize");
        // An axis of open size may stay as it is.
        let stays = scales.is_some() && number == 1.0 && !is_cropped;
        if from < 1 && !stays {
            return None;
        }
        let (to, scale) = match (scales, kept) {
            (Some(_), _) => ((from as f64 * number).floor() as i64, number),
            (None, Some(scale)) => ((from as f64 * scale).round() as i64, scale),
            (None, None) => (number as i64, number / from as f64),
        };
        let region = match region {
            Some(region) => (*region.get(place)?, *region.get(place + named.len())?),
            None => (0.0, 1.0),
        };
        if !stays {
            axes.push(Axis { index: index as usize, from, to, scale, region });
        }
    }
    Some(axes)
}

impl<'a> Mode<'a> {
    fn of(node: &'a NodeProto) -> Self {
        Self {
            mode: node.text("mode").unwrap_or("nearest"),
            coordinates: node.text("coordinate_transformation_mode").unwrap_or("half_pixel"),
            nearest: node.text("nearest_mode").unwrap_or("round_prefer_floor"),
            cubic: node.float("cubic_coeff_a", -0.75),
            antialias: node.int("antialias", 0) != 0,
            exclude_outside: node.int("exclude_outside", 0) != 0,
            extrapolation: node.float("extrapolation_value", 0.0),
        }
    }

    /// Whether the engine computes it as ONNX says.
    fn is_native(&self, node: &NodeProto, known: &Known) -> bool {
        let plain = !self.antialias
            && !self.exclude_outside
            && node.find_attribute("axes").is_none()
            && matches!(node.text("keep_aspect_ratio_policy"), None | Some("stretch"));
        let scales = node.input(2).and_then(|scales| known.values(scales)).filter(|scales| !scales.is_empty());
        let whole = match scales {
            Some(scales) => scales.iter().all(|scale| scale.fract() == 0.0),
            None => node.input(3).is_some(),
        };
        let coordinates = match self.coordinates {
            "half_pixel" | "asymmetric" | "pytorch_half_pixel" => true,
            // By other scales the engine has the corners of the rounded size meet.
            "align_corners" => whole,
            _ => false,
        };
        plain
            && coordinates
            && match self.mode {
                "nearest" => matches!(self.nearest, "floor" | "ceil" | "round_prefer_floor"),
                "linear" => true,
                _ => false,
            }
    }

    /// Resizes a tensor along one axis.
    fn along(&self, spelling: &mut Spelling, tensor: &str, axis: &Axis, rank: usize) -> String {
        let (weights, outside) = self.weights(axis);
        let last = rank - 1;
        let transposed = |weights: &[f32]| {
            let at = |place: usize| weights[place % axis.to as usize * axis.from as usize + place / axis.to as usize];
            (0..weights.len()).map(at).collect::<Vec<_>>()
        };
        let mut resized = if axis.index + 2 == rank {
            let matrix = spelling.floats(vec![axis.to, axis.from], weights);
            spelling.step("MatMul", &[&matrix, tensor])
        } else {
            let matrix = spelling.floats(vec![axis.from, axis.to], transposed(&weights));
            let mut order: Vec<i64> = (0..rank as i64).collect();
            order.swap(axis.index, last);
            let order = || vec![integers("perm", order.clone())];
            if axis.index == last {
                spelling.step("MatMul", &[tensor, &matrix])
            } else {
                let turned = spelling.with_attributes("Transpose", &[tensor], order());
                let product = spelling.step("MatMul", &[&turned, &matrix]);
                spelling.with_attributes("Transpose", &[&product], order())
            }
        };
        if outside.contains(&true) {
            let mut dims = vec![1; rank];
            dims[axis.index] = axis.to;
            let mask = spelling.floats(dims, outside.iter().map(|&outside| f32::from(u8::from(outside))).collect());
            let is_outside = spelling.with("Greater", &mask, 0.5);
            let value = spelling.number(self.extrapolation);
            resized = spelling.step("Where", &[&is_outside, &value, &resized]);
        }
        resized
    }

    /// The matrix of an axis, \[to, from\], and which positions lie outside of the input.
    fn weights(&self, axis: &Axis) -> (Vec<f32>, Vec<bool>) {
        let from = axis.from as usize;
        let mut weights = vec![0.0; from * axis.to as usize];
        let mut outside = vec![false; axis.to as usize];
        for (position, row) in weights.chunks_exact_mut(from).enumerate() {
            let x = self.origin(position, axis);
            outside[position] =
                self.coordinates == "tf_crop_and_resize" && !(0.0..=(axis.from - 1) as f64).contains(&x);
            let inside = |place: f64| place.clamp(0.0, (from - 1) as f64) as usize;
            if self.mode == "nearest" {
                let place = match self.nearest {
                    "floor" => x.floor(),
                    "ceil" => x.ceil(),
                    "round_prefer_ceil" => (x + 0.5).floor(),
                    _ => (x - 0.5).ceil(),
                };
                row[inside(place)] = 1.0;
                continue;
            }
            // A filter for fewer points than before is as much wider.
            let width = if self.antialias && axis.scale < 1.0 { axis.scale.recip() } else { 1.0 };
            let reach = width * if self.mode == "cubic" { 2.0 } else { 1.0 };
            let mut places = Vec::new();
            // From the point before on: of a point that is met exactly the next has the weight 0.
            let mut place = (x.floor() + (-reach).floor() + 1.0).floor();
            while place <= x.floor() + reach.ceil() {
                let weight = self.filter((place - x) / width);
                let is_inside = (0.0..=(from - 1) as f64).contains(&place);
                if is_inside || !self.exclude_outside {
                    places.push((inside(place), weight));
                }
                place += 1.0;
            }
            let sum: f64 = places.iter().map(|(_, weight)| weight).sum();
            let sum = if self.antialias || self.exclude_outside { sum } else { 1.0 };
            places.into_iter().for_each(|(place, weight)| row[place] += (weight / sum) as f32);
        }
        (weights, outside)
    }

    /// The weight of a point at a distance.
    fn filter(&self, distance: f64) -> f64 {
        let (x, a) = (distance.abs(), self.cubic);
        match self.mode {
            "cubic" if x <= 1.0 => ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0,
            "cubic" if x < 2.0 => ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a,
            "cubic" => 0.0,
            _ => (1.0 - x).max(0.0),
        }
    }

    /// Where a position of the output lies in the input: in f32, as ONNX Runtime has it, for it decides between two that are as near.
    fn origin(&self, position: usize, axis: &Axis) -> f64 {
        let (x, from, to, scale) = (position as f32, axis.from as f32, axis.to as f32, axis.scale as f32);
        let half_pixel = (x + 0.5) / scale - 0.5;
        f64::from(match self.coordinates {
            "asymmetric" => x / scale,
            "pytorch_half_pixel" | "align_corners" if axis.to <= 1 => 0.0,
            "align_corners" => x * (from - 1.0) / (to - 1.0),
            "half_pixel_symmetric" => from / 2.0 * (1.0 - to / (scale * from)) + (x + 0.5) / scale - 0.5,
            "tf_crop_and_resize" => {
                let (start, end) = (axis.region.0 as f32, axis.region.1 as f32);
                match axis.to {
                    ..=1 => 0.5 * (start + end) * (from - 1.0),
                    _ => start * (from - 1.0) + x * (end - start) * (from - 1.0) / (to - 1.0),
                }
            }
            _ => half_pixel,
        })
    }
}
