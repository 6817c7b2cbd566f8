// Products of bfloat16 by tiles: an instruction multiplies 16 rows of 16 pairs by 16 pairs of 16
// units. A file in `isa/` defines
//
//   RK_TILE_CONFIGURE(p), RK_TILE_RELEASE()    p: 64 bytes, see \ref tile_configuration
//   RK_TILE_ZERO(t)
//   RK_TILE_LOAD(t, p, bytes), RK_TILE_STORE(t, p, bytes)   bytes: from row to row
//   RK_TILE_DOTS(c, a, b)                      c += a b
//   RK_TABLE_TILES, RK_TABLE_SPLIT
//
// with tiles named by the literals 0 to 7. Tiles are always whole: the rows of A that a part of one
// has too many are read, whatever they hold, and their sums thrown away; columns of A and rows of B
// too many are zeros. An element's sums so are the same wherever it stands.

_Static_assert(RK_LANES == 16 && RK_PANEL == 32, "A tile has 16 units, a panel two tiles");

enum { TILE = 16 };

typedef struct tile_configuration {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} tile_configuration;

_Static_assert(sizeof(tile_configuration) == 64, "What LDTILECFG loads");

/// The configuration is of the thread, and what it holds makes switching threads dearer: it is
/// loaded for each call and released after it.
static void tiles_begin(void) {
  static const _Alignas(64) tile_configuration all = {
      .palette = 1,
      .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64},
      .rows = {16, 16, 16, 16, 16, 16, 16, 16},
  };
  RK_TILE_CONFIGURE(&all);
}

static void tiles_end(void) { RK_TILE_RELEASE(); }

/// What the compiler keeps in registers is written to memory here, and read again after.
#define RK_MEMORY_BARRIER() __asm__ volatile("" ::: "memory")

/// One or two tiles of rows by one or two of units, in tiles 0 to 3; `tall`, `wide` and `planes` are
/// constants where this is inlined. Of numbers in two parts a b = low high + high high + high low,
/// without low low.
RK_INLINE void multiply_square(const tile_task *task, const int tall, const int wide,
                               const int planes) {
  const int64_t a_row = 4 * task->a_row, b_row = 4 * task->b_row, c_row = 4 * task->c_row;
  const int pairs = task->k / planes;
  const float *a = task->a, *b = task->b;
  const float *a_below = a + TILE * task->a_row;
  float *c = task->c, *c_below = c + TILE * task->c_row;
  RK_MEMORY_BARRIER();
  if (task->fresh) {
    RK_TILE_ZERO(0);
    if (wide) RK_TILE_ZERO(1);
    if (tall) RK_TILE_ZERO(2);
    if (tall && wide) RK_TILE_ZERO(3);
  } else {
    RK_TILE_LOAD(0, c, c_row);
    if (wide) RK_TILE_LOAD(1, c + TILE, c_row);
    if (tall) RK_TILE_LOAD(2, c_below, c_row);
    if (tall && wide) RK_TILE_LOAD(3, c_below + TILE, c_row);
  }
#define RK_LOAD_A(j)                          \
  do {                                        \
    RK_TILE_LOAD(4, a + (j), a_row);          \
    if (tall) RK_TILE_LOAD(5, a_below + (j), a_row); \
  } while (0)
#define RK_LOAD_B(j)                                              \
  do {                                                            \
    RK_TILE_LOAD(6, b + (j) * task->b_row, b_row);                \
    if (wide) RK_TILE_LOAD(7, b + (j) * task->b_row + TILE, b_row); \
  } while (0)
#define RK_MULTIPLY_TILES()                \
  do {                                     \
    RK_TILE_DOTS(0, 4, 6);                 \
    if (wide) RK_TILE_DOTS(1, 4, 7);       \
    if (tall) RK_TILE_DOTS(2, 5, 6);       \
    if (tall && wide) RK_TILE_DOTS(3, 5, 7); \
  } while (0)
  for (int64_t j = 0; j < pairs; j += TILE) {
    if (planes == 2) {
      RK_LOAD_A(j + pairs);
      RK_LOAD_B(j);
      RK_MULTIPLY_TILES();
      RK_LOAD_A(j);
      RK_MULTIPLY_TILES();
      RK_LOAD_B(j + pairs);
      RK_MULTIPLY_TILES();
    } else {
      RK_LOAD_A(j);
      RK_LOAD_B(j);
      RK_MULTIPLY_TILES();
    }
  }
#undef RK_LOAD_A
#undef RK_LOAD_B
#undef RK_MULTIPLY_TILES
  RK_TILE_STORE(0, c, c_row);
  if (wide) RK_TILE_STORE(1, c + TILE, c_row);
  if (tall) RK_TILE_STORE(2, c_below, c_row);
  if (tall && wide) RK_TILE_STORE(3, c_below + TILE, c_row);
  RK_MEMORY_BARRIER();
}

