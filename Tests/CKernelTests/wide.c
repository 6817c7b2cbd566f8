// The template at AVX-512's sizes, built for AVX2: tests its loops, tails and tiles on a machine
// without AVX-512, and without the instructions that multiply bfloat16, which stand here in plain C.
// Only the instructions themselves go untested.

#if defined(__x86_64__)

#define RK_LANES 16
#define RK_PANEL 32
#define RK_TILE_ROWS 12
#define RK_FUSED 1
#define RK_TABLE rk_table_wide
#define RK_TABLE_ROUNDED rk_table_wide_rounded
#define RK_TABLE_DOTS rk_table_wide_dots
#define RK_TABLE_TILES rk_table_wide_tiles
#define RK_TABLE_SPLIT rk_table_wide_split
#define RK_ISA RK_AVX512
#define RK_NAME "wide"

// Nothing here is called with vectors: everything that takes one is inlined.
#pragma GCC diagnostic ignored "-Wpsabi"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif

#include "emulated.h"

#define RK_DOTS(sum, a, b) dots_of(sum, a, b)
#define RK_TILE_CONFIGURE(p) emulated_configure(p)
#define RK_TILE_RELEASE() emulated_release()
#define RK_TILE_ZERO(t) emulated_zero(t)
#define RK_TILE_LOAD(t, p, bytes) emulated_load(t, p, bytes)
#define RK_TILE_STORE(t, p, bytes) emulated_store(t, p, bytes)
#define RK_TILE_DOTS(c, a, b) emulated_tile_dots(c, a, b)

#include "../../Sources/CRecurrentKernels/template/kernels.h"

#include "../../Sources/CRecurrentKernels/template/pairs.h"

RK_INLINE vec dots_of(vec sum, vec a, vec b) {
  emulated_dots((float *)&sum, (const float *)&a, (const float *)&b);
  return sum;
}

#include "../../Sources/CRecurrentKernels/template/dots.h"

#include "../../Sources/CRecurrentKernels/template/tiles.h"

extern const rk_table *const rk_wide_tables[];
const rk_table *const rk_wide_tables[] = {
    &rk_table_wide, &rk_table_wide_rounded, &rk_table_wide_dots, &rk_table_wide_tiles,
    &rk_table_wide_split, NULL,
};

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif
