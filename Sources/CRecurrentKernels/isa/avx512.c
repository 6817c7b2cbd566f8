// x86-64 with AVX-512: 32 registers of sixteen floats, 24 of them accumulators. Some of its CPUs
// multiply bfloat16 too, in vectors or in tiles.

#include "../template/tables.h"

#if defined(RK_HAS_X86)

#include <immintrin.h>

#define RK_LANES 16
#define RK_PANEL 32
#define RK_TILE_ROWS 12
#define RK_FUSED 1
#define RK_TABLE rk_table_avx512
#define RK_TABLE_ROUNDED rk_table_avx512_rounded
#define RK_ISA RK_AVX512
#define RK_NAME "avx512"
#define RK_MASK(count) ((__mmask16)((1u << (count)) - 1))
#define RK_LOAD_PART(p, count) _mm512_maskz_loadu_ps(RK_MASK(count), p)
#define RK_STORE_PART(p, count, x) _mm512_mask_storeu_ps(p, RK_MASK(count), x)

#define RK_AVX512_TARGET "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target(RK_AVX512_TARGET))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")
#endif

#include "../template/kernels.h"

#include "../template/pairs.h"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

// Not every CPU with AVX-512 has what follows: `rk_kernels_for` asks.

// AVX512_BF16: two products to a lane.

#define RK_TABLE_DOTS rk_table_avx512_dots
#define RK_DOTS(sum, a, b) ((vec)_mm512_dpbf16_ps(sum, (__m512bh)(a), (__m512bh)(b)))

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target(RK_AVX512_TARGET ",avx512bf16"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,avx512bf16")
#endif

#include "../template/dots.h"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

// AMX: eight tiles of 16 rows of 64 bytes.

#if defined(RK_HAS_AMX)

#define RK_TABLE_TILES rk_table_avx512_tiles
#define RK_TABLE_SPLIT rk_table_avx512_split
#define RK_TILE_CONFIGURE(p) _tile_loadconfig(p)
#define RK_TILE_RELEASE() _tile_release()
#define RK_TILE_ZERO(t) _tile_zero(t)
#define RK_TILE_LOAD(t, p, bytes) _tile_loadd(t, p, (size_t)(bytes))
#define RK_TILE_STORE(t, p, bytes) _tile_stored(t, p, (size_t)(bytes))
#define RK_TILE_DOTS(c, a, b) _tile_dpbf16ps(c, a, b)

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target(RK_AVX512_TARGET ",amx-tile,amx-bf16"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,amx-tile,amx-bf16")
#endif

#include "../template/tiles.h"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif

#endif
