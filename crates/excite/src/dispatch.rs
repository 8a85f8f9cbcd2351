//! The instruction sets, chosen at run time. The one corner of the workspace that holds unsafe code.
#![allow(unsafe_code)]

use alloc::vec::Vec;
use core::fmt;
use core::mem::MaybeUninit;

#[cfg(feature = "half")]
use half::f16;

use crate::Float;

/// Whether the machine has a feature: asked of the machine, or else of what the program was compiled for.
#[cfg(all(target_arch = "x86_64", target_feature = "sse2", feature = "std"))]
macro_rules! has {
    ($feature:tt) => {
        std::is_x86_feature_detected!($feature)
    };
}
#[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(feature = "std")))]
macro_rules! has {
    ($feature:tt) => {
        cfg!(target_feature = $feature)
    };
}

mod bytes;
mod uninit;

pub use bytes::Byte;
pub use uninit::Input;
pub(crate) use uninit::{as_uninit, before, collected, written};

/// An instruction set that kernels are compiled for. All give the same bits; they differ in speed.
///
/// ```
/// use excite::Level;
/// assert!(Level::available().contains(&Level::best()));
/// assert!(Level::available().contains(&Level::Baseline));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// What the program as a whole was compiled for: SSE2 on x86-64, NEON on AArch64. Without fused multiply-add in
    /// hardware (as with SSE2) it is right, and slow.
    Baseline,
    /// AVX2, FMA and F16C: x86-64 from Haswell (2013) and Excavator (2015) on.
    Avx2,
    /// AVX-512 F, BW, DQ and VL: x86-64 from Skylake-X (2017) and Zen 4 (2022) on.
    Avx512,
}

impl Level {
    /// All levels that the library has, fastest first, whether this machine has them or not.
    pub const ALL: &[Self] = &[Self::Avx512, Self::Avx2, Self::Baseline];

    /// Whether this machine can run the level, and the crate was compiled with it (feature `avx512`). Without the feature `std`: whether the program as a whole was compiled for it.
    pub fn is_available(self) -> bool {
        match self {
            Self::Baseline => true,
            #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
            Self::Avx2 => has!("avx2") && has!("fma") && has!("f16c"),
            #[cfg(all(target_arch = "x86_64", target_feature = "sse2", feature = "avx512"))]
            Self::Avx512 => {
                Self::Avx2.is_available() && has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl")
            }
            #[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
            Self::Avx2 => false,
            #[cfg(not(all(target_arch = "x86_64", target_feature = "sse2", feature = "avx512")))]
            Self::Avx512 => false,
        }
    }

    /// The levels this machine can run, fastest first.
    pub fn available() -> Vec<Self> {
        Self::ALL.iter().copied().filter(|level| level.is_available()).collect()
    }

    /// The fastest level this machine can run.
    pub fn best() -> Self {
        // Detection is cached by the standard library: a few loads.
        Self::ALL.iter().copied().find(|level| level.is_available()).unwrap_or(Self::Baseline)
    }

    /// Runs `work` compiled for this level, or for the baseline where the machine lacks it. `work` and all it calls
    /// must be `#[inline(always)]`: code that is not inlined is compiled for the baseline.
    ///
    /// ```
    /// use excite::Level;
    /// let x = [1.0_f32, 2.0, 3.0];
    /// let squares: f32 = Level::best().run(#[inline(always)] || x.iter().map(|x| x * x).sum());
    /// assert_eq!(squares, 14.0);
    /// ```
    #[inline]
    pub fn run<R>(self, work: impl FnOnce() -> R) -> R {
        self.run_checked(
            #[inline(always)]
            |_| work(),
        )
    }

    /// [`run`](Self::run), which tells `work` the level that it is compiled for.
    #[inline]
    pub(crate) fn run_checked<R>(self, work: impl FnOnce(CheckedLevel) -> R) -> R {
        match self {
            #[cfg(all(target_arch = "x86_64", target_feature = "sse2", feature = "avx512"))]
            // SAFETY: the machine has every feature that `avx512` is compiled with: `is_available` checked them all.
            Self::Avx512 if self.is_available() => unsafe { avx512(work) },
            #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
            // SAFETY: the machine has every feature that `avx2` is compiled with: `is_available` checked them all.
            Self::Avx2 if self.is_available() => unsafe { avx2(work) },
            _ => work(CheckedLevel(Self::Baseline)),
        }
    }
}

/// A level that this machine has been found to have.
#[derive(Clone, Copy, Debug)]
pub struct CheckedLevel(Level);

impl CheckedLevel {
    /// The level.
    pub fn level(self) -> Level {
        self.0
    }

    /// Whether fused multiply-add is not an instruction here, but a function.
    #[inline(always)]
    pub fn emulates_mul_add(self) -> bool {
        cfg!(not(feature = "std"))
            || cfg!(all(target_arch = "x86_64", not(target_feature = "fma"))) && self.0 == Level::Baseline
    }
}

impl fmt::Display for Level {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Baseline => "baseline",
            Self::Avx2 => "AVX2",
            Self::Avx512 => "AVX-512",
        })
    }
}

#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
#[target_feature(enable = "avx2,fma,f16c")]
fn avx2<R>(work: impl FnOnce(CheckedLevel) -> R) -> R {
    work(CheckedLevel(Level::Avx2))
}

#[cfg(all(target_arch = "x86_64", target_feature = "sse2", feature = "avx512"))]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")]
fn avx512<R>(work: impl FnOnce(CheckedLevel) -> R) -> R {
    work(CheckedLevel(Level::Avx512))
}

