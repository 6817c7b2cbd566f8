// bfloat16 in pairs, as the instructions that multiply them want it: two that follow each other
// along k are one float's 32 bits, the first the lower half. A packed matrix of pairs is then like
// one of floats, of half the depth: dst[panel][pair][unit].
//
// Numbers in two parts lie in two planes, the upper parts and, behind them, the lower.

typedef uint64_t pair_vec __attribute__((vector_size(4 * RK_LANES)));
typedef uint32_t half_uvec __attribute__((vector_size(2 * RK_LANES)));
typedef uint32_t loose_half __attribute__((vector_size(2 * RK_LANES), aligned(4), may_alias));

/// The pairs of a vector's neighbours.
RK_INLINE void store_pairs(float *to, vec bfloats) {
  const pair_vec both = (pair_vec)bfloats;
  const pair_vec pairs = ((both >> 16) & 0xffff) | ((both >> 32) & 0xffff0000u);
  *(loose_half *)(void *)to = __builtin_convertvector(pairs, half_uvec);
}

/// The pairs of two vectors, lane by lane.
RK_INLINE vec pairs_of(vec first, vec second) { return (vec)(((uvec)first >> 16) | (uvec)second); }

/// Floats of a row of k numbers; `unit` and `planes` are constants where this is inlined.
RK_INLINE int32_t pair_depth(int32_t k, const int unit, const int planes) {
  return round_up(k, unit) / 2 * planes;
}

/// RK_LANES floats as pairs in each plane.
RK_INLINE void store_split(vec x, float *to, int64_t plane, const int planes) {
  if (planes == 1) {
    store_pairs(to, to_bfloat(x));
  } else {
    vec high, low = split_bfloat(x, &high);
    store_pairs(to, high);
    store_pairs(to + plane, low);
  }
}

/// A row of k floats as `pair_depth` floats.
RK_INLINE void convert_row(const float *x, int32_t k, float *to, const int unit,
                           const int planes) {
  const int32_t plane = pair_depth(k, unit, 1);
  int32_t j = 0;
  for (; j + RK_LANES <= k; j += RK_LANES) {
    store_split(load(x + j), to + j / 2, plane, planes);
  }
  if (j == k && j / 2 == plane) return;
  float last[RK_LANES];
  store_split(j < k ? load_part(x + j, k - j) : splat(0), last, RK_LANES / 2, planes);
  for (int32_t i = j / 2; i < plane; i++) {
    const int is_there = i - j / 2 < RK_LANES / 2;
    to[i] = is_there ? last[i - j / 2] : 0;
    if (planes == 2) to[plane + i] = is_there ? last[RK_LANES / 2 + i - j / 2] : 0;
  }
}

/// A square of pairs: so many units, and so many pairs of numbers.
enum { SQUARE = 16 };

typedef struct square {
  _Alignas(64) float plane[2][SQUARE * SQUARE];
} square;

