// Block programs whose products keep numbers in a form of their own. The rows that products read
// are converted once for all units, and the program is run on what came of it.

/// How a product keeps its numbers.
typedef struct number_form {
  int32_t (*depth)(int32_t k);  ///< floats that k numbers take
  /// A row of k floats as `depth(k)` floats.
  void (*convert)(const float *x, int32_t k, float *to);
  void (*pack)(const rk_pack *arguments);
  /// A matrix as rows that are converted each by itself: for products of matrices.
  void (*pack_rows)(const rk_pack *arguments);
  panel_product multiply;       ///< rows and panels of this form; `k` of its task is a depth
  int32_t gemm_k;               ///< k that a product of matrices packs at a time
  int32_t spare_rows;           ///< rows beyond the last that `multiply` may read
  void (*begin)(void);          ///< before the first product of a call; may be NULL
  void (*end)(void);            ///< after the last
} number_form;

/// The first operation that multiplies the same rows.
RK_INLINE int first_of_rows(const rk_program *program, int o) {
  const rk_op *op = &program->ops[o];
  for (int i = 0; i < o; i++) {
    const rk_op *other = &program->ops[i];
    if (other->code == RK_PRODUCT && other->operand == op->operand && other->k == op->k) return i;
  }
  return o;
}

/// Where the converted program lies in the scratch, in floats from its beginning.
typedef struct converted_places {
  int operands;  ///< of the program as it was
  int products;  ///< different rows that are multiplied
  int64_t op_list, operand_list, rows, end;
} converted_places;

RK_INLINE int64_t line_up(int64_t floats) { return (floats + 15) / 16 * 16; }

/// Floats from row to row of converted ones: rows a large power of two apart would compete for the same
/// places of the first cache.
RK_INLINE int64_t row_pitch(int32_t depth) { return depth % 256 == 0 ? depth + 16 : depth; }

static converted_places places_of(const number_form *form, const rk_program *program,
                                  int32_t rows) {
  converted_places at = {0};
  int64_t converted = 0;
  for (int o = 0; o < program->op_count; o++) {
    const rk_op *op = &program->ops[o];
    if (op->code > RK_PRODUCT) continue;
    int last = op->operand > op->other ? op->operand : op->other;
    if (last >= at.operands) at.operands = last + 1;
    if (op->code != RK_PRODUCT || first_of_rows(program, o) != o) continue;
    at.products++;
    converted += line_up((rows + form->spare_rows) * row_pitch(form->depth(op->k)));
  }
  at.op_list = line_up(run_scratch(program, rows));
  at.operand_list =
      at.op_list + line_up((int64_t)(program->op_count * sizeof(rk_op) / sizeof(float) + 1));
  at.rows = at.operand_list
            + line_up((int64_t)((size_t)(at.operands + at.products) * sizeof(rk_operand)
                                / sizeof(float)));
  at.end = at.products == 0 ? run_scratch(program, rows) : at.rows + converted;
  return at;
}

static int64_t scratch_converted(const number_form *form, const rk_program *program,
                                 int32_t rows) {
  return places_of(form, program, rows).end;
}

static void run_converted(const number_form *form, const rk_program *program, int64_t step,
                          int32_t row0, int32_t row1, int32_t unit0, int32_t unit1,
                          float *scratch) {
  const converted_places at = places_of(form, program, row1 - row0);
  if (at.products == 0 || unit0 >= unit1 || row0 >= row1) {
    run_program(program, step, row0, row1, unit0, unit1, scratch);
    return;
  }
  rk_op *ops = (rk_op *)(void *)(scratch + at.op_list);
  rk_operand *operands = (rk_operand *)(void *)(scratch + at.operand_list);
  memcpy(ops, program->ops, (size_t)program->op_count * sizeof(rk_op));
  memcpy(operands, program->operands, (size_t)at.operands * sizeof(rk_operand));
  int count = at.operands;
  float *to = scratch + at.rows;
  for (int o = 0; o < program->op_count; o++) {
    rk_op *op = &ops[o];
    if (op->code != RK_PRODUCT) continue;
    const int32_t k = op->k, depth = form->depth(k);
    const int64_t pitch = row_pitch(depth);
    const int first = first_of_rows(program, o);
    op->k = depth;
    if (first < o) {
      op->operand = ops[first].operand;
      continue;
    }
    const rk_operand *operand = &program->operands[op->operand];
    const float *from = operand_at(operand, step);
    // Rows that are all the same are converted once.
    const int64_t stride = operand->row_stride;
    const int32_t rows = stride == 0 ? 1 : row1 - row0;
    for (int32_t r = 0; r < rows; r++) {
      form->convert(from + (row0 + r) * stride, k, to + r * pitch);
    }
    operands[count] = (rk_operand){.base = stride == 0 ? to : to - row0 * pitch,
                                   .row_stride = stride == 0 ? 0 : pitch};
    op->operand = (uint16_t)count++;
    to += line_up((row1 - row0 + form->spare_rows) * pitch);
  }
  rk_program converted = *program;
  converted.ops = ops;
  converted.operands = operands;
  if (form->begin != NULL) form->begin();
  run_blocks(&converted, step, row0, row1, unit0, unit1, scratch, form->multiply);
  if (form->end != NULL) form->end();
}

/// A table whose products are made in a form, with a product of matrices of its own.
#define RK_FORM_TABLE(table, form, what, rows, matrices, workspace)                           \
  static void form##_run(const rk_program *program, int64_t step, int32_t row0, int32_t row1, \
                         int32_t unit0, int32_t unit1, float *scratch) {                      \
    run_converted(&form, program, step, row0, row1, unit0, unit1, scratch);                   \
  }                                                                                           \
  static int64_t form##_scratch(const rk_program *program, int32_t count) {                   \
    return scratch_converted(&form, program, count);                                          \
  }                                                                                           \
  static void form##_gemm(const rk_gemm *arguments) { matrices(&form, arguments); }           \
  static int64_t form##_workspace(int32_t m, int32_t n, int32_t k) {                          \
    return workspace(&form, m, n, k);                                                         \
  }                                                                                           \
  static int32_t form##_depth(int32_t k) { return form.depth(k); }                            \
  static void form##_pack(const rk_pack *arguments) { form.pack(arguments); }                 \
  const rk_table table = {                                                                    \
      RK_SHARED_KERNELS,                                                                      \
      .products = what,                                                                       \
      .tile_rows = rows,                                                                      \
      .run = form##_run,                                                                      \
      .run_scratch = form##_scratch,                                                          \
      .gemm = form##_gemm,                                                                    \
      .gemm_workspace = form##_workspace,                                                     \
      .pack = form##_pack,                                                                    \
      .packed_depth = form##_depth,                                                           \
  }
