//! Look-ups of bytes in tables of all 256, many at once.

use super::Level;
use crate::Error;
use crate::error::same_length;

mod sealed {
    /// What has one byte, of which every value is valid.
    pub trait Sealed {}
    impl Sealed for i8 {}
    impl Sealed for u8 {}
}

/// An integer of 8 bits: `i8` or `u8`.
pub trait Byte: sealed::Sealed + Copy + Ord + 'static {
    /// The lowest.
    const LOWEST: Self;

    /// Its bits.
    fn bits(self) -> u8;
}

impl Byte for i8 {
    const LOWEST: Self = Self::MIN;

    #[inline(always)]
    fn bits(self) -> u8 {
        self.cast_unsigned()
    }
}

impl Byte for u8 {
    const LOWEST: Self = Self::MIN;

    #[inline(always)]
    fn bits(self) -> u8 {
        self
    }
}

impl Level {
    /// Writes to `to` what `outputs` has for each of `codes`: its first number for the lowest code, its last for the highest. A table of
    /// all values is what a function of 8-bit codes is. AVX2 and AVX-512 (with VBMI: Ice Lake, Zen 4) permute 32 and 64 bytes at once.
    ///
    /// ```
    /// use excite::Level;
    /// let halves: [i8; 256] = core::array::from_fn(|i| ((i as i32 - 128) / 2) as i8);
    /// let mut to = [0; 3];
    /// Level::best().look_up(&halves, &[-128, 0, 127], &mut to)?;
    /// assert_eq!(to, [-64, 0, 63]);
    /// # Ok::<(), excite::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the slices differ in length; then nothing was written.
    pub fn look_up<B: Byte>(self, outputs: &[B; 256], codes: &[B], to: &mut [B]) -> Result<(), Error> {
        same_length("to", to.len(), codes.len())?;
        let flip = B::LOWEST.bits();
        let done = self.look_up_blocks(outputs, flip, codes, to);
        for (code, to) in codes[done..].iter().zip(&mut to[done..]) {
            *to = outputs[usize::from(code.bits() ^ flip)];
        }
        Ok(())
    }

    /// Does so for as many codes from the first on as whole vectors hold, and tells how many. A code's place in the table is its bits XOR
    /// `flip`. The slices have one length.
    #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
    fn look_up_blocks<B: Byte>(self, outputs: &[B; 256], flip: u8, codes: &[B], to: &mut [B]) -> usize {
        if !self.is_available() || self == Self::Baseline {
            return 0;
        }
        // SAFETY: a sealed `Byte` is i8 or u8, of one byte each and valid for all bits; the pointers and lengths are those of references.
        let (outputs, codes, to) = unsafe {
            (
                &*outputs.as_ptr().cast::<[u8; 256]>(),
                core::slice::from_raw_parts(codes.as_ptr().cast::<u8>(), codes.len()),
                core::slice::from_raw_parts_mut(to.as_mut_ptr().cast::<u8>(), to.len()),
            )
        };
        if self == Self::Avx512 && has!("avx512vbmi") {
            let (codes, to) = (codes.as_chunks().0, to.as_chunks_mut().0);
            // SAFETY: the machine has AVX-512 F and BW, as the level is available, and VBMI.
            unsafe { vbmi(outputs, flip, codes, to) };
            return codes.as_flattened().len();
        }
        let (codes, to) = (codes.as_chunks().0, to.as_chunks_mut().0);
        // SAFETY: the machine has AVX2, which every level above the baseline includes and which was found available.
        unsafe { avx2(outputs, flip, codes, to) };
        codes.as_flattened().len()
    }

    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
    #[expect(clippy::unused_self, reason = "the level matters where there are several")]
    fn look_up_blocks<B: Byte>(self, _: &[B; 256], _: u8, _: &[B], _: &mut [B]) -> usize {
        0
    }
}

