// Any machine: vectors of four floats, multiplied and added in two roundings.

#define RK_LANES 4
#define RK_PANEL 8
#define RK_TILE_ROWS 4
#define RK_FUSED 0
#define RK_TABLE rk_table_generic
#define RK_TABLE_ROUNDED rk_table_generic_rounded
#define RK_ISA RK_GENERIC
#define RK_NAME "generic"

#include "../template/kernels.h"
