#![no_main]

use excite_fuzz::TENSOR_PROTO;

libfuzzer_sys::fuzz_target!(init: TENSOR_PROTO.write_seeds(), |data: &[u8]| {
    (TENSOR_PROTO.read)(data);
});
