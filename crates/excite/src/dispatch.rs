//! The instruction sets, chosen at run time. The one corner of the workspace that holds unsafe code.
#![allow(unsafe_code)]

use std::fmt;

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
    /// AVX2 and FMA: x86-64 from Haswell (2013) and Excavator (2015) on.
    Avx2,
    /// AVX-512 F, BW, DQ and VL: x86-64 from Skylake-X (2017) and Zen 4 (2022) on.
    Avx512,
}

impl Level {
    /// All levels that the library has, fastest first, whether this machine has them or not.
    pub const ALL: &[Self] = &[Self::Avx512, Self::Avx2, Self::Baseline];

    /// Whether this machine can run the level.
    pub fn is_available(self) -> bool {
        match self {
            Self::Baseline => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                Self::Avx2.is_available()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
            }
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 => false,
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
    /// must be `#[inline(always)]`: what is not inlined is compiled for the baseline.
    #[inline]
    pub(crate) fn run<R>(self, work: impl FnOnce() -> R) -> R {
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the machine has every feature that `avx512` is compiled with: `is_available` checked them all.
            Self::Avx512 if self.is_available() => unsafe { avx512(work) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the machine has every feature that `avx2` is compiled with: `is_available` checked them all.
            Self::Avx2 if self.is_available() => unsafe { avx2(work) },
            _ => work(),
        }
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

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2<R>(work: impl FnOnce() -> R) -> R {
    work()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn avx512<R>(work: impl FnOnce() -> R) -> R {
    work()
}
