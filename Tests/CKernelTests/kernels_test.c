// Checks the kernels of every instruction set this machine has against plain loops.
//
//   kernels_test [--stride N] [--bench] [NAME …]
//
// NAME picks instruction sets, or what multiplies ("float32", "tiles"); N is the distance of the floats that functions are tried at (1 is
// every float). Products are compared bit for bit with one accumulator per element, added to in
// the order of j: whatever way the kernels cut the work, no bit may change. Other precisions: see
// `precision.h`.
//
// Every array ends at a page that cannot be touched, and what lies around it is checked.

#define _DEFAULT_SOURCE
#include "recurrent_kernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

#if defined(RK_TEST_WIDE)
/// The template at AVX-512's sizes, built for AVX2, in all precisions; ends with NULL.
extern const rk_table *const rk_wide_tables[];
#endif

static const rk_table *table;
static int failures;

static void report(int ok, const char *what, const char *detail) {
  const int is_plain = table == NULL || strcmp(table->products, "float32") == 0;
  printf("%-4s %-8s %s%s%s%s%s\n", ok ? "ok" : "FAIL", table ? table->name : "",
         is_plain ? "" : table->products, is_plain ? "" : ": ", what,
         detail[0] ? ": " : "", detail);
  fflush(stdout);
  failures += !ok;
}

// MARK: - Numbers

static uint32_t seed = 12345;

static uint32_t random_bits(void) {
  seed ^= seed << 13;
  seed ^= seed >> 17;
  return seed ^= seed << 5;
}

static float uniform(void) { return (float)(int32_t)random_bits() * 0x1p-31f; }
static int below(int n) { return (int)(random_bits() >> 1) % n; }

static float from_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, 4);
  return x;
}

static uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  return bits;
}

/// The same bits, or both NaN.
static int same(float a, float b) {
  return bits_of(a) == bits_of(b) || (isnan(a) && isnan(b));
}

static float multiply_add(float a, float b, float c) {
  return table->isa == RK_GENERIC ? a * b + c : fmaf(a, b, c);
}

// MARK: - Arrays with guards

typedef struct array {
  float *p;
  size_t count, bytes;
  char *pages;
} array;

enum { CANARY = 0xa5 };

/// `count` floats at an address that is a multiple of `alignment`, as near as that allows to the
/// end of the last page that can be touched.
static array make_array(size_t count, size_t alignment) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  size_t bytes = (count * 4 + 64 + page - 1) / page * page;
  char *pages =
      mmap(NULL, bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED || mprotect(pages + bytes, page, PROT_NONE) != 0) {
    perror("mmap");
    exit(1);
  }
  memset(pages, CANARY, bytes);
  size_t start = (bytes - count * 4) / alignment * alignment;
  array a = {(float *)(void *)(pages + start), count, bytes, pages};
  for (size_t i = 0; i < count; i++) a.p[i] = uniform();
  return a;
}

/// Frees the array. False if something was written around it.
static int free_array(array a) {
  int ok = 1;
  char *begin = (char *)a.p, *end = (char *)(a.p + a.count);
  for (char *c = a.pages; c < a.pages + a.bytes; c++) {
    if ((c < begin || c >= end) && *c != (char)CANARY) ok = 0;
  }
  munmap(a.pages, a.bytes + (size_t)sysconf(_SC_PAGESIZE));
  return ok;
}

static array copy_array(array a) {
  array b = make_array(a.count, 4);
  memcpy(b.p, a.p, a.count * 4);
  return b;
}

static int up(int n, int unit) { return (n + unit - 1) / unit * unit; }

// MARK: - Programs

typedef struct shape {
  int row0, row1, unit0, unit1, block_rows, block_units, first_unit;
} shape;

/// Runs with a scratch of the documented size that is full of NaN.
static int run(const rk_op *ops, int op_count, int slots, const rk_operand *operands,
               const float *const *weights, int64_t step, shape s) {
  rk_program program = {ops, op_count, slots, s.block_rows, s.block_units, operands, weights,
                        s.first_unit};
  array scratch = make_array((size_t)table->run_scratch(&program, s.row1 - s.row0), 64);
  memset(scratch.p, 0xff, scratch.count * 4);
  table->run(&program, step, s.row0, s.row1, s.unit0, s.unit1, scratch.p);
  return free_array(scratch);
}

typedef double (*exact_function)(double);

static double exact_sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double softplus(double x) { return fmax(x, 0) + log1p(exp(-fabs(x))); }

/// The distance to the exact value in units of the last place of the float nearest to it.
static double ulps(float got, double exact) {
  float nearest = (float)exact;
  if (isnan(nearest) || isnan(got)) return isnan(nearest) && isnan(got) ? 0 : INFINITY;
  if (isinf(nearest) || isinf(got) || nearest == 0) return same(got, nearest) ? 0 : INFINITY;
  int exponent;
  frexp((double)nearest, &exponent);
  double ulp = ldexp(1, exponent - 24 < -149 ? -149 : exponent - 24);
  return fabs((double)got - exact) / ulp;
}

