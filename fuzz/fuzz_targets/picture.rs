#![no_main]

use excite_fuzz::PICTURE;

libfuzzer_sys::fuzz_target!(init: PICTURE.write_seeds(), |data: &[u8]| {
    (PICTURE.read)(data);
});