/// Two permutations of 128 bytes each, of which the highest bit of the place chooses.
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn vbmi(outputs: &[u8; 256], flip: u8, codes: &[[u8; 64]], to: &mut [[u8; 64]]) {
    use core::arch::x86_64::{
        _mm512_loadu_si512, _mm512_mask_blend_epi8, _mm512_movepi8_mask, _mm512_permutex2var_epi8, _mm512_set1_epi8,
        _mm512_storeu_si512, _mm512_xor_si512,
    };
    // SAFETY: the reference is to 64 bytes, and the load needs no alignment.
    let load = |bytes: &[u8; 64]| unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) };
    let [a, b, c, d] = [0, 1, 2, 3].map(|quarter: usize| load(&outputs.as_chunks().0[quarter]));
    let flip = _mm512_set1_epi8(flip.cast_signed());
    for (codes, to) in codes.iter().zip(to) {
        let place = _mm512_xor_si512(load(codes), flip);
        let (lower, upper) = (_mm512_permutex2var_epi8(a, place, b), _mm512_permutex2var_epi8(c, place, d));
        let found = _mm512_mask_blend_epi8(_mm512_movepi8_mask(place), lower, upper);
        // SAFETY: the reference is to 64 bytes, and the store needs no alignment.
        unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), found) };
    }
}

/// A shuffle in each of the sixteen rows of the table. The upper four bits of a place choose its row; in every other
/// row the place gets the highest bit, for which a shuffle gives 0.
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
#[target_feature(enable = "avx2")]
fn avx2(outputs: &[u8; 256], flip: u8, codes: &[[u8; 32]], to: &mut [[u8; 32]]) {
    use core::arch::x86_64::{
        _mm_loadu_si128, _mm256_adds_epu8, _mm256_broadcastsi128_si256, _mm256_loadu_si256, _mm256_or_si256,
        _mm256_set1_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_storeu_si256, _mm256_xor_si256,
    };
    let rows: [_; 16] = core::array::from_fn(|row| {
        // SAFETY: each of the sixteen rows has 16 bytes, and the load needs no alignment.
        _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(outputs[16 * row..][..16].as_ptr().cast()) })
    });
    for (codes, to) in codes.iter().zip(to) {
        // SAFETY: the reference is to 32 bytes, and the load needs no alignment.
        let codes = unsafe { _mm256_loadu_si256(codes.as_ptr().cast()) };
        let mut found = _mm256_setzero_si256();
        for (row, &outputs) in (0_u8..).zip(&rows) {
            let in_row = _mm256_xor_si256(codes, _mm256_set1_epi8((flip ^ (row << 4)).cast_signed()));
            let place = _mm256_adds_epu8(in_row, _mm256_set1_epi8(0x70));
            found = _mm256_or_si256(found, _mm256_shuffle_epi8(outputs, place));
        }
        // SAFETY: the reference is to 32 bytes, and the store needs no alignment.
        unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), found) };
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;

    fn all_levels_agree<B: Byte + core::fmt::Debug + Default>(from_bits: fn(u8) -> B) {
        // Odd times the place: every output once, in no order.
        let outputs: [B; 256] = core::array::from_fn(|place| from_bits((place * 91 + 17) as u8));
        let mut all: Vec<B> = (0..=255).map(from_bits).collect();
        all.sort_unstable();
        for length in (0..200).chain([256, 1000]) {
            let places: Vec<usize> = (0..length).map(|i| (i * 37 + length) % 256).collect();
            let codes: Vec<B> = places.iter().map(|&place| all[place]).collect();
            let expected: Vec<B> = places.iter().map(|&place| outputs[place]).collect();
            for &level in Level::ALL {
                let mut to = vec![B::default(); length];
                level.look_up(&outputs, &codes, &mut to).unwrap();
                assert_eq!(to, expected, "{level}, {length}");
            }
        }
        let error = Level::best().look_up(&outputs, &all, &mut [B::default(); 3]).unwrap_err();
        assert_eq!(error, Error::Length { slice: "to", found: 3, expected: 256 });
    }

    #[test]
    fn all_levels_find_the_same_bytes() {
        all_levels_agree::<u8>(|bits| bits);
        all_levels_agree::<i8>(u8::cast_signed);
    }
}