static void check_functions(uint32_t stride) {
  static const struct {
    const char *name;
    rk_code code;
    exact_function exact;
    double limit;
  } functions[] = {
      {"exp", RK_EXP, exp, 2},         {"log", RK_LOG, log, 2},
      {"softplus", RK_SOFTPLUS, softplus, 4},
      {"sigmoid", RK_SIGMOID, exact_sigmoid, 3.0}, {"tanh", RK_TANH, tanh, 3.0},
      {"sqrt", RK_SQRT, sqrt, 0.5},    {"floor", RK_FLOOR, floor, 0},
  };
  enum { ROWS = 7, UNITS = 1021, COUNT = ROWS * UNITS };
  array x = make_array(COUNT, 4), y = make_array(COUNT, 4);
  for (size_t f = 0; f < sizeof functions / sizeof functions[0]; f++) {
    rk_operand operands[] = {{x.p, 0, UNITS, 0, 0}, {y.p, 0, UNITS, 0, 0}};
    rk_op ops[] = {{.code = RK_LOAD, .dst = 1},
                   {.code = (uint16_t)functions[f].code, .dst = 1, .a = 1},
                   {.code = RK_STORE, .a = 1, .operand = 1}};
    shape s = {0, ROWS, 0, UNITS, 3, 8 * table->panel, 0};
    static const float special[] = {
        0.0f, -0.0f, INFINITY, -INFINITY, NAN, -1.0f, 1.0f, 0x1p-149f, -0x1p-149f, 0x1p-126f,
        -87.33655f, -87.5f, -103.97f, -103.98f, -104.5f, 88.72f, 88.73f, 89.5f, 104.5f, 0x1p127f,
        -0x1p127f, 8388607.5f, -8388607.5f, 8388608.0f, 0.5f, -0.5f, 0.70710678f, 1.41421356f};
    double worst = 0;
    float worst_at = 0;
    uint64_t bits = 0;
    for (int first = 1; bits < (uint64_t)1 << 32; first = 0) {
      for (size_t i = 0; i < COUNT; i++) {
        if (first && i < sizeof special / 4) {
          x.p[i] = special[i];
        } else {
          x.p[i] = from_bits((uint32_t)bits);
          bits += stride;
        }
      }
      run(ops, 3, 2, operands, NULL, 0, s);
      for (size_t i = 0; i < COUNT; i++) {
        double error = ulps(y.p[i], functions[f].exact((double)x.p[i]));
        if (error > worst) worst = error, worst_at = x.p[i];
      }
    }
    char detail[100];
    snprintf(detail, sizeof detail, "largest error %.3f ulp, at %.9g", worst, (double)worst_at);
    report(worst <= functions[f].limit, functions[f].name, detail);
  }
  report(free_array(x) & free_array(y), "functions: nothing beyond the arrays", "");
}

static float pointwise(rk_code code, float a, float b, float c, float value) {
  switch (code) {
    case RK_CONSTANT: return value;
    case RK_ADD: return a + b;
    case RK_SUBTRACT: return a - b;
    case RK_MULTIPLY: return a * b;
    case RK_DIVIDE: return a / b;
    case RK_MAX: return isnan(a) || isnan(b) ? NAN : a > b ? a : b;
    case RK_MIN: return isnan(a) || isnan(b) ? NAN : a < b ? a : b;
    case RK_FMA: return multiply_add(a, b, c);
    case RK_FNMA: return multiply_add(-a, b, c);
    case RK_ADD_VALUE: return a + value;
    case RK_MULTIPLY_VALUE: return a * value;
    case RK_FROM_VALUE: return value - a;
    case RK_COPY: return a;
    case RK_NEGATE: return -a;
    case RK_ABS: return fabsf(a);
    case RK_RECIPROCAL: return 1 / a;
    case RK_GREATER: return a > b ? 1 : 0;
    case RK_SELECT: return a > 0 ? b : c;
    default: abort();
  }
}