/// A square of a matrix, element (unit, j) at x[unit * unit_stride + j * j_stride] or, of `places`, at
/// places[j] * j_stride; zeros beyond its units and its k. Pairs of a unit follow each other where
/// 1 is returned, units where 0 is.
RK_INLINE int convert_square(const float *x, int64_t unit_stride, int64_t j_stride,
                             const int32_t *places, int units, int k, square *to,
                             const int planes) {
  units = at_most_int(units, SQUARE), k = at_most_int(k, 2 * SQUARE);
  if (unit_stride == 1) {
    for (int pair = 0; pair < SQUARE; pair++) {
      for (int u = 0; u < SQUARE; u += RK_LANES) {
        vec row[2];
        for (int i = 0; i < 2; i++) {
          const int j = 2 * pair + i, count = units - u;
          const float *from = x + (j >= k ? 0 : places == NULL ? j : places[j]) * j_stride + u;
          row[i] = j >= k || count <= 0 ? splat(0)
                   : count >= RK_LANES  ? load(from)
                                        : load_part(from, count);
        }
        float *pairs = to->plane[0] + pair * SQUARE + u;
        if (planes == 1) {
          store(pairs, pairs_of(to_bfloat(row[0]), to_bfloat(row[1])));
        } else {
          vec high[2], low[2];
          for (int i = 0; i < 2; i++) low[i] = split_bfloat(row[i], &high[i]);
          store(pairs, pairs_of(high[0], high[1]));
          store(pairs + SQUARE * SQUARE, pairs_of(low[0], low[1]));
        }
      }
    }
    return 0;
  }
  for (int u = 0; u < SQUARE; u++) {
    const float *from = x + u * unit_stride;
    float gathered[2 * SQUARE];
    const int is_plain = j_stride == 1 && places == NULL;
    for (int j = 0; !is_plain && u < units && j < k; j++) {
      gathered[j] = from[(places == NULL ? j : places[j]) * j_stride];
    }
    if (!is_plain) from = gathered;
    for (int j = 0; j < 2 * SQUARE; j += RK_LANES) {
      const int count = u < units ? k - j : 0;
      vec row = count <= 0 ? splat(0) : count >= RK_LANES ? load(from + j) : load_part(from + j, count);
      store_split(row, to->plane[0] + u * SQUARE + j / 2, SQUARE * SQUARE, planes);
    }
  }
  return 1;
}

/// Rows × columns of a square's upper left corner to where they belong, turned if need be.
RK_INLINE void place_square(const float *from, int turn, float *to, int64_t to_row, int rows,
                            int columns) {
  rows = at_most_int(rows, SQUARE), columns = at_most_int(columns, SQUARE);
  _Alignas(64) float turned[SQUARE * SQUARE];
  if (turn) {
    for (int i = 0; i < SQUARE; i += 4) {
      for (int j = 0; j < SQUARE; j += 4) {
        turn_four(from + j * SQUARE + i, SQUARE, turned + i * SQUARE + j, SQUARE);
      }
    }
    from = turned;
  }
  for (int i = 0; i < rows; i++) copy_units(to + i * to_row, from + i * SQUARE, columns);
}

RK_INLINE void pack_pairs(const rk_pack *pack, const int unit, const int planes) {
  const int32_t k = pack->k, plane = pair_depth(k, unit, 1);
  for (int u = 0; u < round_up(pack->n, RK_PANEL); u += SQUARE) {
    float *to = pack->dst + u / RK_PANEL * RK_PANEL * (int64_t)plane * planes + u % RK_PANEL;
    for (int pair = 0; pair < plane; pair += SQUARE) {
      square pairs;
      const int j = at_most_int(2 * pair, k);
      const int turn = convert_square(
          pack->w + u * pack->w_row + (pack->places == NULL ? j : 0) * pack->w_col, pack->w_row,
          pack->w_col, pack->places == NULL ? NULL : pack->places + j, pack->n - u, k - j, &pairs,
          planes);
      for (int p = 0; p < planes; p++) {
        place_square(pairs.plane[p], turn, to + (p * plane + pair) * (int64_t)RK_PANEL, RK_PANEL,
                     plane - pair, SQUARE);
      }
    }
  }
}

/// Rows of a matrix as \ref convert_row makes them, whatever way they lie.
RK_INLINE void pack_rows(const rk_pack *pack, const int unit, const int planes) {
  const int32_t k = pack->k, plane = pair_depth(k, unit, 1);
  for (int u = 0; u < pack->n; u += SQUARE) {
    for (int pair = 0; pair < plane; pair += SQUARE) {
      square pairs;
      const int j = at_most_int(2 * pair, k);
      const int turn = !convert_square(
          pack->w + u * pack->w_row + (pack->places == NULL ? j : 0) * pack->w_col, pack->w_row,
          pack->w_col, pack->places == NULL ? NULL : pack->places + j, pack->n - u, k - j, &pairs,
          planes);
      for (int p = 0; p < planes; p++) {
        place_square(pairs.plane[p], turn,
                     pack->dst + u * (int64_t)plane * planes + p * plane + pair, plane * planes,
                     pack->n - u, plane - pair);
      }
    }
  }
}

