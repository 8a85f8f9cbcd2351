#![no_main]

use excite_fuzz::SAFETENSORS;

libfuzzer_sys::fuzz_target!(init: SAFETENSORS.write_seeds(), |data: &[u8]| {
    (SAFETENSORS.read)(data);
});