/// The bytes of a cache line, and the alignment from which blocks are written past the caches, so that whole lines are.
pub(crate) const CACHE_LINE: usize = 64;

/// Whether [`store_past_caches`] may be used for each of the blocks: they cover whole cache lines.
#[inline(always)]
pub(crate) fn are_whole_lines<T, const N: usize>(blocks: &[[T; N]]) -> bool {
    blocks.as_ptr().addr().is_multiple_of(CACHE_LINE) && size_of::<[T; N]>().is_multiple_of(CACHE_LINE)
}

/// to = from, past the caches, so that the lines of `to` are not read from memory first. A [`fence`] must follow before others read it.
/// Through the caches where `to` is not aligned to a vector.
#[inline(always)]
pub(crate) fn store_past_caches<F: Float, const N: usize>(to: &mut [MaybeUninit<F>; N], from: &[F; N]) {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
    {
        use core::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_stream_si128};

        const VECTOR: usize = size_of::<__m128i>();
        if to.as_ptr().addr().is_multiple_of(VECTOR) && size_of::<[F; N]>().is_multiple_of(VECTOR) {
            let (from, to) = (from.as_ptr().cast::<__m128i>(), to.as_mut_ptr().cast::<__m128i>());
            for i in 0..size_of::<[F; N]>() / VECTOR {
                // SAFETY: `from` and `to` point to arrays of `size_of::<[F; N]>()` bytes, and i is less than the whole vectors in them;
                // `to` is aligned to a vector, which was checked. SSE2 is what the program is compiled for. The caller's fence
                // orders these stores; they are of `Copy` data behind a unique reference.
                unsafe { _mm_stream_si128(to.add(i), _mm_loadu_si128(from.add(i))) };
            }
            return;
        }
    }
    to.write_copy_of_slice(from);
}

/// Orders what [`store_past_caches`] has written before whatever follows, as other threads see it.
#[inline(always)]
pub(crate) fn fence() {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
    // SAFETY: SSE2, which includes SSE, is what the program is compiled for.
    unsafe {
        core::arch::x86_64::_mm_sfence();
    };
}

/// Asks for the lines of the `count` elements from `first` on, which need not be in the slice: hints do not fault.
#[inline(always)]
pub(crate) fn prefetch<F>(from: &[F], first: usize, count: usize) {
    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
    let _ = (from, first, count);
    #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
    for line in 0..(count * size_of::<F>()).div_ceil(CACHE_LINE) {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let address = from.as_ptr().wrapping_add(first).cast::<i8>().wrapping_add(line * CACHE_LINE);
        // SAFETY: a prefetch of any address, mapped or not, does nothing but to fill caches.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address) };
    }
}

#[cfg(feature = "half")]
/// Every f16 as f32, which is exact: by hardware from AVX2 on.
#[inline(always)]
pub(crate) fn f32_from_f16<const N: usize>(level: CheckedLevel, block: &[f16; N]) -> [f32; N] {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
    if level.0 != Level::Baseline {
        use core::arch::x86_64::{__m128i, _mm_loadu_si128, _mm256_cvtph_ps, _mm256_storeu_ps};

        #[target_feature(enable = "avx,f16c")]
        #[inline]
        fn widen<const N: usize>(block: &[f16; N]) -> [f32; N] {
            const { assert!(N.is_multiple_of(8)) };
            let mut lanes = [0.0; N];
            for i in (0..N).step_by(8) {
                #[expect(clippy::cast_ptr_alignment, reason = "the load is one that needs no alignment")]
                // SAFETY: i + 8 ≤ N: eight f16, 16 bytes, lie in `block` from i on, and eight f32 in `lanes`.
                unsafe {
                    let short = _mm_loadu_si128(block.as_ptr().add(i).cast::<__m128i>());
                    _mm256_storeu_ps(lanes.as_mut_ptr().add(i), _mm256_cvtph_ps(short));
                }
            }
            lanes
        }
        // SAFETY: the machine has the level, which was checked, and every level above the baseline includes AVX and F16C.
        return unsafe { widen(block) };
    }
    let _ = level;
    block.map(f16::to_f32)
}

#[cfg(feature = "half")]
/// Every f32 rounded to the nearest f16: by hardware from AVX2 on.
#[inline(always)]
pub(crate) fn f16_from_f32<const N: usize>(level: CheckedLevel, lanes: &[f32; N]) -> [f16; N] {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
    if level.0 != Level::Baseline {
        use core::arch::x86_64::{
            __m128i, _MM_FROUND_TO_NEAREST_INT, _mm_storeu_si128, _mm256_cvtps_ph, _mm256_loadu_ps,
        };

        #[target_feature(enable = "avx,f16c")]
        #[inline]
        fn narrow<const N: usize>(lanes: &[f32; N]) -> [f16; N] {
            const { assert!(N.is_multiple_of(8)) };
            let mut block = [f16::ZERO; N];
            for i in (0..N).step_by(8) {
                #[expect(clippy::cast_ptr_alignment, reason = "the store is one that needs no alignment")]
                // SAFETY: i + 8 ≤ N: eight f32 lie in `lanes` from i on, and eight f16, 16 bytes, in `block`.
                unsafe {
                    let short = _mm256_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(_mm256_loadu_ps(lanes.as_ptr().add(i)));
                    _mm_storeu_si128(block.as_mut_ptr().add(i).cast::<__m128i>(), short);
                }
            }
            block
        }
        // SAFETY: the machine has the level, which was checked, and every level above the baseline includes AVX and F16C.
        return unsafe { narrow(lanes) };
    }
    let _ = level;
    lanes.map(f16::from_f32)
}