/// Blocks of a product of matrices, as for floats; a form's block of k is a multiple of its unit, and
/// 256 floats deep.
enum { PAIRS_M = 192, PAIRS_N = 1024, PAIRS_K = 512, SPLIT_K = 256 };

static int64_t workspace_pairs(const number_form *form, int32_t m, int32_t n, int32_t k) {
  const int64_t depth = form->depth(at_most_int(k, form->gemm_k));
  return depth * round_up(at_most_int(n, PAIRS_N), RK_PANEL)
         + line_up(depth * (at_most_int(m, PAIRS_M) + form->spare_rows));
}

/// Fewer units than whole vectors, through a tile of our own.
static void multiply_last_units(const number_form *form, const tile_task *task, int rows,
                                int units) {
  enum { ROWS = 32 };
  for (int row = 0; row < rows; row += ROWS) {
    const int count = at_most_int(rows - row, ROWS);
    _Alignas(64) float sums[ROWS * RK_PANEL];
    float *c = task->c + row * task->c_row;
    memset(sums, 0, sizeof sums);
    for (int r = 0; r < count && !task->fresh; r++) {
      copy_units(sums + r * RK_PANEL, c + r * task->c_row, units);
    }
    tile_task tile = *task;
    tile.a += row * task->a_row;
    tile.c = sums;
    tile.c_row = RK_PANEL;
    form->multiply(&tile, count, (units + RK_LANES - 1) / RK_LANES);
    for (int r = 0; r < count; r++) {
      copy_units(c + r * task->c_row, sums + r * RK_PANEL, units);
    }
  }
}

static void multiply_pairs(const number_form *form, const rk_gemm *arguments) {
  const rk_gemm g = *arguments;
  if (g.k == 0 && !g.accumulate) {
    for (int i = 0; i < g.m && g.n > 0; i++) memset(g.c + i * g.c_row, 0, 4 * (size_t)g.n);
  }
  if (g.k == 0 || g.m == 0 || g.n == 0) return;
  if (form->begin != NULL) form->begin();
  for (int n0 = 0; n0 < g.n; n0 += PAIRS_N) {
    const int n = at_most_int(g.n - n0, PAIRS_N), tail = n % RK_LANES == 0 ? 0 : n % RK_PANEL;
    for (int k0 = 0; k0 < g.k; k0 += form->gemm_k) {
      const int k = at_most_int(g.k - k0, form->gemm_k);
      const int32_t *places = g.places == NULL ? NULL : g.places + k0;
      const int64_t first = places == NULL ? k0 : 0;
      const int32_t depth = form->depth(k);
      float *b = g.workspace, *a = b + (int64_t)depth * round_up(n, RK_PANEL);
      form->pack(&(rk_pack){n, k, g.b + first * g.b_row + n0 * g.b_col, g.b_col, g.b_row, b,
                            places});
      for (int m0 = 0; m0 < g.m; m0 += PAIRS_M) {
        const int m = at_most_int(g.m - m0, PAIRS_M);
        form->pack_rows(&(rk_pack){m, k, g.a + m0 * g.a_row + first * g.a_col, g.a_row, g.a_col, a,
                                   places});
        tile_task task = {
            .a = a, .a_row = depth,
            .b = b, .b_panel = depth * (int64_t)RK_PANEL, .b_row = RK_PANEL,
            .k = depth,
            .c = g.c + m0 * g.c_row + n0, .c_row = g.c_row,
            .fresh = k0 == 0 && !g.accumulate,
        };
        form->multiply(&task, m, (n - tail) / RK_LANES);
        if (tail > 0) {
          tile_task last = task;
          last.b += n / RK_PANEL * task.b_panel;
          last.c += n - tail;
          multiply_last_units(form, &last, m, tail);
        }
      }
    }
  }
  if (form->end != NULL) form->end();
}
