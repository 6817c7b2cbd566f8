// Products of pairs of bfloat16 by an instruction that adds two products to each lane. A file in
// `isa/` defines RK_DOTS(sum, a, b), vectors of floats all of them, and RK_TABLE_DOTS.

/// As \ref multiply_tile, j running over pairs.
RK_INLINE void dots_tile(const tile_task *task, const int rows, const int width) {
  const int64_t a_row = task->a_row, b_row = task->b_row, b_panel = task->b_panel;
  const float *thirds[(RK_TILE_ROWS + 2) / 3];
  RK_UNROLL for (int i = 0; i < (rows + 2) / 3; i++) thirds[i] = task->a + 3 * i * a_row;
  const float *b = task->b;
  float *c = task->c;
  vec sum[RK_TILE_ROWS][4 * PANEL_VECTORS];
  RK_UNROLL for (int r = 0; r < rows; r++) {
    RK_UNROLL for (int v = 0; v < width; v++) {
      sum[r][v] = task->fresh ? splat(0) : load(c + r * task->c_row + v * RK_LANES);
    }
  }
  for (int j = 0; j < task->k; j++) {
    vec unit[4 * PANEL_VECTORS];
    RK_UNROLL for (int v = 0; v < width; v++) {
      unit[v] = load(b + (v / PANEL_VECTORS) * b_panel + (v % PANEL_VECTORS) * RK_LANES);
    }
    RK_UNROLL for (int r = 0; r < rows; r++) {
      // As bits: a pair is no float.
      int32_t pair;
      memcpy(&pair, thirds[r / 3] + r % 3 * a_row + j, 4);
      vec x = (vec)((ivec){0} + pair);
      RK_UNROLL for (int v = 0; v < width; v++) sum[r][v] = RK_DOTS(sum[r][v], x, unit[v]);
    }
    b += b_row;
  }
  RK_UNROLL for (int r = 0; r < rows; r++) {
    RK_UNROLL for (int v = 0; v < width; v++) {
      store(c + r * task->c_row + v * RK_LANES, sum[r][v]);
    }
  }
}

RK_INLINE void dots_wide(tile_task *task, const int rows, const int wide, int *vectors) {
  for (; *vectors >= wide; *vectors -= wide) {
    dots_tile(task, rows, wide);
    task->b += wide < PANEL_VECTORS ? wide * RK_LANES : wide / PANEL_VECTORS * task->b_panel;
    task->c += wide * RK_LANES;
  }
}

static void dots_rows(tile_task *task, int rows, int vectors) {
#define RK_CASE(count)                                                             \
  case count:                                                                      \
    if (count == 1) dots_wide(task, count, 4 * PANEL_VECTORS, &vectors);           \
    if (count <= 3) dots_wide(task, count, 2 * PANEL_VECTORS, &vectors);           \
    dots_wide(task, count, PANEL_VECTORS, &vectors);                               \
    RK_UNROLL for (int part = PANEL_VECTORS / 2; part > 0; part /= 2) {            \
      dots_wide(task, count, part, &vectors);                                      \
    }                                                                              \
    break;
  switch (rows) {
    RK_CASE(1)
    RK_CASE(2)
    RK_CASE(3)
    RK_CASE(4)
    RK_CASE(5)
    RK_CASE(6)
    RK_CASE(7)
    RK_CASE(8)
    RK_CASE(9)
    RK_CASE(10)
    RK_CASE(11)
    RK_CASE(12)
  }
#undef RK_CASE
}

static void multiply_dots(const tile_task *task, int rows, int vectors) {
  const int tiles = (rows + RK_TILE_ROWS - 1) / RK_TILE_ROWS;
  const int step = tiles > 1 ? PANEL_VECTORS : vectors;
  for (int v = 0; v < vectors; v += step) {
    for (int row = 0, t = tiles; t > 0; t--) {
      const int count = (rows - row + t - 1) / t;
      tile_task tile = *task;
      tile.a += row * task->a_row;
      tile.b += v / PANEL_VECTORS * task->b_panel;
      tile.c += row * task->c_row + v * RK_LANES;
      dots_rows(&tile, count, at_most_int(vectors - v, step));
      row += count;
    }
  }
}

static int32_t dots_depth(int32_t k) { return pair_depth(k, 2, 1); }
static void dots_convert(const float *x, int32_t k, float *to) { convert_row(x, k, to, 2, 1); }
static void dots_pack(const rk_pack *arguments) { pack_pairs(arguments, 2, 1); }
static void dots_pack_rows(const rk_pack *arguments) { pack_rows(arguments, 2, 1); }

static const number_form dots_form = {
    .depth = dots_depth,
    .convert = dots_convert,
    .pack = dots_pack,
    .pack_rows = dots_pack_rows,
    .multiply = multiply_dots,
    .gemm_k = PAIRS_K,
};

RK_FORM_TABLE(RK_TABLE_DOTS, dots_form, "dots", RK_TILE_ROWS, multiply_pairs, workspace_pairs);