static void check_pointwise(void) {
  static const rk_code codes[] = {
      RK_CONSTANT, RK_ADD, RK_SUBTRACT, RK_MULTIPLY, RK_DIVIDE, RK_MAX, RK_MIN, RK_FMA,
      RK_FNMA, RK_ADD_VALUE, RK_MULTIPLY_VALUE, RK_FROM_VALUE, RK_COPY, RK_NEGATE, RK_ABS,
      RK_RECIPROCAL, RK_GREATER, RK_SELECT};
  static const float special[] = {0.0f, -0.0f, INFINITY, -INFINITY, NAN, 1e-42f, -3e38f, 2.5f};
  enum { ROWS = 5, UNITS = 67, COUNT = ROWS * UNITS };
  int ok = 1;
  for (size_t f = 0; f < sizeof codes / sizeof codes[0]; f++) {
    // dst is each of a, b, c and none of them.
    for (uint16_t dst = 0; dst < 4; dst++) {
      array in[3], out = make_array(COUNT, 4);
      for (int i = 0; i < 3; i++) {
        in[i] = make_array(COUNT, 4);
        for (int j = 0; j < COUNT; j++) {
          if (below(3) == 0) in[i].p[j] = special[below(8)];
        }
      }
      rk_operand operands[] = {{in[0].p, 0, UNITS, 0, 0}, {in[1].p, 0, UNITS, 0, 0},
                               {in[2].p, 0, UNITS, 0, 0}, {out.p, 0, UNITS, 0, 0}};
      rk_op ops[] = {{.code = RK_LOAD, .dst = 0, .operand = 0},
                     {.code = RK_LOAD, .dst = 1, .operand = 1},
                     {.code = RK_LOAD, .dst = 2, .operand = 2},
                     {.code = (uint16_t)codes[f], .dst = dst, .a = 0, .b = 1, .c = 2,
                      .value = 0.375f},
                     {.code = RK_STORE, .a = dst, .operand = 3}};
      shape s = {0, ROWS, 0, UNITS, 2, 2 * table->panel, 0};
      ok &= run(ops, 5, 4, operands, NULL, 41, s);
      for (int i = 0; i < COUNT; i++) {
        float want = pointwise(codes[f], in[0].p[i], in[1].p[i], in[2].p[i], 0.375f);
        int either_zero = codes[f] == RK_MAX || codes[f] == RK_MIN;  // the larger of 0 and -0
        if (same(out.p[i], want) || (either_zero && want == 0 && out.p[i] == 0)) continue;
        if (ok) {
          printf("code %d of %g, %g, %g: %g, not %g\n", (int)codes[f], (double)in[0].p[i],
                 (double)in[1].p[i], (double)in[2].p[i], (double)out.p[i], (double)want);
        }
        ok = 0;
      }
      for (int i = 0; i < 3; i++) ok &= free_array(in[i]);
      ok &= free_array(out);
    }
  }
  report(ok, "arithmetic and choice, in place and not, bit for bit", "");
}

/// dst = bias + Σ_j x[row][j] W[unit][j], for all sizes with tails, any cut of rows and units.
static void check_product(void) {
  int ok = 1, cases = 0;
  for (int n = 1; n <= 140; n += n < 40 ? 1 : 7) {
    for (int round = 0; round < 9; round++) {
      int rows = 1 + below(14), k = round == 0 ? 0 : 1 + below(40);
      int x_row = below(8) == 0 ? 0 : k + below(3);
      array w = make_array((size_t)(n * k), 4), x = make_array((size_t)((rows - 1) * x_row + k), 4);
      array bias = make_array((size_t)n, 4), y = make_array((size_t)(rows * n), 4);
      array packed = make_array((size_t)(up(n, table->panel) * k), 64);
      int transposed = below(2);
      rk_pack pack = {n, k, w.p, transposed ? 1 : k, transposed ? n : 1, packed.p, NULL};
      table->pack(&pack);
      for (int i = 0; i < up(n, table->panel) * k; i++) {
        int u = i / (k * table->panel) * table->panel + i % table->panel;
        int j = i / table->panel % k;
        float want = u < n ? w.p[u * pack.w_row + j * pack.w_col] : 0;
        if (!same(packed.p[i], want)) ok = 0;
      }
      const float *weights[] = {packed.p};
      // The matrix may be for the units from some number on.
      int first = below(3) * 5;
      rk_operand operands[] = {
          {bias.p - first, 0, 0, 0, 0}, {x.p, 0, x_row, 0, 0}, {y.p - first, 0, n, 0, 0}};
      rk_op ops[] = {{.code = RK_LOAD, .dst = 1, .operand = 0},
                     {.code = RK_PRODUCT, .dst = 1, .operand = 1, .weight = 0, .k = k},
                     {.code = RK_STORE, .a = 1, .operand = 2}};
      // Cut the units at a panel, the rows anywhere, and the blocks at random.
      int unit = up(below(n + 1), table->panel), row = below(rows + 1);
      if (unit > n) unit = n;
      int cuts[2][2] = {{0, unit}, {unit, n}}, row_cuts[2][2] = {{0, row}, {row, rows}};
      for (int i = 0; i < 4; i++) {
        shape s = {row_cuts[i / 2][0], row_cuts[i / 2][1], first + cuts[i % 2][0],
                   first + cuts[i % 2][1], 1 + below(15), table->panel * (1 + below(5)), first};
        if (cuts[i % 2][0] % table->panel == 0) ok &= run(ops, 3, 2, operands, weights, 0, s);
      }
      for (int i = 0; i < rows * n; i++) {
        float sum = bias.p[i % n];
        for (int j = 0; j < k; j++) {
          sum = multiply_add(x.p[i / n * x_row + j],
                             w.p[i % n * pack.w_row + j * pack.w_col], sum);
        }
        if (!same(sum, y.p[i])) ok = 0;
      }
      ok &= free_array(w) & free_array(x) & free_array(bias) & free_array(y) & free_array(packed);
      cases++;
    }
  }
  char detail[60];
  snprintf(detail, sizeof detail, "%d cases", cases);
  report(ok, "pack and product, however cut, bit for bit", detail);
}

