// All kernels of one instruction set. A file in `isa/` defines
//
//   RK_LANES      floats in a vector
//   RK_PANEL      units in a packed panel, a multiple of RK_LANES
//   RK_TILE_ROWS  rows of the register tile, at most 12
//   RK_FUSED      1 where a * b + c is one instruction that rounds once
//   RK_TABLE, RK_TABLE_ROUNDED  the tables of float32 and of numbers rounded to bfloat16
//   RK_ISA, RK_NAME
//   RK_LOAD_PART, RK_STORE_PART  if it has masks: see `load_part` and `store_part`
//
// and includes this file once, inside its target attribute. Everything but the table is static.

#include "tables.h"

#include "vector.h"

#include "functions.h"

#include "matrix.h"

#include "columns.h"

#include "block.h"

#include "peak.h"

/// What the tables of an instruction set share.
#define RK_SHARED_KERNELS                                                      \
  .isa = RK_ISA, .name = RK_NAME, .lanes = RK_LANES, .panel = RK_PANEL,        \
  .columns = sum_columns, .peak = multiply_in_registers

const rk_table RK_TABLE = {
    RK_SHARED_KERNELS,
    .products = "float32",
    .tile_rows = RK_TILE_ROWS,
    .run = run_program,
    .run_scratch = run_scratch,
    .gemm = multiply_matrices,
    .gemm_workspace = multiply_workspace,
    .pack = pack_matrix,
    .packed_depth = plain_depth,
};

#include "bfloat.h"

#include "converted.h"

#include "rounded.h"
