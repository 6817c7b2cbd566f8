// x86-64 with AVX2 and FMA: 16 registers of eight floats, 12 of them accumulators.

#include "../template/tables.h"

#if defined(RK_HAS_X86)

#include <immintrin.h>

#define RK_LANES 8
#define RK_PANEL 16
#define RK_TILE_ROWS 6
#define RK_FUSED 1
#define RK_TABLE rk_table_avx2
#define RK_ISA RK_AVX2
#define RK_NAME "avx2"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif

#include "../template/kernels.h"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif
