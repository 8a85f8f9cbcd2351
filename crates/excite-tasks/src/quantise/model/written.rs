//! The recommended setting as files: a model with quantised tensors, overrides for a tool, a table.

use std::fmt::Write;

use excite_onnx::{ModelFile, TensorCodes};
use serde_json::{Value, json};

use super::decide::Decision;
use super::{ModelQuantisation, QuantiseOptions};
use crate::quantisation::LayerFormat;
use crate::quantise::FormatsFile;
use crate::{Error, NamedModel};

/// What writing the model takes beside the record.
pub(super) struct Written {
    path: Option<std::path::PathBuf>,
    /// The tensors, each with its codes.
    tensors: Vec<(String, TensorCodes)>,
    weight_bits: Option<u32>,
}

impl Written {
    pub fn of(model: &NamedModel, options: &QuantiseOptions, decision: &Decision) -> Self {
        let formats = decision.recommended.iter().flat_map(|recommended| &recommended.layers);
        let of_layer = |format: &LayerFormat| -> Vec<(String, TensorCodes)> {
            let names = model.model().site_names();
            let Some(first) = names.iter().position(|name| *name == format.layer) else { return Vec::new() };
            let same = model
                .model()
                .replaceable()
                .iter()
                .filter(|&&site| model.model().layer_of(site) == model.model().layer_of(first));
            same.map(|&site| {
                (model.model().sites()[site].output.clone(), codes(format, model.model().sites()[site].result))
            })
            .collect()
        };
        Self {
            path: model.origin().map(|(path, _)| path.to_owned()),
            tensors: formats.flat_map(of_layer).collect(),
            weight_bits: options.weight_bits,
        }
    }
}

fn codes(format: &LayerFormat, result: excite_onnx::Affine) -> TensorCodes {
    TensorCodes {
        scale: format.scale as f32,
        zero_point: format.zero_point as i32,
        least: format.least_code as i32,
        largest: format.largest_code as i32,
        result,
    }
}

impl ModelQuantisation {
    /// The model as an ONNX file with the recommended setting: QuantizeLinear and DequantizeLinear after each activation, and weights in
    /// integers where they were quantised. Whoever runs it computes what was simulated.
    ///
    /// # Errors
    /// If nothing was simulated, or the model was not read from a file, or cannot be read again.
    pub fn quantised_model(&self) -> Result<Vec<u8>, Error> {
        self.recommended()?;
        let Some(path) = &self.written.path else {
            return Err(Error::NotWritable { why: "the model was given without a file; give its path".to_owned() });
        };
        let mut file = ModelFile::open(path)?;
        if let Some(bits) = self.written.weight_bits {
            file.store_weights(&file.weights(bits));
        }
        for (tensor, codes) in &self.written.tensors {
            file.quantise_tensor(tensor, codes)?;
        }
        Ok(file.to_bytes()?)
    }

    /// The recommended formats as a file that [`FormatsFile::read`] reads back.
    ///
    /// # Errors
    /// If nothing was simulated.
    pub fn formats_file(&self) -> Result<FormatsFile, Error> {
        Ok(FormatsFile::of(&self.record.model, self.recommended()?))
    }

    /// The recommended formats as ONNX Runtime's quantiser takes them, in its extra option `TensorQuantOverrides`: by the names of the
    /// tensors, as JSON. `quant_type` is the name of a `QuantType`. It has types of 8 and of 16 bits alone; codes of other widths are those
    /// of the next larger type, of which only a part occurs.
    ///
    /// # Errors
    /// If nothing was simulated.
    pub fn tensor_quant_overrides(&self) -> Result<Value, Error> {
        self.recommended()?;
        let one = |(tensor, codes): &(String, TensorCodes)| {
            // The codes are those of the function's value, and the tensor may hold that times a factor.
            let factor = codes.result.scale;
            if codes.result.shift != 0.0 || factor <= 0.0 {
                return None;
            }
            let quant_type = match (codes.least < 0, codes.largest - codes.least > 255) {
                (false, false) => "QUInt8",
                (true, false) => "QInt8",
                (false, true) => "QUInt16",
                (true, true) => "QInt16",
            };
            let (scale, zero_point) = (codes.scale * factor, codes.zero_point);
            let codes = json!([{ "quant_type": quant_type, "scale": scale, "zero_point": zero_point }]);
            Some((tensor.clone(), codes))
        };
        Ok(Value::Object(self.written.tensors.iter().filter_map(one).collect()))
    }

    /// The layers as comma-separated values: the recommended format of each, its own ratio, and what it costs the outputs.
    ///
    /// # Errors
    /// If nothing was simulated.
    pub fn table(&self) -> Result<String, Error> {
        let mut text =
            "layer,tensor,function,bits,by,scale,zero_point,least_code,largest_code,low,high,format,own_db,clipped,\
                        alone_db,all_others_db,share_of_noise,weights_db,accumulator_bits\n"
                .to_owned();
        let number = |value: Option<f64>| {
            value.filter(|value| value.is_finite()).map_or_else(String::new, |value| value.to_string())
        };
        for format in self.recommended()? {
            let sensitivity = self.record.sensitivity.iter().find(|one| one.layer == format.layer);
            let weights = self.record.weights.iter().find(|one| one.layer.as_deref() == Some(&format.layer));
            let function = self.record.layers.iter().find(|one| one.name == format.layer);
            let own = format.fit.signal_to_noise;
            let fields = [
                format.layer.clone(),
                format.tensor.clone(),
                function.map_or_else(String::new, |layer| layer.function.to_string()),
                format.bits.to_string(),
                format.by.clone(),
                format.scale.to_string(),
                format.zero_point.to_string(),
                format.least_code.to_string(),
                format.largest_code.to_string(),
                format.low.to_string(),
                format.high.to_string(),
                format.format.map_or_else(String::new, |format| format.to_string()),
                number(Some(own)),
                format.fit.clipped.to_string(),
                number(sensitivity.map(|one| one.alone)),
                number(sensitivity.map(|one| one.all_others)),
                number(sensitivity.map(|one| one.share)),
                number(weights.map(|one| one.signal_to_noise)),
                weights.map_or_else(String::new, |one| one.accumulator_bits.to_string()),
            ];
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}", fields.map(|field| quoted(&field)).join(","));
        }
        Ok(text)
    }

    fn recommended(&self) -> Result<&[LayerFormat], Error> {
        match &self.record.recommended {
            Some(recommended) => Ok(&recommended.layers),
            None => Err(Error::NotWritable {
                why: "the model was not run with quantised activations, so that no setting is recommended".to_owned(),
            }),
        }
    }
}

/// A field of a table; in quotation marks where it must be.
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}
