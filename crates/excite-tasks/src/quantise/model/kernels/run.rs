//! Runs of a model with its activations computed by the kernels: in the integer arithmetic that is written down.

use excite_fixed::{Code, SumKernel};

use super::super::tally::Tally;
use super::{LayerKernel, ModelKernels, ModelQuantisation};
use crate::quantisation::SimulatedOutput;
use crate::watcher::Steps;
use crate::{Data, Error, NamedModel, Watcher};

impl ModelKernels {
    /// What becomes of the model's outputs with all activations computed by their kernels: each pre-activation as the nearest int32 sum,
    /// requantised, put through the function and rounded as the written code does it, bit for bit. Weights stay floats.
    ///
    /// # Errors
    /// If an input cannot be read, the engine fails, or the watcher stops it.
    pub fn simulate(
        &self,
        quantised: &ModelQuantisation,
        model: &NamedModel,
        data: &Data,
        watcher: &dyn Watcher,
    ) -> Result<Vec<SimulatedOutput>, Error> {
        let (model, steps) = (model.model(), Steps::new(watcher));
        let mut tally = Tally::default();
        data.first_batches(model, &steps, quantised.runs, |part| {
            let exact = model.run_replacing(part, |_, _| ())?;
            let outputs = model.run_recomputing(part, |site, z, a| {
                if let Some(kernel) = &self.at[site]
                    && z.len() == a.len()
                {
                    z.iter().zip(a).for_each(|(&z, a)| *a = kernel.value(z));
                }
            })?;
            tally.add(&exact, &outputs, None);
            Ok(())
        })?;
        Ok(tally.outputs())
    }
}

