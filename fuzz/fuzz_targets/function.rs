#![no_main]

use excite_fuzz::FUNCTION;

libfuzzer_sys::fuzz_target!(init: FUNCTION.write_seeds(), |data: &[u8]| {
    (FUNCTION.read)(data);
});