/// Rings, offsets, time that runs backwards, and an operand stored and loaded again.
static void check_operands(void) {
  enum { ROWS = 4, UNITS = 37, STEPS = 5 };
  int ok = 1;
  array sequence = make_array(STEPS * ROWS * UNITS, 4), back = make_array(STEPS * ROWS * UNITS, 4);
  array state = make_array(2 * ROWS * UNITS, 4);
  array wanted = copy_array(state), forward = copy_array(sequence);
  // state[t + 1] = 0.5 state[t] + sequence[t], stored to `back` from the end on and, doubled, to
  // where it came from.
  int64_t step_size = ROWS * UNITS;
  rk_operand operands[] = {
      {sequence.p, step_size, UNITS, 0, 0},
      {state.p, step_size, UNITS, 0, 2},
      {state.p, step_size, UNITS, 1, 2},
      {back.p + (STEPS - 1) * step_size, -step_size, UNITS, 0, 0},
      {state.p, step_size, UNITS, -1, 2},  // at step 0 this is the last of the ring
  };
  rk_op ops[] = {{.code = RK_LOAD, .dst = 0, .operand = 0},
                 {.code = RK_LOAD, .dst = 1, .operand = 1},
                 {.code = RK_MULTIPLY_VALUE, .dst = 1, .a = 1, .value = 0.5f},
                 {.code = RK_ADD, .dst = 1, .a = 1, .b = 0},
                 {.code = RK_STORE, .a = 1, .operand = 2},
                 {.code = RK_LOAD, .dst = 2, .operand = 4},
                 {.code = RK_STORE, .a = 2, .operand = 3},
                 {.code = RK_ADD, .dst = 2, .a = 2, .b = 2},
                 {.code = RK_STORE, .a = 2, .operand = 0}};
  for (int t = 0; t < STEPS; t++) {
    ok &= run(ops, 9, 3, operands, NULL, t, (shape){0, ROWS, 0, UNITS, 3, table->panel, 0});
    for (int i = 0; i < step_size; i++) {
      float *next = &wanted.p[(t + 1) % 2 * step_size + i];
      *next = wanted.p[t % 2 * step_size + i] * 0.5f + forward.p[t * step_size + i];
      if (!same(*next, back.p[(STEPS - 1 - t) * step_size + i])) ok = 0;
      if (!same(*next + *next, sequence.p[t * step_size + i])) ok = 0;
    }
  }
  ok &= free_array(sequence) & free_array(back) & free_array(state) & free_array(wanted)
        & free_array(forward);
  report(ok, "rings, offsets, backward time, an operand stored and loaded again", "");
}

static void check_spread_and_reduce(void) {
  int ok = 1;
  double worst = 0;
  for (int round = 0; round < 300; round++) {
    int outer = 1 + below(5), axis = 1 + below(20), inner = below(2) ? 1 : 1 + below(20);
    int rows = 1 + below(3), small = outer * inner, large = small * axis;
    array a = make_array((size_t)(rows * small), 4), b = make_array((size_t)(rows * large), 4);
    array to_large = make_array((size_t)(rows * large), 4);
    array to_small = make_array((size_t)(rows * small), 4), cut = copy_array(to_small);
    rk_operand operands[] = {{a.p, 0, small, 0, 0}, {to_large.p, 0, large, 0, 0},
                             {b.p, 0, large, 0, 0}, {to_small.p, 0, small, 0, 0},
                             {cut.p, 0, small, 0, 0}};
    rk_op spread[] = {{.code = RK_SPREAD, .dst = 1, .axis = axis, .inner = inner, .operand = 0},
                      {.code = RK_STORE, .a = 1, .operand = 1}};
    rk_op reduce[] = {{.code = RK_REDUCE, .dst = 1, .axis = axis, .inner = inner, .operand = 2},
                      {.code = RK_STORE, .a = 1, .operand = 3}};
    int block = table->panel * (1 + below(3));
    ok &= run(spread, 2, 2, operands, NULL, 0, (shape){0, rows, 0, large, 2, block, 0});
    ok &= run(reduce, 2, 2, operands, NULL, 0, (shape){0, rows, 0, small, 2, block, 0});
    // The same sums from other blocks: the same bits.
    reduce[1].operand = 4;
    ok &= run(reduce, 2, 2, operands, NULL, 0, (shape){0, rows, 0, small, 1, 8 * table->panel, 0});
    for (int i = 0; i < rows * large; i++) {
      int row = i / large, u = i % large;
      float want = a.p[row * small + u / (axis * inner) * inner + u % inner];
      if (!same(to_large.p[i], want)) ok = 0;
    }
    for (int i = 0; i < rows * small; i++) {
      int row = i / small, u = i % small;
      double sum = 0, size = 0;
      for (int j = 0; j < axis; j++) {
        float x = b.p[row * large + u / inner * axis * inner + j * inner + u % inner];
        sum += (double)x;
        size += fabs((double)x);
      }
      double error = fabs((double)to_small.p[i] - sum) / size;
      if (error > worst) worst = error;
      if (!same(to_small.p[i], cut.p[i])) ok = 0;
    }
    ok &= free_array(a) & free_array(b) & free_array(to_large) & free_array(to_small)
          & free_array(cut);
  }
  char detail[80];
  snprintf(detail, sizeof detail, "sums to %.2g of the sum of sizes", worst);
  report(ok && worst < 1e-6, "spread and reduce", detail);
}

