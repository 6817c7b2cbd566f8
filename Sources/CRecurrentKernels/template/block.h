// The block program: a list of operations, each a tight loop over a block that lies in the first
// cache.

/// A block of rows and units, and where its slots lie.
typedef struct block {
  int32_t row, unit;    ///< its first row and unit
  int32_t rows, units;  ///< how many it has
  int32_t width;        ///< `units` rounded up to whole vectors: floats from row to row in a slot
  int64_t slot;         ///< floats from slot to slot
  float *scratch;
  panel_product multiply;
} block;

/// The vectors of a slot in use: rows lie one after the other, so a block is one flat array.
RK_INLINE float *slot_of(const block *at, int index) { return at->scratch + index * at->slot; }

// MARK: - Memory

/// The operand's row 0 at this step.
RK_INLINE float *operand_at(const rk_operand *operand, int64_t step) {
  int64_t at = step + operand->offset;
  // A division costs as much as some vectors, and single steps are numbered from 0 again and again.
  if (operand->ring > 0 && (uint64_t)at >= (uint64_t)operand->ring) {
    at %= operand->ring;
    if (at < 0) at += operand->ring;
  }
  return operand->base + at * operand->step_stride;
}

static void load_units(const block *at, const float *base, int64_t row_stride, float *dst) {
  for (int r = 0; r < at->rows; r++) {
    const float *from = base + (at->row + r) * row_stride + at->unit;
    float *to = dst + r * at->width;
    int u = 0;
    for (; u + RK_LANES <= at->units; u += RK_LANES) store(to + u, load(from + u));
    // Zeros where there are no units: whatever lay there could be slow to compute with.
    if (u < at->units) store(to + u, load_part(from + u, at->units - u)), u += RK_LANES;
    for (; u < at->width; u += RK_LANES) store(to + u, splat(0));
  }
}

static void store_units(const block *at, float *base, int64_t row_stride, const float *a) {
  for (int r = 0; r < at->rows; r++) {
    float *to = base + (at->row + r) * row_stride + at->unit;
    const float *from = a + r * at->width;
    copy_units(to, from, at->units);
  }
}

/// Units count through [outer][axis][inner]; the operand has [outer][inner].
static void spread_units(const block *at, const float *base, int64_t row_stride, int axis,
                         int inner, float *dst) {
  const int end = at->unit + at->units;
  for (int r = 0; r < at->rows; r++) {
    const float *from = base + (at->row + r) * row_stride;
    float *to = dst + r * at->width;
    // Runs: the whole axis where `inner` is 1, else up to the end of `inner`.
    for (int unit = at->unit; unit < end;) {
      int outer = unit / axis / inner, i = unit % inner;
      int run = inner == 1 ? axis - unit % axis : inner - i;
      const float *source = from + outer * (int64_t)inner + i;
      if (run > end - unit) run = end - unit;
      if (inner == 1) {
        for (int u = 0; u < run; u++) to[u] = source[0];
      } else {
        for (int u = 0; u < run; u++) to[u] = source[u];
      }
      to += run;
      unit += run;
    }
    for (int u = at->units; u < at->width; u++) *to++ = 0;
  }
}

/// The sum of `count` floats in an order that depends on `count` alone: one sum for each lane, then
/// over the lanes.
static float sum_of(const float *x, int count) {
  vec lanes = splat(0);
  int j = 0;
  for (; j + RK_LANES <= count; j += RK_LANES) lanes += load(x + j);
  if (j < count) lanes += load_part(x + j, count - j);
  float sum = lanes[0];
  for (int i = 1; i < RK_LANES; i++) sum += lanes[i];
  return sum;
}

