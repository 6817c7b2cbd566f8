// Matrix products: the register tile, packing, and the product of any two matrices.

// MARK: - The register tile

/// What a product of rows and packed panels reads and writes.
typedef struct tile_task {
  const float *a;   ///< element (row, j) at a[row * a_row + j * a_col]
  int64_t a_row, a_col;
  const float *b;   ///< element (j, unit) of panel p at b[p * b_panel + j * b_row + unit]
  int64_t b_panel, b_row;
  int32_t k;        ///< may be 0
  float *c;         ///< element (row, unit) of panel p at c[row * c_row + p * RK_PANEL + unit]
  int64_t c_row;
  int32_t fresh;    ///< 1: sums start at 0; 0: they start at what C holds
} tile_task;

enum { PANEL_VECTORS = RK_PANEL / RK_LANES };

/// The heart of everything: `rows` × `panels` of C in registers while j runs.
///
/// `rows` and `panels` are constants where this is inlined. Whatever they are, every element of C
/// is one accumulator to which the products are added in the order of j.
RK_INLINE void multiply_tile(const tile_task *task, const int rows, const int panels) {
  const float *a = task->a, *b = task->b;
  const int64_t a_row = task->a_row, a_col = task->a_col;
  const int64_t b_row = task->b_row, b_panel = task->b_panel, c_row = task->c_row;
  float *c = task->c;
  const int width = panels * PANEL_VECTORS;
  vec sum[RK_TILE_ROWS][4 * PANEL_VECTORS];

  RK_UNROLL for (int r = 0; r < rows; r++) {
    RK_UNROLL for (int v = 0; v < width; v++) {
      sum[r][v] = task->fresh ? splat(0) : load(c + r * c_row + v * RK_LANES);
    }
  }
  for (int j = task->k; j > 0; j--) {
    vec unit[4 * PANEL_VECTORS];
    RK_UNROLL for (int v = 0; v < width; v++) {
      unit[v] = load(b + (v / PANEL_VECTORS) * b_panel + (v % PANEL_VECTORS) * RK_LANES);
    }
    RK_UNROLL for (int r = 0; r < rows; r++) {
      vec x = splat(a[r * a_row]);
      RK_UNROLL for (int v = 0; v < width; v++) sum[r][v] = multiply_add(x, unit[v], sum[r][v]);
    }
    a += a_col;
    b += b_row;
  }
  RK_UNROLL for (int r = 0; r < rows; r++) {
    RK_UNROLL for (int v = 0; v < width; v++) store(c + r * c_row + v * RK_LANES, sum[r][v]);
  }
}

/// A row of tiles, `wide` panels at a time while there are so many.
RK_INLINE void multiply_wide(tile_task *task, const int rows, const int wide, int *panels) {
  for (; *panels >= wide; *panels -= wide) {
    multiply_tile(task, rows, wide);
    task->b += wide * task->b_panel;
    task->c += wide * RK_PANEL;
  }
}

/// 1 to RK_TILE_ROWS rows over `panels` panels. A tile of few rows would wait for its own sums, so
/// it takes several panels at once.
static void multiply_rows(tile_task task, int rows, int panels) {
#define RK_CASE(count)                                            \
  case count:                                                     \
    if (count == 1) multiply_wide(&task, count, 4, &panels);      \
    if (count <= 3) multiply_wide(&task, count, 2, &panels);      \
    multiply_wide(&task, count, 1, &panels);                      \
    break;
  switch (rows) {
    RK_CASE(1)
    RK_CASE(2)
    RK_CASE(3)
    RK_CASE(4)
#if RK_TILE_ROWS > 4
    RK_CASE(5)
    RK_CASE(6)
#endif
#if RK_TILE_ROWS > 6
    RK_CASE(7)
    RK_CASE(8)
    RK_CASE(9)
    RK_CASE(10)
    RK_CASE(11)
    RK_CASE(12)
#endif
  }
#undef RK_CASE
}

/// Any number of rows, cut into tiles as equal as can be, over `panels` panels. A panel stays in
/// the first cache while all rows pass it.
static void multiply_panels(tile_task task, int rows, int panels) {
  int tiles = (rows + RK_TILE_ROWS - 1) / RK_TILE_ROWS;
  int step = tiles > 1 ? 1 : panels;
  for (int p = 0; p < panels; p += step) {
    tile_task tile = task;
    tile.b += p * task.b_panel;
    tile.c += p * RK_PANEL;
    for (int left = rows, t = tiles; t > 0; t--) {
      int count = (left + t - 1) / t;
      multiply_rows(tile, count, step);
      tile.a += count * task.a_row;
      tile.c += count * task.c_row;
      left -= count;
    }
  }
}

// MARK: - Packing

typedef float four __attribute__((vector_size(16)));
typedef float loose_four __attribute__((vector_size(16), aligned(4), may_alias));

/// Sixteen floats, turned: to[j * to_row + u] = from[u * from_row + j].
RK_INLINE void turn_four(const float *from, int64_t from_row, float *to, int64_t to_row) {
  four w0 = *(const loose_four *)from, w1 = *(const loose_four *)(from + from_row);
  four w2 = *(const loose_four *)(from + 2 * from_row);
  four w3 = *(const loose_four *)(from + 3 * from_row);
  four low01 = __builtin_shufflevector(w0, w1, 0, 4, 1, 5);
  four low23 = __builtin_shufflevector(w2, w3, 0, 4, 1, 5);
  four high01 = __builtin_shufflevector(w0, w1, 2, 6, 3, 7);
  four high23 = __builtin_shufflevector(w2, w3, 2, 6, 3, 7);
  *(loose_four *)to = __builtin_shufflevector(low01, low23, 0, 1, 4, 5);
  *(loose_four *)(to + to_row) = __builtin_shufflevector(low01, low23, 2, 3, 6, 7);
  *(loose_four *)(to + 2 * to_row) = __builtin_shufflevector(high01, high23, 0, 1, 4, 5);
  *(loose_four *)(to + 3 * to_row) = __builtin_shufflevector(high01, high23, 2, 3, 6, 7);
}

