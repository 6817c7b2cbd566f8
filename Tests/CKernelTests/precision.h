// Checks of products in other precisions than float32: against sums in double of the numbers as
// they are kept, rounded here in another way. Whatever way the work is cut, no bit may change.

/// The nearest number of 8 bits, halves to even.
static double bfloat(double x) {
  if (x == 0 || isnan(x) || isinf(x)) return x;
  int exponent;
  double fraction = frexp(x, &exponent);
  return ldexp(nearbyint(fraction * 256), exponent - 8);
}

/// The product of two floats as the table makes it, before it is summed.
static double kept_product(float a, float b) {
  double first = bfloat((double)a), second = bfloat((double)b);
  if (strcmp(table->products, "split") != 0) return first * second;
  double first_rest = bfloat((double)a - first), second_rest = bfloat((double)b - second);
  return first * second + first * second_rest + first_rest * second;
}

/// Whether a sum of `count` terms is as near to the exact one as float32 sums of such magnitude are.
static int is_sum(float got, double exact, double magnitude, int count) {
  return fabs((double)got - exact) <= (count + 4) * 0x1p-24 * magnitude;
}

static const char *of_cases(int cases) {
  static char detail[60];
  snprintf(detail, sizeof detail, "%d cases", cases);
  return detail;
}

/// Two products of one operand and one of another, which is loaded as well, on two slots.
static void check_kept_product(void) {
  int ok = 1, cases = 0;
  for (int n = 1; n <= 140; n += n < 40 ? 1 : 7) {
    for (int round = 0; round < 4; round++) {
      const int rows = 1 + below(45), k = round == 0 ? 0 : 1 + below(100), steps = 3;
      // The second operand is n long, so that it can be loaded too. The first may be one row for all.
      const int x_row = below(8) == 0 ? 0 : k + below(3), z_row = n + below(3);
      const size_t x_step = (size_t)(rows * x_row);
      array w = make_array((size_t)(2 * n * k), 4), v = make_array((size_t)(n * n), 4);
      array x = make_array((size_t)(steps - 1) * x_step + (size_t)((rows - 1) * x_row + k), 4);
      array z = make_array((size_t)((rows - 1) * z_row + n), 4);
      array y[2] = {make_array((size_t)(rows * 2 * n), 4), make_array((size_t)(rows * 2 * n), 4)};
      array packed[3];
      const float *weights[3];
      const int transposed = below(2);
      for (int i = 0; i < 3; i++) {
        const int depth = i < 2 ? k : n;
        packed[i] = make_array((size_t)(up(n, table->panel) * table->packed_depth(depth)), 64);
        memset(packed[i].p, 0xff, packed[i].count * 4);
        const float *from = i < 2 ? w.p + i * n * k : v.p;
        rk_pack pack = {n, depth, from, transposed ? 1 : depth, transposed ? n : 1,
                        packed[i].p, NULL};
        table->pack(&pack);
        weights[i] = packed[i].p;
      }
      const int first = below(3) * 5, step = below(9);
      for (int whole = 0; whole < 2; whole++) {
        rk_operand operands[] = {
            {x.p, (int64_t)x_step, x_row, 1, steps}, {z.p - first, 0, z_row, 0, 0},
            {y[whole].p - first, 0, 2 * n, 0, 0}, {y[whole].p + n - first, 0, 2 * n, 0, 0},
            {z.p, 0, z_row, 0, 0}};
        rk_op ops[] = {{.code = RK_LOAD, .dst = 1, .operand = 1},
                       {.code = RK_CONSTANT, .dst = 0, .value = 0.25f},
                       {.code = RK_PRODUCT, .dst = 1, .operand = 0, .weight = 0, .k = k},
                       {.code = RK_PRODUCT, .dst = 0, .operand = 0, .weight = 1, .k = k},
                       {.code = RK_PRODUCT, .dst = 0, .operand = 4, .weight = 2, .k = n},
                       {.code = RK_STORE, .a = 1, .operand = 2},
                       {.code = RK_STORE, .a = 0, .operand = 3}};
        int unit = whole ? n : up(below(n + 1), table->panel), row = whole ? rows : below(rows + 1);
        if (unit > n) unit = n;
        int cuts[2][2] = {{0, unit}, {unit, n}}, row_cuts[2][2] = {{0, row}, {row, rows}};
        for (int i = 0; i < 4; i++) {
          shape s = {row_cuts[i / 2][0], row_cuts[i / 2][1], first + cuts[i % 2][0],
                     first + cuts[i % 2][1], whole ? table->tile_rows : 1 + below(40),
                     table->panel * (1 + below(5)), first};
          if (cuts[i % 2][0] % table->panel == 0) ok &= run(ops, 7, 2, operands, weights, step, s);
        }
      }
      for (int i = 0; i < rows * n; i++) {
        const int r = i / n, u = i % n;
        for (int half = 0; half < 2; half++) {
          const float *from = x.p + (size_t)((step + 1) % steps) * x_step + r * x_row;
          const float *unit = w.p + half * n * k + (transposed ? u : u * k);
          double sum = half == 0 ? (double)z.p[r * z_row + u] : 0.25, magnitude = fabs(sum);
          for (int j = 0; j < k; j++) {
            double term = kept_product(from[j], unit[j * (transposed ? n : 1)]);
            sum += term, magnitude += fabs(term);
          }
          for (int j = 0; half == 1 && j < n; j++) {
            double term = kept_product(z.p[r * z_row + j], v.p[transposed ? j * n + u : u * n + j]);
            sum += term, magnitude += fabs(term);
          }
          const int at = r * 2 * n + (half == 0 ? 0 : n) + u;
          if (!is_sum(y[0].p[at], sum, magnitude, k + n)) ok = 0;
          if (!same(y[0].p[at], y[1].p[at])) ok = 0;
        }
      }
      for (int i = 0; i < 3; i++) ok &= free_array(packed[i]);
      ok &= free_array(w) & free_array(v) & free_array(x) & free_array(z) & free_array(y[0])
            & free_array(y[1]);
      cases++;
    }
  }
  report(ok, "pack and product, however cut the same bits", of_cases(cases));
}

