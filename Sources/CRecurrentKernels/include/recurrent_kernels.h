// The kernels: plain C, no allocation, no threads, no state but the dispatch tables.
//
// Every kernel is written once in `template/` on compiler vector types and compiled once per
// instruction set. A result element is computed by the same sequence of operations wherever it
// stands in a block and however the caller cuts the work, so any split over threads gives the
// same bits.
//
// Unless a field says otherwise: pointers are owned by the caller, must stay valid for the call,
// need no alignment beyond that of `float`, and must not overlap anything the kernel writes.

#ifndef RECURRENT_KERNELS_H
#define RECURRENT_KERNELS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The instruction sets the template is instantiated for.
typedef enum rk_isa {
  RK_GENERIC = 0,
  RK_NEON = 1,
  RK_AVX2 = 2,
  RK_AVX512 = 3,
} rk_isa;

/// How exactly products multiply; everything else is float32.
typedef enum rk_precision {
  RK_FLOAT32 = 0,
  RK_HIGH = 1,      ///< each number as the sum of two bfloat16, three products of the four
  RK_BFLOAT16 = 2,  ///< numbers rounded to bfloat16
} rk_precision;

// MARK: - The block program

/// An array with one row of units for every step and batch row:
/// element (step, row, unit) is `base[at * step_stride + row * row_stride + unit]`,
/// where `at = step + offset`, taken modulo `ring` if `ring > 0`.
typedef struct rk_operand {
  float *base;
  int64_t step_stride;  ///< floats from step to step; negative where time runs backwards
  int64_t row_stride;   ///< floats from row to row; 0 where all rows share one vector
  int32_t offset;       ///< added to the step: 0 for the previous state, 1 for the next
  int32_t ring;         ///< how many steps the array holds in turn; 0 for all of them
} rk_operand;

/// What one operation of a block program does. `dst`, `a`, `b`, `c` name slots: a slot holds one
/// float per row and unit of the block. r and u run over the block's rows and units; `row` and
/// `unit` are their places in the operand.
typedef enum rk_code {
  // Memory
  RK_LOAD = 0,   ///< dst[r][u] = operand[row][unit]
  RK_STORE,      ///< operand[row][unit] = a[r][u]
  RK_SPREAD,     ///< dst[r][u] = operand[row][(unit / (axis * inner)) * inner + unit % inner]
  RK_REDUCE,     ///< dst[r][u] = Σ_{j<axis} operand[row][at + j * inner],
                 ///< at = (unit / inner) * axis * inner + unit % inner
  RK_DOT,        ///< dst[r][u] = Σ_{j<axis} x[row][unit * axis + j] * y[row][unit * axis + j],
                 ///< x the operand, y the one that `other` names
  RK_SQUARES,    ///< dst[r][u] = Σ_{j<axis} (x[row][unit * axis + j] - y[row][0])²,
                 ///< x the operand, y the one that `other` names
  RK_NORMAL_ROW,    ///< dst = (a - operand[row][0]) * y[row][0], y the one that `other` names
  RK_ADD_ROW,       ///< dst = a + operand[row][0]
  RK_SUBTRACT_ROW,  ///< dst = a - operand[row][0]
  RK_MULTIPLY_ROW,  ///< dst = a * operand[row][0]
  RK_FMA_ROW,       ///< dst = a * operand[row][0] + c, rounded once where the machine can
  RK_FNMA_ROW,      ///< dst = c - a * operand[row][0], rounded once where the machine can
  RK_PRODUCT,    ///< dst[r][u] += Σ_{j<k} operand[row][j] * W[unit][j], in the order of j;
                 ///< W = weights[weight], packed by `pack`, its first row for `first_unit`
  // Sources
  RK_CONSTANT,   ///< dst = value
  // Arithmetic
  RK_ADD,        ///< dst = a + b
  RK_SUBTRACT,   ///< dst = a - b
  RK_MULTIPLY,   ///< dst = a * b
  RK_DIVIDE,     ///< dst = a / b
  RK_MAX,        ///< dst = max(a, b); NaN if either is
  RK_MIN,        ///< dst = min(a, b); NaN if either is
  RK_FMA,        ///< dst = a * b + c, rounded once where the machine can
  RK_FNMA,       ///< dst = c - a * b, rounded once where the machine can
  RK_ADD_VALUE,  ///< dst = a + value
  RK_MULTIPLY_VALUE,  ///< dst = a * value
  RK_FROM_VALUE, ///< dst = value - a
  RK_COPY,       ///< dst = a
  // Functions
  RK_NEGATE,     ///< dst = -a
  RK_ABS,        ///< dst = |a|
  RK_EXP,        ///< dst = exp(a)
  RK_LOG,        ///< dst = log(a)
  RK_SIGMOID,    ///< dst = 1 / (1 + exp(-a))
  RK_TANH,       ///< dst = tanh(a)
  RK_SOFTPLUS,   ///< dst = log(1 + exp(a))
  RK_SQRT,       ///< dst = sqrt(a)
  RK_RECIPROCAL, ///< dst = 1 / a (a full division)
  RK_FLOOR,      ///< dst = floor(a)
  // Choice
  RK_GREATER,    ///< dst = a > b ? 1 : 0
  RK_SELECT,     ///< dst = a > 0 ? b : c   (c where a is NaN)
  RK_CODE_COUNT,
} rk_code;