impl LayerKernel {
    /// The number that the output for a pre-activation stands for.
    fn value(&self, z: f32) -> f32 {
        fn of<C: Code>(kernel: &SumKernel<C>, z: f32) -> f32 {
            let sum = kernel.sum(f64::from(z), 0);
            kernel.output().value(kernel.code(sum, 0)) as f32
        }
        match self {
            Self::Int8(kernel) => of(kernel, z),
            Self::Uint8(kernel) => of(kernel, z),
            Self::Int16(kernel) => of(kernel, z),
            Self::Uint16(kernel) => of(kernel, z),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::process::Command;

    use excite_fixed::arithmetic::RoundingSteps;

    use super::*;
    use crate::{QuantiseOptions, quantise};

    const MODELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../excite-onnx/tests/models");

    impl LayerKernel {
        /// The sum for a pre-activation, and the code that the library gives for it.
        fn sum_and_code(&self, z: f32) -> (i32, i32) {
            fn of<C: Code>(kernel: &SumKernel<C>, z: f32) -> (i32, i32) {
                let sum = kernel.sum(f64::from(z), 0);
                (sum, kernel.code(sum, 0).to_i32())
            }
            match self {
                Self::Int8(kernel) => of(kernel, z),
                Self::Uint8(kernel) => of(kernel, z),
                Self::Int16(kernel) => of(kernel, z),
                Self::Uint16(kernel) => of(kernel, z),
            }
        }
    }

    /// The sums of all layers on real data, by the places of the layers.
    fn real_sums(kernels: &ModelKernels, model: &NamedModel, data: &Data) -> Vec<Vec<(i32, i32)>> {
        let mut of_layers = vec![Vec::new(); kernels.layers.len()];
        let layer_of = |site: usize| {
            let name = &model.model().site_names()[site];
            kernels.layers.iter().position(|entry| entry.layer == *name)
        };
        let sites: Vec<Option<usize>> = (0..kernels.at.len()).map(layer_of).collect();
        data.first_batches(model.model(), &Steps::new(&()), 1, |part| {
            model.model().run_recomputing(part, |site, z, a| {
                if let (Some(kernel), Some(place)) = (&kernels.at[site], sites[site]) {
                    of_layers[place].extend(z.iter().map(|&z| kernel.sum_and_code(z)));
                    z.iter().zip(a).for_each(|(&z, a)| *a = kernel.value(z));
                }
            })?;
            Ok(())
        })
        .unwrap();
        of_layers
    }

    /// Compiles what is written for a model, and gives it all sums of all layers.
    fn the_compiled_c_gives_the_same_codes(options: &QuantiseOptions, signed: Option<bool>, rounding: RoundingSteps) {
        let model = NamedModel::open(format!("{MODELS}/nmp.onnx")).unwrap();
        let data = Data::files(&[format!("{MODELS}/nmp.chords.npz").into()], crate::InputOptions::default()).unwrap();
        let quantised = quantise(&model, &data, options, &()).unwrap();
        let kernels = quantised.kernels(&model, 8, signed, rounding).unwrap();
        // What is printed is the same arithmetic, and costs what was recommended.
        let recommended = quantised.record.recommended.as_ref().unwrap();
        for (output, expected) in
            kernels.simulate(&quantised, &model, &data, &()).unwrap().iter().zip(&recommended.outputs)
        {
            let lost = expected.signal_to_noise - output.signal_to_noise;
            // In 16 bits the code in between is as coarse as the output.
            let most = if recommended.bits > 8 { 6.0 } else { 1.0 };
            assert!(lost < most, "{}: {} dB, and {} dB", output.name, expected.signal_to_noise, output.signal_to_noise);
        }
        if Command::new("cc").arg("--version").output().is_err() {
            println!("NOT RUN: this machine has no C compiler `cc`");
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &[u8]| std::fs::write(folder.path().join(name), text).unwrap();
        let mut files = vec!["main.c".to_owned()];
        for source in &kernels.sources {
            let [header, body] = source.c_pair();
            write(&format!("{}.h", source.name()), header.as_bytes());
            write(&format!("{}.c", source.name()), body.as_bytes());
            files.push(format!("{}.c", source.name()));
        }
        write("layers.h", kernels.calls_in_c().as_bytes());
        let mut body = String::new();
        let (mut sums, mut expected) = (Vec::new(), Vec::new());
        for (entry, of_layer) in kernels.layers.iter().zip(real_sums(&kernels, &model, &data)) {
            assert!(of_layer.len() > 1000, "{}: {} sums", entry.layer, of_layer.len());
            writeln!(body, "    run({}, {}L);", entry.call, of_layer.len()).unwrap();
            for (sum, code) in of_layer {
                sums.extend(sum.to_le_bytes());
                expected.extend(code.to_le_bytes());
            }
        }
        write("sums", &sums);
        let main = format!(
            "#include \"layers.h\"
#include <stdio.h>
#define run(layer, n) for (i = 0; i < (n); i++) {{ int32_t sum, code; if (fread(&sum, 4, 1, in) != 1) return 2; code = layer(sum); fwrite(&code, 4, 1, out); }}
int main(void)
{{
    long i;
    FILE *in = fopen(\"sums\", \"rb\"), *out = fopen(\"codes\", \"wb\");
{body}    return layers_self_test() + fclose(out);
}}
"
        );
        write("main.c", main.as_bytes());
        let flags =
            ["-std=c99", "-O1", "-Wall", "-Werror", "-fsanitize=undefined", "-fno-sanitize-recover=all", "-o", "main"];
        let compiled = Command::new("cc").args(flags).args(&files).current_dir(&folder).output().unwrap();
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        let ran = Command::new(folder.path().join("main")).current_dir(&folder).output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
        assert!(std::fs::read(folder.path().join("codes")).unwrap() == expected, "codes differ");
    }

    #[test]
    fn all_layers_of_a_model_give_in_c_what_was_simulated() {
        let options = QuantiseOptions { sensitivity: false, ..QuantiseOptions::default() };
        the_compiled_c_gives_the_same_codes(&options, None, RoundingSteps::Double);
        the_compiled_c_gives_the_same_codes(&options, Some(true), RoundingSteps::Single);
        let power_of_two = QuantiseOptions { power_of_two: true, bits: vec![6], ..options.clone() };
        the_compiled_c_gives_the_same_codes(&power_of_two, None, RoundingSteps::Double);
        let wide = QuantiseOptions { bits: vec![16], ..options };
        the_compiled_c_gives_the_same_codes(&wide, Some(true), RoundingSteps::Double);
    }
}
