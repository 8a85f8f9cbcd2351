#![no_main]

use excite_fuzz::NPY;

libfuzzer_sys::fuzz_target!(init: NPY.write_seeds(), |data: &[u8]| {
    (NPY.read)(data);
});