typedef struct rk_op {
  uint16_t code;     ///< rk_code
  uint16_t dst;      ///< slot written; may be any of a, b, c
  uint16_t a, b, c;  ///< slots read
  uint16_t operand;  ///< index into `operands`
  uint16_t other;    ///< DOT, SQUARES, NORMAL_ROW: index into `operands`
  uint16_t weight;   ///< index into `weights`
  int32_t k;         ///< PRODUCT: columns of the matrix, length of the operand's row
  int32_t axis;      ///< SPREAD, REDUCE, DOT, SQUARES
  int32_t inner;     ///< SPREAD, REDUCE
  float value;
} rk_op;

/// A list of operations that is run for each block of `block_rows` × `block_units`.
typedef struct rk_program {
  const rk_op *ops;
  int32_t op_count;
  int32_t slot_count;
  int32_t block_rows;          ///< ≥ 1
  int32_t block_units;         ///< a multiple of the table's `panel`
  const rk_operand *operands;  ///< operands may alias each other: within one block every
                               ///< operation is done in order before the next begins. What a
                               ///< product reads the same call writes nowhere
  const float *const *weights; ///< packed matrices, 64-byte aligned
  int32_t first_unit;          ///< the first unit that the packed matrices have a row for
} rk_program;

// MARK: - Matrices

/// C = A B, or C += A B. Any strides, so every transpose is the same call. C has contiguous rows.
/// The products of one element of C are added in the order of k, in blocks of a fixed length.
typedef struct rk_gemm {
  int32_t m, n, k;             ///< any may be 0
  int32_t accumulate;          ///< 0: C = A B; 1: C += A B
  const float *a;              ///< m × k: element (i, j) at a[i * a_row + j * a_col]
  int64_t a_row, a_col;
  const float *b;              ///< k × n
  int64_t b_row, b_col;
  float *c;                    ///< m × n: element (i, j) at c[i * c_row + j]; overlaps neither A
                               ///< nor B
  int64_t c_row;
  float *workspace;            ///< `gemm_workspace(m, n, k)` floats, 64-byte aligned, owned by the
                               ///< calling thread; contents irrelevant
  const int32_t *places;       ///< k places, or NULL: term j of the sums is A's column and B's row
                               ///< places[j] instead of j
} rk_gemm;