/// One tile of rows by four of units, of two panels: with fewer sums an instruction would wait for the
/// one before it. The order of each sum is that of \ref multiply_square.
RK_INLINE void multiply_strip(const tile_task *task, const int planes) {
  const int64_t a_row = 4 * task->a_row, b_row = 4 * task->b_row, c_row = 4 * task->c_row;
  const int pairs = task->k / planes;
  const float *a = task->a, *b = task->b, *beside = b + task->b_panel;
  float *c = task->c;
  RK_MEMORY_BARRIER();
  if (task->fresh) {
    RK_TILE_ZERO(0);
    RK_TILE_ZERO(1);
    RK_TILE_ZERO(2);
    RK_TILE_ZERO(3);
  } else {
    RK_TILE_LOAD(0, c, c_row);
    RK_TILE_LOAD(1, c + TILE, c_row);
    RK_TILE_LOAD(2, c + 2 * TILE, c_row);
    RK_TILE_LOAD(3, c + 3 * TILE, c_row);
  }
#define RK_MULTIPLY_STRIP(t, j)                             \
  do {                                                      \
    RK_TILE_LOAD(6, b + (j) * task->b_row, b_row);          \
    RK_TILE_LOAD(7, b + (j) * task->b_row + TILE, b_row);   \
    RK_TILE_DOTS(0, t, 6);                                  \
    RK_TILE_DOTS(1, t, 7);                                  \
    RK_TILE_LOAD(6, beside + (j) * task->b_row, b_row);     \
    RK_TILE_LOAD(7, beside + (j) * task->b_row + TILE, b_row); \
    RK_TILE_DOTS(2, t, 6);                                  \
    RK_TILE_DOTS(3, t, 7);                                  \
  } while (0)
  for (int64_t j = 0; j < pairs; j += TILE) {
    RK_TILE_LOAD(4, a + j, a_row);
    if (planes == 2) {
      RK_TILE_LOAD(5, a + pairs + j, a_row);
      RK_MULTIPLY_STRIP(5, j);
      RK_MULTIPLY_STRIP(4, j);
      RK_MULTIPLY_STRIP(4, j + pairs);
    } else {
      RK_MULTIPLY_STRIP(4, j);
    }
  }
#undef RK_MULTIPLY_STRIP
  RK_TILE_STORE(0, c, c_row);
  RK_TILE_STORE(1, c + TILE, c_row);
  RK_TILE_STORE(2, c + 2 * TILE, c_row);
  RK_TILE_STORE(3, c + 3 * TILE, c_row);
  RK_MEMORY_BARRIER();
}

RK_INLINE void multiply_shape(const tile_task *task, int rows, int vectors, const int planes) {
  if (rows > TILE) {
    if (vectors > 1) {
      multiply_square(task, 1, 1, planes);
    } else {
      multiply_square(task, 1, 0, planes);
    }
  } else if (vectors > 2) {
    multiply_strip(task, planes);
  } else if (vectors > 1) {
    multiply_square(task, 0, 1, planes);
  } else {
    multiply_square(task, 0, 0, planes);
  }
}

