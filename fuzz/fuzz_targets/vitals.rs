#![no_main]

use excite_fuzz::VITALS;

libfuzzer_sys::fuzz_target!(init: VITALS.write_seeds(), |data: &[u8]| {
    (VITALS.read)(data);
});
