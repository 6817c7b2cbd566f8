// Matrix products: the register tile, packing, and the product of any two matrices.

RK_INLINE int at_most_int(int a, int b) { return a < b ? a : b; }
RK_INLINE int round_up(int a, int unit) { return (a + unit - 1) / unit * unit; }

// MARK: - The register tile

/// What a product of rows and packed panels reads and writes.
typedef struct tile_task {
  const float *a;   ///< element (row, j) at a[row * a_row + j]
  int64_t a_row;
  int32_t packed;   ///< 1: A lies in tiles of RK_TILE_ROWS × k instead, j the slower
  const float *b;   ///< element (j, unit) of panel p at b[p * b_panel + j * b_row + unit]
  int64_t b_panel, b_row;
  int32_t k;        ///< may be 0
  float *c;         ///< element (row, unit) of panel p at c[row * c_row + p * RK_PANEL + unit]
  int64_t c_row;
  int32_t fresh;    ///< 1: sums start at 0; 0: they start at what C holds
  int32_t far;      ///< 1: C lies in a cache far away, or in memory
} tile_task;

/// Any number of rows over `vectors` vectors of units, from the first of a panel on.
typedef void (*panel_product)(const tile_task *task, int rows, int vectors);

enum { PANEL_VECTORS = RK_PANEL / RK_LANES };

/// The heart of everything: `rows` × `width` vectors of C in registers while j runs.
///
/// `rows`, `width` and `packed` are constants where this is inlined. Whatever they are, every
/// element of C is one accumulator to which the products are added in the order of j.
RK_INLINE void multiply_tile(const tile_task *task, const int rows, const int width,
                             const int packed) {
  const int64_t a_row = packed ? 1 : task->a_row, a_col = packed ? RK_TILE_ROWS : 1;
  // A pointer for every third row, as an address can hold a row or two, but not three to five.
  const float *thirds[(RK_TILE_ROWS + 2) / 3];
  RK_UNROLL for (int i = 0; i < (rows + 2) / 3; i++) thirds[i] = task->a + 3 * i * a_row;
  const float *b = task->b;
  const int64_t b_row = task->b_row, b_panel = task->b_panel, c_row = task->c_row;
  float *c = task->c;
  vec sum[RK_TILE_ROWS][4 * PANEL_VECTORS];

  RK_UNROLL for (int r = 0; r < rows; r++) {
    RK_UNROLL for (int v = 0; v < width; v++) {
      sum[r][v] = task->fresh ? splat(0) : load(c + r * c_row + v * RK_LANES);
    }
  }
  for (int j = task->k; j > 0; j--) {
    // Of the row's values and the units' vectors the fewer are held, the others pass.
    if (rows < width) {
      vec x[RK_TILE_ROWS];
      RK_UNROLL for (int r = 0; r < rows; r++) x[r] = splat(thirds[r / 3][r % 3 * a_row]);
      RK_UNROLL for (int v = 0; v < width; v++) {
        vec unit = load(b + (v / PANEL_VECTORS) * b_panel + (v % PANEL_VECTORS) * RK_LANES);
        RK_UNROLL for (int r = 0; r < rows; r++) sum[r][v] = multiply_add(x[r], unit, sum[r][v]);
      }
    } else {
      vec unit[4 * PANEL_VECTORS];
      RK_UNROLL for (int v = 0; v < width; v++) {
        unit[v] = load(b + (v / PANEL_VECTORS) * b_panel + (v % PANEL_VECTORS) * RK_LANES);
      }
      RK_UNROLL for (int r = 0; r < rows; r++) {
        vec x = splat(thirds[r / 3][r % 3 * a_row]);
        RK_UNROLL for (int v = 0; v < width; v++) sum[r][v] = multiply_add(x, unit[v], sum[r][v]);
      }
    }
    RK_UNROLL for (int i = 0; i < (rows + 2) / 3; i++) thirds[i] += a_col;
    b += b_row;
  }
  RK_UNROLL for (int r = 0; r < rows; r++) {
    RK_UNROLL for (int v = 0; v < width; v++) store(c + r * c_row + v * RK_LANES, sum[r][v]);
  }
}

/// A row of tiles, `wide` vectors at a time while there are so many: whole panels, or a part of
/// the last one.
RK_INLINE void multiply_wide(tile_task *task, const int rows, const int wide, const int packed,
                             int *vectors) {
  for (; *vectors >= wide; *vectors -= wide) {
    multiply_tile(task, rows, wide, packed);
    task->b += wide < PANEL_VECTORS ? wide * RK_LANES : wide / PANEL_VECTORS * task->b_panel;
    task->c += wide * RK_LANES;
  }
}