static int check_kept_gemm_case(int m, int n, int k, int kind) {
  const int accumulate = kind & 1, a_turned = kind & 2, b_turned = kind & 4, scattered = kind & 8;
  const int apart = scattered ? 2 : 1;
  const int64_t a_row = a_turned ? apart : k * apart + 1, a_col = a_turned ? m * apart + 1 : apart;
  const int64_t b_row = b_turned ? apart : n * apart + 1, b_col = b_turned ? k * apart + 1 : apart;
  const int64_t c_row = n + 1;
  array a = make_array((size_t)((m - 1) * a_row + (k - 1) * a_col + 1), 4);
  array b = make_array((size_t)((k - 1) * b_row + (n - 1) * b_col + 1), 4);
  array c = make_array((size_t)((m - 1) * c_row + n), 4);
  array before = copy_array(c), cut = copy_array(c);
  rk_gemm g = {m, n, k, accumulate, a.p, a_row, a_col, b.p, b_row, b_col, c.p, c_row, NULL, NULL};
  int32_t places[1200];
  for (int l = 0; l < k; l++) places[l] = kind & 16 ? below(k) : l;
  if (kind & 16) g.places = places;
  multiply(g);
  int ok = 1;
  const int mc = below(m + 1), nc = below(n + 1);
  for (int i = 0; i < 4; i++) {
    rk_gemm piece = g;
    const int m0 = i & 1 ? mc : 0, n0 = i & 2 ? nc : 0;
    piece.m = (i & 1 ? m : mc) - m0;
    piece.n = (i & 2 ? n : nc) - n0;
    piece.a += m0 * a_row;
    piece.b += n0 * b_col;
    piece.c = cut.p + m0 * c_row + n0;
    multiply(piece);
  }
  for (int64_t at = 0; at < (m - 1) * c_row + n; at++) {
    const int64_t i = at / c_row, j = at % c_row;
    if (j >= n) {
      ok &= same(c.p[at], before.p[at]);
      continue;
    }
    double sum = accumulate ? (double)before.p[at] : 0, magnitude = fabs(sum);
    for (int l = 0; l < k; l++) {
      double term =
          kept_product(a.p[i * a_row + places[l] * a_col], b.p[places[l] * b_row + j * b_col]);
      sum += term, magnitude += fabs(term);
    }
    if (!is_sum(c.p[at], sum, magnitude, k) || !same(c.p[at], cut.p[at])) ok = 0;
  }
  ok &= free_array(a) & free_array(b) & free_array(c) & free_array(before) & free_array(cut);
  if (!ok) printf("gemm %d x %d x %d, kind %d\n", m, n, k, kind);
  return ok;
}

