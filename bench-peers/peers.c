/* Activations over two C libraries of vector mathematics, each function as a loop over an array. One of them is chosen by -D:
   SLEEF        the 1.0-ULP functions of SLEEF, eight numbers at a time (AVX2) or sixteen (AVX-512);
   otherwise    plain loops, which GCC -ffast-math turns into calls of glibc's libmvec. */

#include <stddef.h>

#define SQRT_HALF 0.70710678f
#define LOOP(name, expression) \
    void name(const float *restrict from, float *restrict to, size_t n) { \
        for (size_t i = 0; i < n; i += WIDTH) { \
            V x = LOAD(from + i); \
            STORE(to + i, (expression)); \
        } \
    }

#ifdef SLEEF
#include <immintrin.h>
#include <sleef.h>
#ifdef __AVX512F__
typedef __m512 V;
#define WIDTH 16
#define CALL(f, accuracy) Sleef_##f##f16_##accuracy##avx512f
#else
typedef __m256 V;
#define WIDTH 8
#define CALL(f, accuracy) Sleef_##f##f8_##accuracy##avx2
#endif
/* The arrays hold whole vectors. GCC's vectors take operators, and scalars as operands. */
#define LOAD(from) (*(const V_UNALIGNED *)(from))
#define STORE(to, value) (*(V_UNALIGNED *)(to) = (value))
typedef V V_UNALIGNED __attribute__((aligned(4), may_alias));
#define EXP CALL(exp, u10)
#define EXPM1 CALL(expm1, u10)
#define LOG1P CALL(log1p, u10)
#define TANH CALL(tanh, u10)
#define SIN CALL(sin, u10)
#define ERFC CALL(erfc, u15)
#define NONE ((V){0})
#ifdef __AVX512F__
#define POSITIVE(x) _mm512_max_ps(x, NONE)
#define NEGATIVE(x) _mm512_min_ps(x, NONE)
#define MINUS_ABS(x) _mm512_min_ps(x, -(x))
#else
#define POSITIVE(x) _mm256_max_ps(x, NONE)
#define NEGATIVE(x) _mm256_min_ps(x, NONE)
#define MINUS_ABS(x) _mm256_min_ps(x, -(x))
#endif
LOOP(gelu, 0.5f * x * ERFC(-SQRT_HALF * x))
#else
#include <math.h>
typedef float V;
#define WIDTH 1
#define LOAD(from) (*(from))
#define STORE(to, value) (*(to) = (value))
#define EXP expf
#define EXPM1 expm1f
#define LOG1P log1pf
#define TANH tanhf
#define SIN sinf
#define POSITIVE(x) ((x) > 0 ? (x) : 0)
#define NEGATIVE(x) ((x) < 0 ? (x) : 0)
#define MINUS_ABS(x) (-fabsf(x))
LOOP(gelu, 0.5f * x * (1 + erff(SQRT_HALF * x)))
#endif

LOOP(exponential, EXP(x))
LOOP(sine, SIN(x))
LOOP(tanh_, TANH(x))
LOOP(sigmoid, 1 / (1 + EXP(-x)))
LOOP(silu, x / (1 + EXP(-x)))
LOOP(gelu_tanh, 0.5f * x * (1 + TANH(0.79788456f * (x + 0.044715f * x * x * x))))
LOOP(softplus, POSITIVE(x) + LOG1P(EXP(MINUS_ABS(x))))
LOOP(log_sigmoid, NEGATIVE(x) - LOG1P(EXP(MINUS_ABS(x))))
LOOP(mish, x * TANH(POSITIVE(x) + LOG1P(EXP(MINUS_ABS(x)))))
LOOP(elu, POSITIVE(x) + EXPM1(NEGATIVE(x)))
