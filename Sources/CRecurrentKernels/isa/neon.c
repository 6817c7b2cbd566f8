// 64-bit ARM: 32 registers of four floats, 24 of them accumulators.

#include "../template/tables.h"

#if defined(RK_HAS_NEON)

#define RK_LANES 4
#define RK_PANEL 16
#define RK_TILE_ROWS 6
#define RK_FUSED 1
#define RK_TABLE rk_table_neon
#define RK_TABLE_ROUNDED rk_table_neon_rounded
#define RK_ISA RK_NEON
#define RK_NAME "neon"

#include "../template/kernels.h"

#endif
