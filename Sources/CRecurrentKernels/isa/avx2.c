// x86-64 with AVX2 and FMA: 16 registers of eight floats, 12 of them accumulators.

#include "../template/tables.h"

#if defined(RK_HAS_X86)

#include <immintrin.h>

#define RK_LANES 8
#define RK_PANEL 16
#define RK_TILE_ROWS 6
#define RK_FUSED 1
#define RK_TABLE rk_table_avx2
#define RK_TABLE_ROUNDED rk_table_avx2_rounded
#define RK_ISA RK_AVX2
#define RK_NAME "avx2"

// A mask of the first `count` lanes is read from the place where -1 turns to 0.
static const int32_t first_lanes[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
#define RK_MASK(count) \
  _mm256_loadu_si256((const __m256i *)(const void *)(first_lanes + 8 - (count)))
#define RK_LOAD_PART(p, count) _mm256_maskload_ps(p, RK_MASK(count))
#define RK_STORE_PART(p, count, x) _mm256_maskstore_ps(p, RK_MASK(count), x)

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