/// The operand's units count through [outer][axis][inner]; the block's through [outer][inner].
static void reduce_units(const block *at, const float *base, int64_t row_stride, int axis,
                         int inner, float *dst) {
  const int end = at->unit + at->units;
  for (int r = 0; r < at->rows; r++) {
    const float *from = base + (at->row + r) * row_stride;
    float *to = dst + r * at->width;
    for (int unit = at->unit; unit < end;) {
      int i = unit % inner, run = inner - i < end - unit ? inner - i : end - unit;
      const float *source = from + (int64_t)(unit / inner) * axis * inner + i;
      if (inner == 1) {
        *to++ = sum_of(source, axis);
      } else {
        for (int u = 0; u < run; u += RK_LANES) {
          int count = run - u < RK_LANES ? run - u : RK_LANES;
          vec sum = splat(0);
          for (int j = 0; j < axis; j++) {
            const float *x = source + j * (int64_t)inner + u;
            sum += count == RK_LANES ? load(x) : load_part(x, count);
          }
          store_part(to + u, count, sum);
        }
        to += run;
      }
      unit += run;
    }
    for (int u = at->units; u < at->width; u++) *to++ = 0;
  }
}

/// The sum of `count` products, in the order of \ref sum_of.
static float dot_of(const float *x, const float *y, int count) {
  vec lanes = splat(0);
  int j = 0;
  for (; j + RK_LANES <= count; j += RK_LANES) lanes = multiply_add(load(x + j), load(y + j), lanes);
  if (j < count) {
    lanes = multiply_add(load_part(x + j, count - j), load_part(y + j, count - j), lanes);
  }
  float sum = lanes[0];
  for (int i = 1; i < RK_LANES; i++) sum += lanes[i];
  return sum;
}

/// The sum of `count` squares of differences to `middle`, in the order of \ref sum_of.
static float squares_of(const float *x, float middle, int count) {
  vec lanes = splat(0);
  int j = 0;
  for (; j + RK_LANES <= count; j += RK_LANES) {
    vec difference = load(x + j) - middle;
    lanes = multiply_add(difference, difference, lanes);
  }
  float sum = lanes[0];
  for (int i = 1; i < RK_LANES; i++) sum += lanes[i];
  for (; j < count; j++) sum += (x[j] - middle) * (x[j] - middle);
  return sum;
}

/// A unit of the block is `axis` units of the operands, one after the other.
static void dot_units(const block *at, const float *x, int64_t x_row, const float *y,
                      int64_t y_row, int axis, float *dst) {
  for (int r = 0; r < at->rows; r++) {
    const float *left = x + (at->row + r) * x_row + at->unit * (int64_t)axis;
    const float *right = y + (at->row + r) * y_row + at->unit * (int64_t)axis;
    float *to = dst + r * at->width;
    for (int u = 0; u < at->units; u++) to[u] = dot_of(left + u * axis, right + u * axis, axis);
    for (int u = at->units; u < at->width; u++) to[u] = 0;
  }
}

/// A unit of the block is `axis` units of the operand, one after the other.
static void square_units(const block *at, const float *x, int64_t x_row, const float *mean,
                         int64_t mean_row, int axis, float *dst) {
  for (int r = 0; r < at->rows; r++) {
    const float *from = x + (at->row + r) * x_row + at->unit * (int64_t)axis;
    const float middle = mean[(at->row + r) * mean_row];
    float *to = dst + r * at->width;
    for (int u = 0; u < at->units; u++, from += axis) to[u] = squares_of(from, middle, axis);
    for (int u = at->units; u < at->width; u++) to[u] = 0;
  }
}

/// `weights`: of the block's first unit on.
static void add_product(const block *at, const float *base, int64_t row_stride,
                        const float *weights, int k, float *dst) {
  tile_task task = {
      .a = base + at->row * row_stride, .a_row = row_stride,
      .b = weights, .b_panel = k * (int64_t)RK_PANEL, .b_row = RK_PANEL,
      .k = k,
      .c = dst, .c_row = at->width,
      .fresh = 0,
  };
  at->multiply(&task, at->rows, at->width / RK_LANES);
}

// MARK: - The program

/// `x`, `y` and `z` stand for a, b and c; only those an operation reads are touched.
#define RK_EACH(expression)                                              \
  for (int64_t i = 0; i < count; i += RK_LANES) store(dst + i, expression); \
  break