static void multiply(rk_gemm g) {
  array workspace = make_array((size_t)table->gemm_workspace(g.m, g.n, g.k), 64);
  g.workspace = workspace.p;
  table->gemm(&g);
  if (!free_array(workspace)) {
    failures++;
    printf("FAIL %s gemm wrote beyond its workspace (%d, %d, %d)\n", table->name, g.m, g.n, g.k);
  }
}

static int check_gemm_case(int m, int n, int k, int kind) {
  int pad = below(3), accumulate = kind & 1, a_turned = kind & 2, b_turned = kind & 4;
  int spaced = kind & 8 ? 2 : 1;  // neither row nor column is contiguous
  int64_t a_row = a_turned ? spaced : spaced * (k + pad), a_col = a_turned ? m + pad : spaced;
  int64_t b_row = b_turned ? spaced : spaced * (n + pad), b_col = b_turned ? k + pad : spaced;
  if (a_turned) a_col *= spaced;
  if (b_turned) b_col *= spaced;
  int64_t c_row = n + pad;
  size_t a_size = m > 0 && k > 0 ? (size_t)((m - 1) * a_row + (k - 1) * a_col + 1) : 0;
  size_t b_size = n > 0 && k > 0 ? (size_t)((k - 1) * b_row + (n - 1) * b_col + 1) : 0;
  size_t c_size = m > 0 && n > 0 ? (size_t)((m - 1) * c_row + n) : 0;
  array a = make_array(a_size, 4), b = make_array(b_size, 4), c = make_array(c_size, 4);
  array before = copy_array(c), cut = copy_array(c);
  rk_gemm g = {m, n, k, accumulate, a.p, a_row, a_col, b.p, b_row, b_col, c.p, c_row, NULL, NULL};
  // In some cases the sum is over other places, in an order of their own.
  int32_t places[600];
  for (int l = 0; l < k; l++) places[l] = kind & 16 ? below(k) : l;
  if (kind & 16) g.places = places;
  multiply(g);
  // In four pieces: the same bits.
  int mc = below(m + 1), nc = below(n + 1);
  for (int i = 0; i < 4; i++) {
    rk_gemm piece = g;
    int m0 = i & 1 ? mc : 0, n0 = i & 2 ? nc : 0;
    piece.m = (i & 1 ? m : mc) - m0;
    piece.n = (i & 2 ? n : nc) - n0;
    piece.a += m0 * a_row;
    piece.b += n0 * b_col;
    piece.c = cut.p + m0 * c_row + n0;
    multiply(piece);
  }
  int ok = 1;
  for (size_t at = 0; at < c_size; at++) {
    int64_t i = (int64_t)at / c_row, j = (int64_t)at % c_row;
    float sum = j >= n || accumulate ? before.p[at] : 0;
    for (int l = 0; l < k && j < n; l++) {
      int64_t place = places[l];
      sum = multiply_add(a.p[i * a_row + place * a_col], b.p[place * b_row + j * b_col], sum);
    }
    if (!same(sum, c.p[at]) || !same(sum, cut.p[at])) ok = 0;
  }
  ok &= free_array(a) & free_array(b) & free_array(c) & free_array(before) & free_array(cut);
  if (!ok) printf("gemm %d x %d x %d, kind %d\n", m, n, k, kind);
  return ok;
}

static void check_gemm(void) {
  int ok = 1, cases = 0;
  for (int kind = 0; kind < 32; kind++) {
    for (int round = 0; round < 40; round++) {
      ok &= check_gemm_case(below(30), below(70), below(40), kind);
      cases++;
    }
    static const int sizes[][3] = {{0, 5, 7},   {5, 0, 7},    {5, 7, 0},     {1, 1, 1},
                                   {1, 300, 17}, {2, 131, 300}, {211, 3, 13}, {107, 45, 600},
                                   {13, 17, 257}, {3, 2100, 5}, {200, 33, 256}, {6, 64, 511}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
      ok &= check_gemm_case(sizes[i][0], sizes[i][1], sizes[i][2], kind);
      cases++;
    }
  }
  char detail[60];
  snprintf(detail, sizeof detail, "%d cases", cases);
  report(ok, "gemm, all strides, whole and in pieces, bit for bit", detail);
}