/// 1 to RK_TILE_ROWS rows over `vectors` vectors of units, the last panel perhaps a part of one;
/// leaves `task` behind the last. A tile of few rows would wait for its own sums, so it takes
/// several panels at once.
RK_INLINE void multiply_rows(tile_task *task, int rows, int vectors, const int packed) {
#define RK_CASE(count)                                                               \
  case count:                                                                        \
    if (count == 1) multiply_wide(task, count, 4 * PANEL_VECTORS, packed, &vectors); \
    if (count <= 3) multiply_wide(task, count, 2 * PANEL_VECTORS, packed, &vectors); \
    multiply_wide(task, count, PANEL_VECTORS, packed, &vectors);                     \
    RK_UNROLL for (int part = PANEL_VECTORS / 2; part > 0; part /= 2) {              \
      multiply_wide(task, count, part, packed, &vectors);                            \
    }                                                                                \
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

/// A row of more floats than this is long, and so many of those fill the first cache: some caches have
/// eight ways, and long rows often lie a multiple of a way apart.
enum { LONG_ROW = 640, LONG_ROWS = RK_TILE_ROWS < 8 ? RK_TILE_ROWS : 8 };

/// Asks for `rows` rows of C over `vectors` vectors: a tile waits for all of it before it begins.
RK_INLINE void prefetch_sums(const float *c, int64_t c_row, int rows, int vectors) {
  enum { LINE = 16 };
  for (int r = 0; r < rows; r++) {
    for (int u = 0; u < vectors * RK_LANES; u += LINE) __builtin_prefetch(c + r * c_row + u, 1);
  }
}

static void multiply_plain(tile_task *task, int rows, int vectors) {
  multiply_rows(task, rows, vectors, 0);
}

static void multiply_packed(tile_task *task, int rows, int vectors) {
  multiply_rows(task, rows, vectors, 1);
}

/// Any number of rows over `vectors` vectors of units, from the first of a panel on. A panel stays in
/// the first cache while all rows pass it. Rows of a plain A are cut into tiles as equal as can be:
/// a last tile of few would wait. Where rows are long, more of them than the ways of the first cache
/// would drive each other out of it.
static void multiply_panels(const tile_task *task, int rows, int vectors) {
  const int most = !task->packed && task->k > LONG_ROW ? LONG_ROWS : RK_TILE_ROWS;
  int tiles = (rows + most - 1) / most;
  int step = tiles > 1 ? PANEL_VECTORS : vectors;
  for (int v = 0; v < vectors; v += step) {
    int width = at_most_int(vectors - v, step);
    for (int row = 0, t = tiles; t > 0; t--) {
      int count = task->packed ? at_most_int(rows - row, RK_TILE_ROWS) : (rows - row + t - 1) / t;
      tile_task tile = *task;
      tile.a += row * (task->packed ? task->k : task->a_row);
      tile.b += v / PANEL_VECTORS * task->b_panel;
      tile.c += row * task->c_row + v * RK_LANES;
      if (task->far) {
        prefetch_sums(tile.c + count * task->c_row, task->c_row,
                      at_most_int(rows - row - count, RK_TILE_ROWS), width);
      }
      if (task->packed) {
        multiply_packed(&tile, count, width);
      } else {
        multiply_plain(&tile, count, width);
      }
      row += count;
    }
  }
}

/// Any number of rows over fewer units than a panel has, which may end within a vector: through a
/// tile of our own.
static void multiply_tail(const tile_task *task, int rows, int units) {
  for (int row = 0; row < rows; row += RK_TILE_ROWS) {
    int count = at_most_int(rows - row, RK_TILE_ROWS);
    float *c = task->c + row * task->c_row;
    float sums[RK_TILE_ROWS * RK_PANEL];
    memset(sums, 0, sizeof sums);
    for (int r = 0; r < count && !task->fresh; r++) {
      copy_units(sums + r * RK_PANEL, c + r * task->c_row, units);
    }
    tile_task tile = *task;
    tile.a += row * (task->packed ? task->k : task->a_row);
    tile.c = sums;
    tile.c_row = RK_PANEL;
    multiply_panels(&tile, count, (units + RK_LANES - 1) / RK_LANES);
    for (int r = 0; r < count; r++) {
      copy_units(c + r * task->c_row, sums + r * RK_PANEL, units);
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
    for (int j = 0; j < k; j++) memcpy(dst + j * (int64_t)width, w + j * w_col, 4 * (size_t)width);
    return;
  }
  if (w_row == 1) {
    for (int j = 0; j < k; j++) {
      float *to = dst + j * (int64_t)width;
      copy_units(to, w + j * w_col, units);
      for (int u = units; u < width; u++) to[u] = 0;
    }
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

/// All of a matrix, `width` units to a panel. Where units are contiguous, a few columns at a time
/// over all panels: what is read then lies together.
RK_INLINE void pack_panels(const rk_pack *pack, const int width) {
  const int whole = pack->places != NULL ? 1 : pack->w_row == 1 ? 8 : pack->k;
  for (int j = 0; j < pack->k; j += whole) {
    int columns = pack->k - j < whole ? pack->k - j : whole;
    const float *w = pack->w + (pack->places != NULL ? pack->places[j] : j) * pack->w_col;
    for (int u = 0; u < pack->n; u += width) {
      int units = pack->n - u < width ? pack->n - u : width;
      pack_panel(w + u * pack->w_row, pack->w_row, pack->w_col, units, columns,
                 pack->dst + u * (int64_t)pack->k + j * (int64_t)width, width);
    }
  }
}

static void pack_matrix(const rk_pack *arguments) { pack_panels(arguments, RK_PANEL); }

static int32_t plain_depth(int32_t k) { return k; }

static void pack_tiles(const rk_pack *arguments) { pack_panels(arguments, RK_TILE_ROWS); }

// MARK: - The product of two matrices

/// A block of B is packed for the second and third cache, a block of A for the second; tiles of A
/// pass a panel of B, which streams from the second cache. Long sums are worth that: C is read and
/// written once for every GEMM_K terms. The sums go on where they stand in C, so none
/// of these lengths shows in the result's bits.
enum { GEMM_K = 512, GEMM_M = 96, GEMM_N = 1024 };

/// With so few rows packing B, with so few units packing A would cost more than it gains.
enum { FEW_ROWS = 2 * RK_TILE_ROWS, FEW_UNITS = 256 };

static int64_t multiply_workspace(int32_t m, int32_t n, int32_t k) {
  int64_t depth = at_most_int(k, GEMM_K);
  return depth * (round_up(at_most_int(n, GEMM_N), RK_PANEL)
                  + round_up(at_most_int(m, GEMM_M), RK_TILE_ROWS));
}

static void multiply_matrices(const rk_gemm *arguments) {
  const rk_gemm g = *arguments;
  if (g.k == 0 && !g.accumulate) {
    for (int i = 0; i < g.m && g.n > 0; i++) memset(g.c + i * g.c_row, 0, 4 * (size_t)g.n);
  }
  // Few rows of contiguous units are multiplied where they lie, all but the last, partial panel.
  const int lies_well = g.a_col == 1 && g.b_col == 1 && g.places == NULL;
  const int plain = g.m <= FEW_ROWS && lies_well ? g.n / RK_PANEL : 0;
  for (int n0 = 0; n0 < g.n;) {
    const int in_place = n0 < plain * RK_PANEL;
    const int n = in_place ? plain * RK_PANEL : at_most_int(g.n - n0, GEMM_N);
    // Of a partial panel whole vectors are stored where they belong, others not.
    const int tail = n % RK_LANES == 0 ? 0 : n % RK_PANEL;
    for (int k0 = 0; k0 < g.k; k0 += GEMM_K) {
      const int32_t *places = g.places == NULL ? NULL : g.places + k0;
      const int64_t first = places == NULL ? k0 : 0;
      const float *b = g.b + first * g.b_row + n0 * g.b_col;
      tile_task task = {
          .b = b, .b_panel = RK_PANEL, .b_row = g.b_row,
          .k = at_most_int(g.k - k0, GEMM_K),
          .c_row = g.c_row,
          .fresh = k0 == 0 && !g.accumulate,
          .far = 1,
      };
      float *packed_b = g.workspace;
      float *packed_a = packed_b + (int64_t)task.k * round_up(n, RK_PANEL);
      if (!in_place) {
        pack_matrix(&(rk_pack){n, task.k, b, g.b_col, g.b_row, packed_b, places});
        task.b = packed_b;
        task.b_panel = task.k * (int64_t)RK_PANEL;
        task.b_row = RK_PANEL;
      }
      for (int m0 = 0; m0 < g.m; m0 += GEMM_M) {
        const int m = at_most_int(g.m - m0, GEMM_M);
        task.a = g.a + m0 * g.a_row + first * g.a_col;
        task.a_row = g.a_row;
        task.packed = g.a_col != 1 || places != NULL || (n > FEW_UNITS && !in_place);
        if (task.packed) {
          pack_tiles(&(rk_pack){m, task.k, task.a, g.a_row, g.a_col, packed_a, places});
          task.a = packed_a;
        }
        task.c = g.c + m0 * g.c_row + n0;
        multiply_panels(&task, m, (n - tail) / RK_LANES);
        if (tail > 0) {
          tile_task last = task;
          last.b += n / RK_PANEL * task.b_panel;
          last.c += n - tail;
          multiply_tail(&last, m, tail);
        }
      }
    }
    n0 += n;
  }
}
