#![no_main]

use excite_fuzz::RAW;

libfuzzer_sys::fuzz_target!(init: RAW.write_seeds(), |data: &[u8]| {
    (RAW.read)(data);
});
