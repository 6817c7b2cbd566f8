// exp, log, sigmoid and tanh on vectors, for every float: signed zeros, infinities, NaN, and
// denormal arguments and results. No branches and no tables; constants are minimax fits.

/// x = n ln 2 + r with |r| ≤ ln 2 / 2, and exp(r) - 1.
///
/// `shifted` holds n in its low bits: `shifted << 23` is n in the place of a float's exponent, as
/// the bits above n are shifted out.
typedef struct reduced {
  ivec shifted;
  vec n, less_one;
} reduced;

RK_INLINE reduced reduce(vec x) {
  const float shift = 0x1.8p23f;  // a float this large has no fraction: adding it rounds
  vec shifted = multiply_add(x, splat(0x1.715476p0f), splat(shift));
  vec n = shifted - shift;
  // ln 2 in two parts; the first has nine bits, so n times it is exact.
  vec r = multiply_add(n, splat(-0x1.63p-1f), x);
  r = multiply_add(n, splat(0x1.bd0106p-13f), r);
  vec p = splat(0.0013946669641882181f);
  p = multiply_add(p, r, splat(0.008366710506379604f));
  p = multiply_add(p, r, splat(0.04166628047823906f));
  p = multiply_add(p, r, splat(0.16666541993618011f));
  p = multiply_add(p, r, splat(0.5f));
  return (reduced){(ivec)shifted, n, multiply_add(p, r * r, r)};
}

/// An integer in the place of a float's exponent: added to a float's bits it scales by 2^n.
RK_INLINE ivec exponent(ivec n) { return (ivec)((uvec)n << 23); }

RK_INLINE vec power_of_two(ivec n) { return (vec)(exponent(n) + 0x3f800000); }

RK_INLINE vec exponential(vec x) {
  // Beyond these the result is 0 or infinite, and would be for any further x.
  x = at_least(at_most(x, 89.0f), -104.0f);
  reduced e = reduce(x);
  // 2^n in two halves, the second multiplied last: a denormal result is rounded once.
  ivec half = e.shifted >> 1;
  vec scaled = (e.less_one + 1.0f) * power_of_two(half);
  return scaled * power_of_two(e.shifted - half);
}

RK_INLINE vec logistic(vec x) {
  // 1 / (1 + p 2^n) = t / (t + p 2^h) with t = 2^-(n - h): nothing overflows, and the division
  // alone rounds a denormal result.
  x = at_least(at_most(x, 104.0f), -104.0f);
  reduced e = reduce(-x);
  ivec half = e.shifted >> 1;
  vec scaled = (e.less_one + 1.0f) * power_of_two(half);
  vec t = power_of_two(half - e.shifted);
  return t / (t + scaled);
}

RK_INLINE vec hyperbolic_tangent(vec x) {
  // With m = exp(-2|x|) - 1, tanh|x| = -m / (2 + m); m keeps its relative accuracy near 0.
  vec size = at_most(absolute(x), 10.0f);  // tanh is 1 from 9.02 on
  reduced e = reduce(size * -2.0f);
  vec scale = power_of_two(e.shifted);
  vec m = multiply_add(scale, e.less_one, scale - 1.0f);
  // m is never above 0: its sign is replaced by x's.
  vec result = m / (m + 2.0f);
  return (vec)((ivec)absolute(result) | sign_bit(x));
}

RK_INLINE vec logarithm(vec x) {
  ivec denormal = x < 0x1p-126f;
  vec y = choose(denormal, x * 0x1p23f, x);
  // y = m 2^e with m in [√½, √2): subtracting √½'s bits puts the border there.
  ivec e = ((ivec)y - 0x3f3504f3) >> 23;
  vec f = (vec)((ivec)y - exponent(e)) - 1.0f;
  vec n = __builtin_convertvector(e - (denormal & 23), vec);
  vec z = f * f;
  // Cephes' logf (S. L. Moshier): log(1 + f) = f - f²/2 + f³ P(f).
  vec p = splat(7.0376836292e-2f);
  p = multiply_add(p, f, splat(-1.1514610310e-1f));
  p = multiply_add(p, f, splat(1.1676998740e-1f));
  p = multiply_add(p, f, splat(-1.2420140846e-1f));
  p = multiply_add(p, f, splat(1.4249322787e-1f));
  p = multiply_add(p, f, splat(-1.6668057665e-1f));
  p = multiply_add(p, f, splat(2.0000714765e-1f));
  p = multiply_add(p, f, splat(-2.4999993993e-1f));
  p = multiply_add(p, f, splat(3.3333331174e-1f));
  p = p * (f * z);
  p = multiply_add(n, splat(-0x1.bd0106p-13f), p);
  p = multiply_add(z, splat(-0.5f), p);
  vec result = multiply_add(n, splat(0x1.63p-1f), f + p);
  // The borders: infinity and NaN are their own logarithm, 0 has -∞, the negative have none.
  result = choose((x < __builtin_inff()), result, x);
  result = choose(x == 0.0f, splat(-__builtin_inff()), result);
  return choose(x < 0.0f, splat(__builtin_nanf("")), result);
}

RK_INLINE vec round_down(vec x) {
  const float shift = 0x1p23f;  // a float this large has no fraction: adding it rounds
  vec size = absolute(x);
  vec nearest = (vec)((ivec)((size + shift) - shift) | sign_bit(x));
  // The sign again: -0 stays -0.
  vec down = nearest - choose(nearest > x, splat(1.0f), splat(0.0f));
  down = (vec)((ivec)down | sign_bit(x));
  return choose(size < shift, down, x);
}

/// NaN if either is.
RK_INLINE vec larger(vec a, vec b) { return choose((a > b) | (a != a), a, b); }
RK_INLINE vec smaller(vec a, vec b) { return choose((a < b) | (a != a), a, b); }