/// Packs an n × k matrix W, element (i, j) at w[i * w_row + j * w_col], into panels of `panel`
/// output units: dst[p][j][u] = W[p * panel + u][j], zero where p * panel + u ≥ n. So it is for
/// float32; in other precisions numbers are smaller, and what a panel holds is the table's affair.
typedef struct rk_pack {
  int32_t n, k;
  const float *w;
  int64_t w_row, w_col;
  float *dst;                  ///< ceil(n / panel) * packed_depth(k) * panel floats, 64-byte aligned
  const int32_t *places;       ///< k places, or NULL: column j is the matrix's places[j]
} rk_pack;

/// out[j] (+)= Σ_i a[i][j] * b[i][j], or Σ_i a[i][j] where b is NULL.
/// Rows are added in order, in chunks of a fixed length.
typedef struct rk_columns {
  int64_t rows;
  int32_t columns;
  int32_t accumulate;
  const float *a;
  int64_t a_row;
  const float *b;              ///< may be NULL, may be a
  int64_t b_row;
  float *out;
  const int32_t *places;       ///< `rows` places, or NULL: row i of the sum is row places[i] instead
} rk_columns;

/// The kernels of one instruction set and precision.
typedef struct rk_table {
  rk_isa isa;
  const char *name;            ///< "generic", "neon", "avx2", "avx512"
  const char *products;        ///< what multiplies: "float32"; "rounded": float32 too, of rounded
                               ///< numbers; "dots": AVX512_BF16; "tiles", "split": AMX, of one and
                               ///< of two bfloat16
  int32_t lanes;               ///< floats in a vector
  int32_t panel;               ///< units in a packed panel, a multiple of `lanes`
  int32_t tile_rows;           ///< rows of the register tile: block_rows is best a multiple

  /// Runs the program for step `step`, rows [row0, row1) and units [unit0, unit1) of the stage.
  /// unit0 is a multiple of `panel` beyond the program's first unit. `scratch`:
  /// `run_scratch(program, row1 - row0)` floats, 64-byte aligned, owned by the calling thread;
  /// contents irrelevant before and after.
  void (*run)(const rk_program *program, int64_t step, int32_t row0, int32_t row1,
              int32_t unit0, int32_t unit1, float *scratch);
  /// At least slot_count * block_rows * block_units; no more than for more rows.
  int64_t (*run_scratch)(const rk_program *program, int32_t rows);
  void (*gemm)(const rk_gemm *arguments);
  int64_t (*gemm_workspace)(int32_t m, int32_t n, int32_t k);
  void (*pack)(const rk_pack *arguments);
  int32_t (*packed_depth)(int32_t k);  ///< floats that a packed matrix of k columns has for a unit
  void (*columns)(const rk_columns *arguments);

  /// Multiplies and adds in registers only, `rounds` times some independent sums; returns how many
  /// floating-point operations that were. `values`: 2 * lanes floats, a factor and what is added for
  /// each lane; the sums are left in the first half, so that nobody can leave the work undone.
  int64_t (*peak)(int64_t rounds, float *values);
} rk_table;

/// The float32 kernels for `isa`, or NULL where this machine or this build does not have it.
const rk_table *rk_kernels(rk_isa isa);

/// The same with products of a precision, by the best means that the machine has beside `isa`: for
/// RK_HIGH without AMX the float32 kernels, which are more exact. Asks the operating system for the
/// use of AMX where that is needed.
const rk_table *rk_kernels_for(rk_isa isa, rk_precision precision);

/// The best this machine has, or the one that RECURRENT_ISA=generic|neon|avx2|avx512 names.
/// A name that is unknown or not available here is answered with NULL: the caller says so.
const rk_table *rk_default_kernels(void);

/// A pause for a thread that spins.
void rk_spin_hint(void);

/// The processors that this process may run on, at least 1.
int32_t rk_processor_count(void);

/// Goes on with a CRC-32 (reversed, polynomial 0xEDB88320): `state` is the sum so far, not inverted.
/// Reads a multiple of 16 of the `count` bytes, from the first, and returns how many; 0 where there
/// are too few, or the CPU has no instruction for it.
int64_t rk_crc32(uint32_t *state, const uint8_t *bytes, int64_t count);

#ifdef __cplusplus
}
#endif
#endif
