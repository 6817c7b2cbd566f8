// x86-64 with AVX-512: 32 registers of sixteen floats, 24 of them accumulators.

#include "../template/tables.h"

#if defined(RK_HAS_X86)

#include <immintrin.h>

#define RK_LANES 16
#define RK_PANEL 32
#define RK_TILE_ROWS 12
#define RK_FUSED 1
#define RK_TABLE rk_table_avx512
#define RK_ISA RK_AVX512
#define RK_NAME "avx512"
#define RK_MASK(count) ((__mmask16)((1u << (count)) - 1))
#define RK_LOAD_PART(p, count) _mm512_maskz_loadu_ps(RK_MASK(count), p)
#define RK_STORE_PART(p, count, x) _mm512_mask_storeu_ps(p, RK_MASK(count), x)

#if defined(__clang__)
#pragma clang attribute push(                                                         \
    __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma"))), \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")
#endif

#include "../template/kernels.h"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif
