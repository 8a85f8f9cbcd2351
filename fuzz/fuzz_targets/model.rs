#![no_main]

use excite_fuzz::MODEL;

libfuzzer_sys::fuzz_target!(init: MODEL.write_seeds(), |data: &[u8]| {
    (MODEL.read)(data);
});
