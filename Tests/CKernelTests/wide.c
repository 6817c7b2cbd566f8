// The template at AVX-512's sizes, built for AVX2: tests its loops, tails and tiles on a machine
// without AVX-512. Only the instructions themselves go untested.

#if defined(__x86_64__)

#define RK_LANES 16
#define RK_PANEL 32
#define RK_TILE_ROWS 12
#define RK_FUSED 1
#define RK_TABLE rk_table_wide
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

#include "../../Sources/CRecurrentKernels/template/kernels.h"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif
