// Sums over the rows of a matrix: the gradients of biases and of diagonal weights.

/// Rows that are summed by themselves before they join the total, so that the error of a long sum
/// stays small, and the columns of one pass, whose sums stay in the first cache.
enum { CHUNK_ROWS = 64, CHUNK_COLUMNS = 1024 };

/// sum[j] += Σ_{i < rows} a[i][j] * b[i][j], or of a alone where b is NULL. `rows` is a constant
/// where this is inlined: the rows are read side by side, but added one after the other.
RK_INLINE void add_rows(const float *a, int64_t a_row, const float *b, int64_t b_row, int columns,
                        float *sum, const int rows) {
  int j = 0;
  for (; j + RK_LANES <= columns; j += RK_LANES) {
    vec total = load(sum + j);
    RK_UNROLL for (int i = 0; i < rows; i++) {
      vec x = load(a + i * a_row + j);
      total = b == NULL ? total + x : multiply_add(x, load(b + i * b_row + j), total);
    }
    store(sum + j, total);
  }
  if (j < columns) {
    vec total = load(sum + j);
    RK_UNROLL for (int i = 0; i < rows; i++) {
      vec x = load_part(a + i * a_row + j, columns - j);
      total = b == NULL ? total + x
                        : multiply_add(x, load_part(b + i * b_row + j, columns - j), total);
    }
    store(sum + j, total);
  }
}

RK_INLINE void add_chunk(const float *a, int64_t a_row, const float *b, int64_t b_row, int rows,
                         int columns, float *sum) {
  int i = 0;
  for (; i + 4 <= rows; i += 4) {
    add_rows(a + i * a_row, a_row, b == NULL ? NULL : b + i * b_row, b_row, columns, sum, 4);
  }
  for (; i < rows; i++) {
    add_rows(a + i * a_row, a_row, b == NULL ? NULL : b + i * b_row, b_row, columns, sum, 1);
  }
}

static void sum_columns(const rk_columns *arguments) {
  const rk_columns s = *arguments;
  _Alignas(64) float sum[CHUNK_COLUMNS];
  for (int j = 0; j < s.columns && !s.accumulate; j++) s.out[j] = 0;
  for (int64_t i = 0; i < s.rows; i += CHUNK_ROWS) {
    int rows = s.rows - i < CHUNK_ROWS ? (int)(s.rows - i) : CHUNK_ROWS;
    for (int j = 0; j < s.columns; j += CHUNK_COLUMNS) {
      int columns = s.columns - j < CHUNK_COLUMNS ? s.columns - j : CHUNK_COLUMNS;
      const float *a = s.a + i * s.a_row + j;
      memset(sum, 0, sizeof sum);
      if (s.b == NULL) {
        add_chunk(a, s.a_row, NULL, 0, rows, columns, sum);
      } else {
        add_chunk(a, s.a_row, s.b + i * s.b_row + j, s.b_row, rows, columns, sum);
      }
      for (int u = 0; u < columns; u++) s.out[j + u] += sum[u];
    }
  }
}
