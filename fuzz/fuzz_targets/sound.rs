#![no_main]

use excite_fuzz::SOUND;

libfuzzer_sys::fuzz_target!(init: SOUND.write_seeds(), |data: &[u8]| {
    (SOUND.read)(data);
});
