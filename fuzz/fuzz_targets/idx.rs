#![no_main]

use excite_fuzz::IDX;

libfuzzer_sys::fuzz_target!(init: IDX.write_seeds(), |data: &[u8]| {
    (IDX.read)(data);
});