/// A panel stays near while all rows pass it; of few rows two panels at a time.
RK_INLINE void multiply_tiles(const tile_task *task, int rows, int vectors, const int planes) {
  enum { WIDTH = 2 * RK_PANEL };
  for (int v = 0; v < vectors;) {
    const int width = rows <= TILE && vectors - v >= 2 * PANEL_VECTORS
                          ? 2 * PANEL_VECTORS
                          : at_most_int(vectors - v, PANEL_VECTORS);
    for (int row = 0; row < rows; row += 2 * TILE) {
      const int count = at_most_int(rows - row, 2 * TILE);
      tile_task tile = *task;
      tile.a += row * task->a_row;
      tile.b += v / PANEL_VECTORS * task->b_panel;
      tile.c += row * task->c_row + v * RK_LANES;
      if (count % TILE == 0) {
        multiply_shape(&tile, count, width, planes);
        continue;
      }
      // C has no rows to spare.
      _Alignas(64) float sums[2 * TILE * WIDTH];
      float *c = tile.c;
      for (int r = 0; r < count && !task->fresh; r++) {
        copy_units(sums + r * WIDTH, c + r * task->c_row, width * RK_LANES);
      }
      tile.c = sums;
      tile.c_row = WIDTH;
      multiply_shape(&tile, count, width, planes);
      for (int r = 0; r < count; r++) {
        copy_units(c + r * task->c_row, sums + r * WIDTH, width * RK_LANES);
      }
    }
    v += width;
  }
}

static void tiles_multiply(const tile_task *task, int rows, int vectors) {
  multiply_tiles(task, rows, vectors, 1);
}
static int32_t tiles_depth(int32_t k) { return pair_depth(k, 2 * TILE, 1); }
static void tiles_convert(const float *x, int32_t k, float *to) {
  convert_row(x, k, to, 2 * TILE, 1);
}
static void tiles_pack(const rk_pack *arguments) { pack_pairs(arguments, 2 * TILE, 1); }
static void tiles_pack_rows(const rk_pack *arguments) { pack_rows(arguments, 2 * TILE, 1); }

static const number_form tiles_form = {
    .depth = tiles_depth,
    .convert = tiles_convert,
    .pack = tiles_pack,
    .pack_rows = tiles_pack_rows,
    .multiply = tiles_multiply,
    .gemm_k = PAIRS_K,
    .spare_rows = TILE - 1,
    .begin = tiles_begin,
    .end = tiles_end,
};

static void split_multiply(const tile_task *task, int rows, int vectors) {
  multiply_tiles(task, rows, vectors, 2);
}
static int32_t split_depth(int32_t k) { return pair_depth(k, 2 * TILE, 2); }
static void split_convert(const float *x, int32_t k, float *to) {
  convert_row(x, k, to, 2 * TILE, 2);
}
static void split_pack(const rk_pack *arguments) { pack_pairs(arguments, 2 * TILE, 2); }
static void split_pack_rows(const rk_pack *arguments) { pack_rows(arguments, 2 * TILE, 2); }

static const number_form split_form = {
    .depth = split_depth,
    .convert = split_convert,
    .pack = split_pack,
    .pack_rows = split_pack_rows,
    .multiply = split_multiply,
    .gemm_k = SPLIT_K,
    .spare_rows = TILE - 1,
    .begin = tiles_begin,
    .end = tiles_end,
};

RK_FORM_TABLE(RK_TABLE_TILES, tiles_form, "tiles", 2 * TILE, multiply_pairs, workspace_pairs);
RK_FORM_TABLE(RK_TABLE_SPLIT, split_form, "split", 2 * TILE, multiply_pairs, workspace_pairs);