static void check_columns(void) {
  int ok = 1;
  for (int round = 0; round < 200; round++) {
    int rows = below(5) == 0 ? below(3) : below(200), columns = round < 4 ? 1500 : 1 + below(70);
    int kind = round % 3, accumulate = below(2);  // a alone; a and b; a squared
    int64_t a_row = columns + below(3), b_row = kind == 2 ? a_row : columns + below(3);
    size_t a_size = rows ? (size_t)((rows - 1) * a_row + columns) : 0;
    size_t b_size = rows ? (size_t)((rows - 1) * b_row + columns) : 0;
    array a = make_array(a_size, 4), b = make_array(b_size, 4);
    array out = make_array((size_t)columns, 4), before = copy_array(out), cut = copy_array(out);
    const float *second = kind == 0 ? NULL : kind == 1 ? b.p : a.p;
    rk_columns sum = {rows, columns, accumulate, a.p, a_row, second, b_row, out.p, NULL};
    int32_t places[200];
    for (int i = 0; i < rows; i++) places[i] = round % 2 ? below(rows) : i;
    if (round % 2) sum.places = places;
    table->columns(&sum);
    int at = below(columns + 1);
    for (int i = 0; i < 2; i++) {
      rk_columns piece = sum;
      int first = i ? at : 0;
      piece.columns = i ? columns - at : at;
      piece.a += first;
      if (second) piece.b += first;
      piece.out = cut.p + first;
      table->columns(&piece);
    }
    for (int j = 0; j < columns; j++) {
      float total = accumulate ? before.p[j] : 0;
      for (int i0 = 0; i0 < rows; i0 += 64) {
        float chunk = 0;
        for (int i = i0; i < rows && i < i0 + 64; i++) {
          float x = a.p[places[i] * a_row + j];
          chunk = second ? multiply_add(x, second[places[i] * b_row + j], chunk) : chunk + x;
        }
        total += chunk;
      }
      if (!same(total, out.p[j]) || !same(total, cut.p[j])) ok = 0;
    }
    ok &= free_array(a) & free_array(b) & free_array(out) & free_array(before) & free_array(cut);
  }
  report(ok, "column sums, whole and in pieces, bit for bit", "");
}

/// Whole numbers are added exactly, so the sums say that the rounds were all made.
static void check_peak(void) {
  float values[2 * 64] = {0};
  const int64_t rounds = 37;
  const int lanes = table->lanes;
  for (int i = 0; i < lanes; i++) values[i] = 1, values[lanes + i] = (float)i;
  const int64_t operations = table->peak(rounds, values);
  const int64_t sums = operations / (2 * lanes * rounds);
  int ok = sums >= 8 && operations == sums * 2 * lanes * rounds;
  for (int i = 0; i < lanes; i++) {
    ok &= values[i] == (float)(sums + sums * (sums - 1) / 2 + sums * rounds * i);
  }
  report(ok, "peak", "every round is made");
}

static void check_dispatch(void) {
  static const char *const names[] = {"generic", "neon", "avx2", "avx512"};
  int ok = rk_kernels(RK_GENERIC) != NULL && rk_kernels((rk_isa)99) == NULL;
  for (int i = 0; i < 4; i++) {
    const rk_table *one = rk_kernels((rk_isa)i);
    setenv("RECURRENT_ISA", names[i], 1);
    ok &= rk_default_kernels() == one;
    if (one == NULL) continue;
    ok &= one->isa == (rk_isa)i && strcmp(one->name, names[i]) == 0;
    ok &= one->panel % one->lanes == 0 && one->tile_rows > 0;
  }
  setenv("RECURRENT_ISA", "quantum", 1);
  ok &= rk_default_kernels() == NULL;
  unsetenv("RECURRENT_ISA");
  const rk_table *best = rk_default_kernels();
  ok &= best != NULL;
  for (int i = 0; i < 4; i++) ok &= rk_kernels((rk_isa)i) == NULL || best->isa >= (rk_isa)i;
  rk_spin_hint();
  report(ok, "dispatch", best ? best->name : "");
}

#include "precision.h"

/// Every precision has a table wherever float32 has one, and of the same instruction set.
static void check_precisions(void) {
  int ok = 1;
  for (int i = 0; i < 5; i++) {
    const rk_table *plain = rk_kernels((rk_isa)i);
    ok &= rk_kernels_for((rk_isa)i, RK_FLOAT32) == plain;
    for (int precision = RK_HIGH; precision <= RK_BFLOAT16; precision++) {
      const rk_table *one = rk_kernels_for((rk_isa)i, (rk_precision)precision);
      ok &= (one == NULL) == (plain == NULL);
      if (one == NULL) continue;
      ok &= one->isa == plain->isa && strcmp(one->name, plain->name) == 0;
      ok &= one->panel == plain->panel && one->lanes == plain->lanes;
      ok &= (precision == RK_HIGH) == (one == plain || strcmp(one->products, "split") == 0);
    }
  }
  const rk_table *best = rk_default_kernels();
  report(ok, "precisions", best ? rk_kernels_for(best->isa, RK_BFLOAT16)->products : "");
}