static void check_kept_gemm(void) {
  int ok = 1, cases = 0;
  for (int kind = 0; kind < 32; kind++) {
    for (int round = 0; round < 8; round++, cases++) {
      ok &= check_kept_gemm_case(1 + below(50), 1 + below(70), 1 + below(80), kind);
    }
    static const int sizes[][3] = {{1, 1, 1},     {1, 300, 17},  {211, 3, 13}, {107, 45, 600},
                                   {13, 17, 513}, {3, 2100, 5},  {400, 33, 256}, {6, 64, 1100}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++, cases++) {
      ok &= check_kept_gemm_case(sizes[i][0], sizes[i][1], sizes[i][2], kind);
    }
  }
  report(ok, "gemm, all strides, whole and in pieces the same bits", of_cases(cases));
  ok = 1;
  for (int i = 0; i < 4; i++) {
    // An empty sum is zero or leaves things as they are.
    array c = make_array(15, 4), before = copy_array(c);
    multiply((rk_gemm){i & 1 ? 0 : 3, 5, 0, i & 2 ? 1 : 0, c.p, 1, 1, c.p, 1, 1, c.p, 5,
                       NULL, NULL});
    for (int j = 0; j < 15; j++) ok &= same(c.p[j], i == 0 ? 0 : before.p[j]);
    ok &= free_array(c) & free_array(before);
  }
  report(ok, "gemm of nothing", "");
}

/// The error that Precision.swift states: of sums of 512 terms, against their magnitude.
static void check_stated_error(void) {
  const double limit = strcmp(table->products, "float32") == 0 ? 3e-7
                       : strcmp(table->products, "split") == 0 ? 1e-6
                                                               : 6e-4;
  enum { M = 48, N = 64, K = 512 };
  array a = make_array(M * K, 4), b = make_array(K * N, 4), c = make_array(M * N, 4);
  multiply((rk_gemm){M, N, K, 0, a.p, K, 1, b.p, N, 1, c.p, N, NULL, NULL});
  int ok = 1;
  double worst = 0;
  for (int i = 0; i < M * N; i++) {
    double sum = 0, magnitude = 0;
    for (int l = 0; l < K; l++) {
      double term = (double)a.p[i / N * K + l] * (double)b.p[l * N + i % N];
      sum += term, magnitude += fabs(term);
    }
    double error = fabs((double)c.p[i] - sum) / magnitude;
    if (error > worst) worst = error;
  }
  char detail[60];
  snprintf(detail, sizeof detail, "%.2g of the sum of magnitudes", worst);
  ok &= free_array(a) & free_array(b) & free_array(c);
  report(ok && worst <= limit, "error of 512 terms", detail);
}

/// What is not finite, or nearly not.
static void check_extremes(void) {
  enum { K = 3 };
  static const float numbers[] = {0.0f,     -0.0f,  1.0f,     -3.0f,    NAN,       INFINITY,
                                  -INFINITY, 3.4e38f, -3.4e38f, 3.38e38f, 0x1p-120f, 257.0f};
  const int is_split = strcmp(table->products, "split") == 0;
  int ok = 1;
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    // A NaN whose payload is all in the half that is cut off.
    float x = isnan(numbers[i]) ? from_bits(0x7f800001) : numbers[i];
    float a[2 * K] = {0.5f, x, 0.25f, 0.5f, 1.0f, 0.25f}, b[K] = {1.0f, 2.0f, 3.0f}, c[2];
    multiply((rk_gemm){2, 1, K, 0, a, K, 1, b, 1, 1, c, 1, NULL, NULL});
    ok &= c[1] == 3.25f;  // the row beside it
    double want = 1.25 + (is_split ? (double)x * 2 : (double)(float)bfloat((double)x) * 2);
    if (isnan(want)) {
      ok &= isnan(c[0]);
    } else if (is_split && isinf(want)) {
      ok &= !isfinite(c[0]);
    } else if (fabs(want) > 3.4028235e38) {
      ok &= isinf(c[0]) && (c[0] > 0) == (want > 0);
    } else {
      ok &= is_sum(c[0], want, fabs(want) + 4, 100);
    }
  }
  report(ok, "what is not finite stays so, in its row", "");
}

static void check_precision(void) {
  check_kept_product();
  check_kept_gemm();
  check_extremes();
  check_stated_error();
}