/// The same with a number `s` for each row, the operand's first.
#define RK_EACH_ROW(expression)                                                   \
  for (int r = 0; r < at->rows; r++) {                                            \
    const vec s = splat(base[(at->row + r) * row_stride]);                        \
    for (int64_t i = (int64_t)r * at->width; i < (int64_t)(r + 1) * at->width; i += RK_LANES) \
      store(dst + i, expression);                                                 \
  }                                                                               \
  break

/// A function of one vector over a block, two vectors at a time: they share its many constants,
/// and one computes while the other waits for its results.
#define RK_MAP(function)                                                                \
  static void function##_map(const float *a, int64_t count, float *dst) {               \
    int64_t i = 0;                                                                      \
    for (; i + 2 * RK_LANES <= count; i += 2 * RK_LANES) {                              \
      vec first = function(load(a + i)), second = function(load(a + i + RK_LANES));     \
      store(dst + i, first);                                                            \
      store(dst + i + RK_LANES, second);                                                \
    }                                                                                   \
    if (i < count) store(dst + i, function(load(a + i)));                               \
  }
RK_MAP(exponential)
RK_MAP(logarithm)
RK_MAP(logistic)
RK_MAP(hyperbolic_tangent)
RK_MAP(soft_rectifier)
#define x load(a + i)
#define y load(b + i)
#define z load(c + i)

static void run_block(const rk_program *program, int64_t step, const block *at) {
  const int64_t count = (int64_t)at->rows * at->width;
  for (int32_t o = 0; o < program->op_count; o++) {
    const rk_op *op = &program->ops[o];
    float *dst = slot_of(at, op->dst);
    const float *a = slot_of(at, op->a), *b = slot_of(at, op->b), *c = slot_of(at, op->c);
    const float value = op->value;
    float *base = NULL;
    int64_t row_stride = 0;
    if (op->code <= RK_PRODUCT) {
      const rk_operand *operand = &program->operands[op->operand];
      base = operand_at(operand, step);
      row_stride = operand->row_stride;
    }
    switch ((rk_code)op->code) {
      case RK_LOAD: load_units(at, base, row_stride, dst); break;
      case RK_STORE: store_units(at, base, row_stride, a); break;
      case RK_SPREAD: spread_units(at, base, row_stride, op->axis, op->inner, dst); break;
      case RK_REDUCE: reduce_units(at, base, row_stride, op->axis, op->inner, dst); break;
      case RK_DOT: {
        const rk_operand *other = &program->operands[op->other];
        dot_units(at, base, row_stride, operand_at(other, step), other->row_stride, op->axis, dst);
        break;
      }
      case RK_SQUARES: {
        const rk_operand *other = &program->operands[op->other];
        square_units(at, base, row_stride, operand_at(other, step), other->row_stride, op->axis,
                     dst);
        break;
      }
      case RK_NORMAL_ROW: {
        const rk_operand *other = &program->operands[op->other];
        const float *scale = operand_at(other, step) + at->row * other->row_stride;
        const int64_t scale_row = other->row_stride;
        RK_EACH_ROW((x - s) * scale[r * scale_row]);
      }
      case RK_ADD_ROW: RK_EACH_ROW(x + s);
      case RK_SUBTRACT_ROW: RK_EACH_ROW(x - s);
      case RK_MULTIPLY_ROW: RK_EACH_ROW(x * s);
      case RK_FMA_ROW: RK_EACH_ROW(multiply_add(x, s, z));
      case RK_FNMA_ROW: RK_EACH_ROW(multiply_add(-x, s, z));
      case RK_PRODUCT:
        add_product(at, base, row_stride,
                    program->weights[op->weight] + (at->unit - program->first_unit) * (int64_t)op->k,
                    op->k, dst);
        break;
      case RK_CONSTANT: RK_EACH(splat(value));
      case RK_ADD: RK_EACH(x + y);
      case RK_SUBTRACT: RK_EACH(x - y);
      case RK_MULTIPLY: RK_EACH(x * y);
      case RK_DIVIDE: RK_EACH(x / y);
      case RK_MAX: RK_EACH(larger(x, y));
      case RK_MIN: RK_EACH(smaller(x, y));
      case RK_FMA: RK_EACH(multiply_add(x, y, z));
      case RK_FNMA: RK_EACH(multiply_add(-x, y, z));
      case RK_ADD_VALUE: RK_EACH(x + value);
      case RK_MULTIPLY_VALUE: RK_EACH(x * value);
      case RK_FROM_VALUE: RK_EACH(value - x);
      case RK_COPY: RK_EACH(x);
      case RK_NEGATE: RK_EACH(-x);
      case RK_ABS: RK_EACH(absolute(x));
      case RK_EXP: exponential_map(a, count, dst); break;
      case RK_LOG: logarithm_map(a, count, dst); break;
      case RK_SIGMOID: logistic_map(a, count, dst); break;
      case RK_TANH: hyperbolic_tangent_map(a, count, dst); break;
      case RK_SOFTPLUS: soft_rectifier_map(a, count, dst); break;
      case RK_SQRT: RK_EACH(square_root(x));
      case RK_RECIPROCAL: RK_EACH(1.0f / x);
      case RK_FLOOR: RK_EACH(round_down(x));
      case RK_GREATER: RK_EACH(choose(x > y, splat(1.0f), splat(0.0f)));
      case RK_SELECT: RK_EACH(choose(x > splat(0.0f), y, z));
      case RK_CODE_COUNT: break;
    }
  }
}

