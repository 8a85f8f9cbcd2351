//! The functions of f32 and f64 that `core` lacks: those of the standard library, or of libm where that is left out.

macro_rules! functions {
    ($($name:ident = $float:ident::$method:ident($($argument:ident),+);)+) => {
        $(#[inline(always)]
        pub fn $name($($argument: $float),+) -> $float {
            #[cfg(feature = "std")]
            return $float::$method($($argument),+);
            #[cfg(not(feature = "std"))]
            libm::$name($($argument),+)
        })+
    };
}

// Rounded correctly by IEEE 754, and so the same bits in both.
functions! {
    fma = f64::mul_add(x, y, z);
    fmaf = f32::mul_add(x, y, z);
    sqrt = f64::sqrt(x);
    sqrtf = f32::sqrt(x);
}

// For references, which are not held to bits.
functions! {
    exp = f64::exp(x);
    expm1 = f64::exp_m1(x);
    log1p = f64::ln_1p(x);
    tanh = f64::tanh(x);
    sin = f64::sin(x);
    cos = f64::cos(x);
}
