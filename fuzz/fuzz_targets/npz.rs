#![no_main]

use excite_fuzz::NPZ;

libfuzzer_sys::fuzz_target!(init: NPZ.write_seeds(), |data: &[u8]| {
    (NPZ.read)(data);
});