#undef x
#undef y
#undef z
#undef RK_EACH
#undef RK_EACH_ROW

/// Asks for what a block will load and store, so that it is there when the block begins. Blocks are
/// short stretches of many rows, which the machine does not foresee by itself.
static void prefetch_block(const rk_program *program, int64_t step, int32_t row, int32_t rows,
                           int32_t unit, int32_t units) {
  enum { LINE = 16 };
  for (int32_t o = 0; o < program->op_count; o++) {
    const rk_op *op = &program->ops[o];
    if (op->code != RK_LOAD && op->code != RK_STORE) continue;
    const rk_operand *operand = &program->operands[op->operand];
    if (operand->row_stride == 0) continue;
    const float *first = operand_at(operand, step) + row * operand->row_stride + unit;
    for (int32_t r = 0; r < rows; r++, first += operand->row_stride) {
      for (int32_t u = 0; u < units; u += LINE) {
        if (op->code == RK_LOAD) {
          __builtin_prefetch(first + u, 0, 2);
        } else {
          __builtin_prefetch(first + u, 1, 2);
        }
      }
    }
  }
}

/// Units outside, rows inside: the weights of a block of units are what is large, and stay in the
/// cache while all rows pass.
static void run_blocks(const rk_program *program, int64_t step, int32_t row0, int32_t row1,
                       int32_t unit0, int32_t unit1, float *scratch, panel_product multiply) {
  for (int32_t unit = unit0; unit < unit1; unit += program->block_units) {
    for (int32_t row = row0; row < row1; row += program->block_rows) {
      block at = {
          .row = row,
          .unit = unit,
          .rows = at_most_int(row1 - row, program->block_rows),
          .units = at_most_int(unit1 - unit, program->block_units),
          .slot = (int64_t)program->block_rows * program->block_units,
          .scratch = scratch,
          .multiply = multiply,
      };
      at.width = round_up(at.units, RK_LANES);
      const int32_t below = row + program->block_rows;
      if (below < row1) {
        prefetch_block(program, step, below, at_most_int(row1 - below, at.rows), unit, at.units);
      } else if (unit + program->block_units < unit1) {
        const int32_t beside = unit + program->block_units;
        prefetch_block(program, step, row0, at_most_int(row1 - row0, program->block_rows), beside,
                       at_most_int(unit1 - beside, program->block_units));
      }
      run_block(program, step, &at);
    }
  }
}

static void run_program(const rk_program *program, int64_t step, int32_t row0, int32_t row1,
                        int32_t unit0, int32_t unit1, float *scratch) {
  run_blocks(program, step, row0, row1, unit0, unit1, scratch, multiply_panels);
}

static int64_t run_scratch(const rk_program *program, int32_t rows) {
  (void)rows;
  return (int64_t)program->slot_count * program->block_rows * program->block_units;
}