// MARK: - Speed

/// This thread's processor time: what others do on the machine counts less.
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/// The shortest time of one call, in seconds.
#define BEST_TIME(seconds, call)                                       \
  do {                                                                 \
    seconds = 1e9;                                                     \
    int calls = 1;                                                     \
    for (double begin = now(); now() - begin < 0.3;) {                 \
      double start = now();                                            \
      for (int i_ = 0; i_ < calls; i_++) call;                         \
      double each = (now() - start) / calls;                           \
      if (each < seconds) seconds = each;                              \
      if (each * calls < 1e-4) calls *= 2;                             \
    }                                                                  \
  } while (0)

static const char *label(void) {
  return strcmp(table->products, "float32") == 0 ? table->name : table->products;
}

static void bench_gemm(int m, int n, int k, int a_turned, int b_turned) {
  array a = make_array((size_t)m * (size_t)k, 64), b = make_array((size_t)k * (size_t)n, 64);
  array c = make_array((size_t)m * (size_t)n, 64);
  array workspace = make_array((size_t)table->gemm_workspace(m, n, k), 64);
  rk_gemm g = {m, n, k, 0, a.p, a_turned ? 1 : k, a_turned ? m : 1,
               b.p, b_turned ? 1 : n, b_turned ? k : 1, c.p, n, workspace.p, NULL};
  double seconds;
  BEST_TIME(seconds, table->gemm(&g));
  printf("     %-8s gemm %4d x %4d x %4d %s%s  %8.2f us  %6.1f GFLOP/s\n", label(), m, n, k,
         a_turned ? "T" : "N", b_turned ? "T" : "N", seconds * 1e6, 2e-9 * m * n * k / seconds);
  free_array(a), free_array(b), free_array(c), free_array(workspace);
}

static void bench_peak(void) {
  float values[2 * 64];
  for (int i = 0; i < 128; i++) values[i] = 0.5f;
  const int64_t rounds = 100000;
  int64_t operations = 0;
  double seconds;
  BEST_TIME(seconds, operations = table->peak(rounds, values));
  printf("     %-8s peak %.1f GFLOP/s\n", table->name, 1e-9 * (double)operations / seconds);
}

/// Four products on four slots, as an LSTM has them.
static void bench_product(int rows, int units, int k) {
  const int weight_size = up(units, table->panel) * table->packed_depth(k);
  array w = make_array((size_t)(units * k), 4), packed = make_array((size_t)(4 * weight_size), 64);
  array x = make_array((size_t)(rows * k), 64), y = make_array((size_t)(rows * units), 64);
  const float *weights[4];
  rk_op ops[8];
  for (uint16_t i = 0; i < 4; i++) {
    weights[i] = packed.p + i * weight_size;
    table->pack(&(rk_pack){units, k, w.p, k, 1, packed.p + i * weight_size, NULL});
    ops[2 * i] = (rk_op){.code = RK_CONSTANT, .dst = i};
    ops[2 * i + 1] = (rk_op){.code = RK_PRODUCT, .dst = i, .weight = i, .k = k};
  }
  rk_operand operands[] = {{x.p, 0, k, 0, 0}};
  int block_units = 64, block_rows = up(rows, table->tile_rows);
  if (block_rows > 24) block_rows = up(24, table->tile_rows);
  rk_program program = {ops, 8, 4, block_rows, block_units, operands, weights, 0};
  array scratch = make_array((size_t)table->run_scratch(&program, rows), 64);
  double seconds;
  BEST_TIME(seconds, table->run(&program, 0, 0, rows, 0, units, scratch.p));
  printf("     %-8s product B=%-3d H=%-4d            %8.2f us  %6.1f GFLOP/s\n", label(), rows,
         units, seconds * 1e6, 8e-9 * rows * units * k / seconds);
  free_array(w), free_array(packed), free_array(x), free_array(y), free_array(scratch);
}

