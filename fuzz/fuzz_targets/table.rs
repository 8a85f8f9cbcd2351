#![no_main]

use excite_fuzz::TABLE;

libfuzzer_sys::fuzz_target!(init: TABLE.write_seeds(), |data: &[u8]| {
    (TABLE.read)(data);
});
