// Products of numbers rounded to bfloat16, multiplied as floats by the kernels that are there: for
// CPUs that cannot multiply bfloat16 itself.

static void pack_rounded(const rk_pack *arguments) {
  pack_matrix(arguments);
  const int units = round_up(arguments->n, RK_PANEL);
  for (int u = 0; u < units; u += RK_PANEL) {
    float *panel = arguments->dst + u * (int64_t)arguments->k;
    round_row(panel, arguments->k * RK_PANEL, panel);
  }
}

static const number_form rounded_form = {
    .depth = plain_depth,
    .convert = round_row,
    .pack = pack_rounded,
    .multiply = multiply_panels,
};

/// Blocks of A and B that are rounded at a time. The sums go on in C: it does not show in the bits.
enum { ROUNDED_M = 384, ROUNDED_N = 1024, ROUNDED_K = 256 };

static int64_t workspace_rounded(const number_form *form, int32_t m, int32_t n, int32_t k) {
  (void)form;
  m = at_most_int(m, ROUNDED_M), n = at_most_int(n, ROUNDED_N), k = at_most_int(k, ROUNDED_K);
  return line_up((int64_t)m * k) + line_up((int64_t)k * n) + multiply_workspace(m, n, k);
}

/// `rows` × `columns` elements, rounded, in a matrix whose rows are contiguous if the columns' stride
/// was 1, and whose columns are otherwise.
static void round_block(const float *x, int64_t row, int64_t column, const int32_t *rows_at,
                        const int32_t *columns_at, int rows, int columns, float *to) {
  if (column != 1) {
    const float *from = x;
    for (int j = 0; j < columns; j++, to += rows) {
      if (columns_at != NULL) from = x + columns_at[j] * column;
      if (row == 1 && rows_at == NULL) {
        round_row(from, rows, to);
      } else {
        for (int i = 0; i < rows; i++) to[i] = from[(rows_at != NULL ? rows_at[i] : i) * row];
        round_row(to, rows, to);
      }
      if (columns_at == NULL) from += column;
    }
    return;
  }
  for (int i = 0; i < rows; i++, to += columns) {
    const float *from = x + (rows_at != NULL ? rows_at[i] : i) * row;
    if (columns_at == NULL) {
      round_row(from, columns, to);
    } else {
      for (int j = 0; j < columns; j++) to[j] = from[columns_at[j]];
      round_row(to, columns, to);
    }
  }
}

static void multiply_rounded(const number_form *form, const rk_gemm *arguments) {
  (void)form;
  const rk_gemm g = *arguments;
  if (g.m == 0 || g.n == 0) return;
  if (g.k == 0) {
    multiply_matrices(arguments);
    return;
  }
  const int deepest = at_most_int(g.k, ROUNDED_K);
  float *a = g.workspace;
  float *b = a + line_up((int64_t)at_most_int(g.m, ROUNDED_M) * deepest);
  float *rest = b + line_up((int64_t)at_most_int(g.n, ROUNDED_N) * deepest);
  for (int n0 = 0; n0 < g.n; n0 += ROUNDED_N) {
    const int n = at_most_int(g.n - n0, ROUNDED_N);
    for (int k0 = 0; k0 < g.k; k0 += ROUNDED_K) {
      const int k = at_most_int(g.k - k0, ROUNDED_K);
      const int32_t *places = g.places == NULL ? NULL : g.places + k0;
      const int64_t first = places == NULL ? k0 : 0;
      round_block(g.b + first * g.b_row + n0 * g.b_col, g.b_row, g.b_col, places, NULL, k, n, b);
      for (int m0 = 0; m0 < g.m; m0 += ROUNDED_M) {
        const int m = at_most_int(g.m - m0, ROUNDED_M);
        round_block(g.a + m0 * g.a_row + first * g.a_col, g.a_row, g.a_col, NULL, places, m, k, a);
        multiply_matrices(&(rk_gemm){
            .m = m, .n = n, .k = k,
            .accumulate = g.accumulate || k0 > 0,
            .a = a, .a_row = g.a_col == 1 ? k : 1, .a_col = g.a_col == 1 ? 1 : m,
            .b = b, .b_row = g.b_col == 1 ? n : 1, .b_col = g.b_col == 1 ? 1 : k,
            .c = g.c + m0 * g.c_row + n0, .c_row = g.c_row,
            .workspace = rest,
        });
      }
    }
  }
}

RK_FORM_TABLE(RK_TABLE_ROUNDED, rounded_form, "rounded", RK_TILE_ROWS, multiply_rounded,
              workspace_rounded);