static void bench_functions(void) {
  static const struct {
    const char *name;
    rk_code code;
  } functions[] = {{"copy", RK_COPY}, {"add", RK_ADD}, {"divide", RK_DIVIDE}, {"fma", RK_FMA},
                   {"exp", RK_EXP}, {"log", RK_LOG}, {"softplus", RK_SOFTPLUS}, {"sigmoid", RK_SIGMOID}, {"tanh", RK_TANH},
                   {"sqrt", RK_SQRT}, {"floor", RK_FLOOR}};
  enum { ROWS = 8, UNITS = 64, REPEAT = 8 };
  array x = make_array(ROWS * UNITS, 64), scratch = make_array(4 * ROWS * UNITS, 64);
  for (int i = 0; i < ROWS * UNITS; i++) x.p[i] = 1 + uniform();
  rk_operand operands[] = {{x.p, 0, UNITS, 0, 0}};
  for (size_t f = 0; f < sizeof functions / sizeof functions[0]; f++) {
    rk_op ops[1 + REPEAT] = {{.code = RK_LOAD, .dst = 0}};
    for (int i = 0; i < REPEAT; i++) {
      ops[1 + i] = (rk_op){.code = (uint16_t)functions[f].code, .dst = 1, .a = 0, .b = 0, .c = 0};
    }
    rk_program program = {ops, 1, 2, ROWS, UNITS, operands, NULL, 0};
    double load, all;
    BEST_TIME(load, table->run(&program, 0, 0, ROWS, 0, UNITS, scratch.p));
    program.op_count = 1 + REPEAT;
    BEST_TIME(all, table->run(&program, 0, 0, ROWS, 0, UNITS, scratch.p));
    printf("     %-8s %-8s %.3f ns per element\n", table->name, functions[f].name,
           (all - load) * 1e9 / (REPEAT * ROWS * UNITS));
  }
  free_array(x), free_array(scratch);
}

static void bench(void) {
  bench_peak();
  static const int shapes[][5] = {
      {512, 512, 512, 0, 0}, {512, 512, 512, 0, 1}, {512, 512, 512, 1, 0}, {1024, 1024, 1024, 0, 0},
      {2048, 64, 3200, 1, 0}, {3200, 256, 8, 0, 1}, {256, 8, 3200, 1, 0}, {3200, 1024, 256, 0, 1},
      {512, 128, 3200, 1, 0}, {64, 64, 64, 0, 0}, {16, 16, 16, 0, 0}, {1, 512, 512, 0, 0},
      {1, 512, 512, 0, 1}, {4, 512, 512, 0, 0}, {32, 512, 512, 0, 1}};
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
    const int *s = shapes[i];
    bench_gemm(s[0], s[1], s[2], s[3], s[4]);
  }
  static const int sizes[] = {16, 64, 128, 512};
  for (int i = 0; i < 4; i++) {
    bench_product(1, sizes[i], sizes[i]);
    bench_product(2, sizes[i], sizes[i]);
    bench_product(32, sizes[i], sizes[i]);
  }
  array w = make_array(512 * 512, 64), packed = make_array(512 * 512, 64);
  for (int turned = 0; turned < 2; turned++) {
    rk_pack pack = {512, 512, w.p, turned ? 1 : 512, turned ? 512 : 1, packed.p, NULL};
    double seconds;
    BEST_TIME(seconds, table->pack(&pack));
    printf("     %-8s pack %s %.3f ns per element\n", label(), turned ? "T" : "N",
           seconds * 1e9 / (512 * 512));
  }
  array out = make_array(512, 64);
  for (int both = 0; both < 2; both++) {
    rk_columns sum = {512, 512, 1, w.p, 512, both ? packed.p : NULL, 512, out.p, NULL};
    double seconds;
    BEST_TIME(seconds, table->columns(&sum));
    printf("     %-8s columns of %s %.3f ns per element\n", table->name, both ? "a b" : "a",
           seconds * 1e9 / (512 * 512));
  }
  free_array(w), free_array(packed), free_array(out);
  if (strcmp(table->products, "float32") == 0) bench_functions();
}

int main(int argc, char **argv) {
  uint32_t stride = 9973;
  int speed = 0, named = 0;
  const rk_table *tables[20];
  int count = 0;
  for (int i = 0; i < 12; i++) {
    const rk_table *plain = rk_kernels((rk_isa)(i / 3));
    const rk_table *one = rk_kernels_for((rk_isa)(i / 3), (rk_precision)(i % 3));
    if (one && (one != plain || i % 3 == RK_FLOAT32)) tables[count++] = one;
  }
#if defined(RK_TEST_WIDE)
  for (int i = 0; rk_kernels(RK_AVX2) && rk_wide_tables[i]; i++) {
    tables[count++] = rk_wide_tables[i];
  }
#endif
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--stride") == 0 && i + 1 < argc) {
      stride = (uint32_t)strtoul(argv[++i], NULL, 10);
    } else if (strcmp(argv[i], "--bench") == 0) {
      speed = 1;
    } else {
      named++;
    }
  }
  check_dispatch();
  check_precisions();
  for (int t = 0; t < count; t++) {
    int wanted = named == 0;
    for (int i = 1; i < argc; i++) {
      wanted |= strcmp(argv[i], tables[t]->name) == 0 || strcmp(argv[i], tables[t]->products) == 0;
    }
    if (!wanted) continue;
    table = tables[t];
    if (speed) {
      bench();
      continue;
    }
    if (strcmp(table->products, "float32") != 0) {
      check_precision();
      continue;
    }
    check_pointwise();
    check_product();
    check_operands();
    check_spread_and_reduce();
    check_gemm();
    check_columns();
    check_functions(stride ? stride : 1);
    check_stated_error();
    check_peak();
  }
  printf(failures ? "%d checks failed\n" : "all checks passed\n", failures);
  return failures != 0;
}