/// Up to `width` units of a matrix as one panel: dst[j * width + u] = w[u * w_row + j * w_col],
/// zero for u ≥ units. `width` is a constant where this is inlined.
RK_INLINE void pack_panel(const float *w, int64_t w_row, int64_t w_col, int units, int k,
                          float *dst, const int width) {
  if (units == width && w_row == 1) {
    for (int j = 0; j < k; j++) memcpy(dst + j * width, w + j * w_col, 4 * (size_t)width);
    return;
  }
  int turned_units = 0, turned_k = 0;
  if (w_col == 1) {
    turned_units = units / 4 * 4;
    turned_k = k / 4 * 4;
    for (int j = 0; j < turned_k; j += 4) {
      for (int u = 0; u < turned_units; u += 4) {
        turn_four(w + u * w_row + j, w_row, dst + j * (int64_t)width + u, width);
      }
    }
  }
  for (int j = 0; j < k; j++) {
    float *to = dst + j * (int64_t)width;
    for (int u = j < turned_k ? turned_units : 0; u < units; u++) {
      to[u] = w[u * w_row + j * w_col];
    }
    for (int u = units; u < width; u++) to[u] = 0;
  }
}

static void pack_matrix(const rk_pack *arguments) {
  const rk_pack pack = *arguments;
  for (int u = 0; u < pack.n; u += RK_PANEL) {
    int units = pack.n - u < RK_PANEL ? pack.n - u : RK_PANEL;
    pack_panel(pack.w + u * pack.w_row, pack.w_row, pack.w_col, units, pack.k,
               pack.dst + u * (int64_t)pack.k, RK_PANEL);
  }
}

// MARK: - The product of two matrices

/// A block of B is packed for the second and third cache, a block of A for the second; a panel of
/// B stays in the first while the tiles of A pass. GEMM_K is part of the result's bits.
enum { GEMM_K = 256, GEMM_M = 96, GEMM_N = 1024 };

RK_INLINE int at_most_int(int a, int b) { return a < b ? a : b; }
RK_INLINE int round_up(int a, int unit) { return (a + unit - 1) / unit * unit; }

static int64_t multiply_workspace(int32_t m, int32_t n, int32_t k) {
  int64_t depth = at_most_int(k, GEMM_K);
  return depth * (round_up(at_most_int(n, GEMM_N), RK_PANEL)
                  + round_up(at_most_int(m, GEMM_M), RK_TILE_ROWS));
}

/// Rows × units of C where units are fewer than a panel: through a tile of our own.
static void multiply_tail(tile_task task, int rows, int units) {
  float tile[RK_TILE_ROWS * RK_PANEL];
  float *c = task.c;
  memset(tile, 0, sizeof tile);
  for (int r = 0; r < rows && !task.fresh; r++) {
    for (int u = 0; u < units; u++) tile[r * RK_PANEL + u] = c[r * task.c_row + u];
  }
  int64_t c_row = task.c_row;
  task.c = tile;
  task.c_row = RK_PANEL;
  multiply_rows(task, rows, 1);
  for (int r = 0; r < rows; r++) {
    for (int u = 0; u < units; u++) c[r * c_row + u] = tile[r * RK_PANEL + u];
  }
}

static void multiply_matrices(const rk_gemm *arguments) {
  const rk_gemm g = *arguments;
  if (g.k == 0 && !g.accumulate) {
    for (int i = 0; i < g.m && g.n > 0; i++) memset(g.c + i * g.c_row, 0, 4 * (size_t)g.n);
  }
  for (int n0 = 0; n0 < g.n; n0 += GEMM_N) {
    int n = at_most_int(g.n - n0, GEMM_N);
    for (int k0 = 0; k0 < g.k; k0 += GEMM_K) {
      int k = at_most_int(g.k - k0, GEMM_K);
      float *packed_b = g.workspace;
      float *packed_a = packed_b + (int64_t)k * round_up(n, RK_PANEL);
      const float *b = g.b + k0 * g.b_row + n0 * g.b_col;
      pack_matrix(&(rk_pack){n, k, b, g.b_col, g.b_row, packed_b});
      for (int m0 = 0; m0 < g.m; m0 += GEMM_M) {
        int m = at_most_int(g.m - m0, GEMM_M);
        const float *a = g.a + m0 * g.a_row + k0 * g.a_col;
        for (int i = 0; i < m; i += RK_TILE_ROWS) {
          pack_panel(a + i * g.a_row, g.a_row, g.a_col, at_most_int(m - i, RK_TILE_ROWS), k,
                     packed_a + i * (int64_t)k, RK_TILE_ROWS);
        }
        for (int u = 0; u < n; u += RK_PANEL) {
          for (int i = 0; i < m; i += RK_TILE_ROWS) {
            tile_task task = {
                .a = packed_a + i * (int64_t)k, .a_row = 1, .a_col = RK_TILE_ROWS,
                .b = packed_b + u * (int64_t)k, .b_panel = 0, .b_row = RK_PANEL,
                .k = k,
                .c = g.c + (m0 + i) * g.c_row + n0 + u, .c_row = g.c_row,
                .fresh = k0 == 0 && !g.accumulate,
            };
            int rows = at_most_int(m - i, RK_TILE_ROWS);
            if (n - u >= RK_PANEL) {
              multiply_rows(task, rows, 1);
            } else {
              multiply_tail(task, rows, n - u);
            }
          }
        }
      }
    }
  }
}
