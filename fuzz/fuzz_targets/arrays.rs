#![no_main]

use excite_fuzz::ARRAYS;

libfuzzer_sys::fuzz_target!(init: ARRAYS.write_seeds(), |data: &[u8]| {
    (ARRAYS.read)(data);
});
