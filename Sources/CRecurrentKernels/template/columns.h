// Sums over the rows of a matrix: the gradients of biases and of diagonal weights.

/// Rows that are summed by themselves before they join the total, so that the error of a long sum
/// stays small, and the columns of one pass, whose sums stay in the first cache.
enum { CHUNK_ROWS = 64, CHUNK_COLUMNS = 1024 };

/// Rows of a matrix: row i is row places[i] of what lies at `first`, or row i.
typedef struct row_list {
  const float *first;
  int64_t stride;
  const int32_t *places;
} row_list;

RK_INLINE const float *row_at(row_list rows, int i) {
  return rows.first + (rows.places == NULL ? i : rows.places[i]) * rows.stride;
}

RK_INLINE row_list rows_from(row_list rows, int i) {
  if (rows.places == NULL) return (row_list){row_at(rows, i), rows.stride, NULL};
  return (row_list){rows.first, rows.stride, rows.places + i};
}

/// sum[j] += Σ_{i < rows} a[i][j] * b[i][j], or of a alone where b's `first` is NULL. `rows` is a
/// constant where this is inlined: the rows are read side by side, but added one after the other.
RK_INLINE void add_rows(row_list a, row_list b, int columns, float *sum, const int rows) {
  int j = 0;
  for (; j + RK_LANES <= columns; j += RK_LANES) {
    vec total = load(sum + j);
    RK_UNROLL for (int i = 0; i < rows; i++) {
      vec x = load(row_at(a, i) + j);
      total = b.first == NULL ? total + x : multiply_add(x, load(row_at(b, i) + j), total);
    }
    store(sum + j, total);
  }
  if (j < columns) {
    vec total = load(sum + j);
    RK_UNROLL for (int i = 0; i < rows; i++) {
      vec x = load_part(row_at(a, i) + j, columns - j);
      total = b.first == NULL ? total + x
                              : multiply_add(x, load_part(row_at(b, i) + j, columns - j), total);
    }
    store(sum + j, total);
  }
}

RK_INLINE void add_chunk(row_list a, row_list b, int rows, int columns, float *sum) {
  const row_list none = {NULL, 0, NULL};
  int i = 0;
  for (; i + 4 <= rows; i += 4) {
    add_rows(rows_from(a, i), b.first == NULL ? none : rows_from(b, i), columns, sum, 4);
  }
  for (; i < rows; i++) {
    add_rows(rows_from(a, i), b.first == NULL ? none : rows_from(b, i), columns, sum, 1);
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
      const int32_t *places = s.places == NULL ? NULL : s.places + i;
      const int64_t first = s.places == NULL ? i : 0;
      const row_list a = {s.a + first * s.a_row + j, s.a_row, places};
      memset(sum, 0, sizeof sum);
      if (s.b == NULL) {
        add_chunk(a, (row_list){NULL, 0, NULL}, rows, columns, sum);
      } else {
        add_chunk(a, (row_list){s.b + first * s.b_row + j, s.b_row, places}, rows, columns, sum);
      }
      for (int u = 0; u < columns; u++) s.out[j + u] += sum[u];
    }
  }
}
