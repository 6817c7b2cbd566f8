// exp, log, sigmoid and tanh on vectors, for every float: signed zeros, infinities, NaN, and
// denormal arguments and results. No branches and no tables; constants are minimax fits.

/// x = n ln 2 + r with |r| ≤ ln 2 / 2, and exp(r) - 1.
///
/// `shifted` holds n in its low bits: `shifted << 23` is n in the place of a float's exponent, as
/// the bits above n are shifted out.
typedef struct reduced {
  ivec shifted;
  vec less_one;
} reduced;

RK_INLINE reduced reduce(vec x) {
  const float shift = 0x1.8p23f;  // a float this large has no fraction: adding it rounds
  vec shifted = multiply_add(x, splat(0x1.715476p0f), splat(shift));
  vec n = shifted - shift;
  // ln 2 in two parts; the first has nine bits, so n times it is exact.
  vec r = multiply_add(n, splat(-0x1.63p-1f), x);
  r = multiply_add(n, splat(0x1.bd0106p-13f), r);
  // (exp(r) - 1 - r) / r², the low terms beside the high ones so that fewer wait for each other.
  vec square = r * r;
  vec low = multiply_add(r, splat(0.16666541993618011f), splat(0.5f));
  vec high = multiply_add(r, splat(0.008366710506379604f), splat(0.04166628047823906f));
  high = multiply_add(square, splat(0.0013946669641882181f), high);
  vec p = multiply_add(high, square, low);
  return (reduced){(ivec)shifted, multiply_add(p, square, r)};
}

/// 2^n, the float whose exponent is n. For a NaN n is anything, and so is the result.
RK_INLINE vec power_of_two(ivec n) { return (vec)(((uvec)n << 23) + 0x3f800000u); }

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
  reduced e = reduce(at_least(at_most(-x, 104.0f), -104.0f));
  ivec half = e.shifted >> 1;
  vec scaled = (e.less_one + 1.0f) * power_of_two(half);
  vec t = power_of_two(half - e.shifted);
  return t / (t + scaled);
}

RK_INLINE vec hyperbolic_tangent(vec x) {
  // With m = exp(-2|x|) - 1, tanh|x| = -m / (2 + m); m keeps its relative accuracy near 0.
  vec negative = (vec)((ivec)x | INT32_MIN);
  reduced e = reduce(at_least(negative * 2.0f, -20.0f));  // tanh is 1 from 9.02 on
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
  ivec e = (ivec)((uvec)y - 0x3f3504f3u) >> 23;
  vec f = (vec)((uvec)y - ((uvec)e << 23)) - 1.0f;
  vec n = __builtin_convertvector(e - (denormal & 23), vec);
  vec z = f * f;
  // Cephes' logf (S. L. Moshier): log(1 + f) = f - f²/2 + f³ P(f).
  // The even and the odd terms of P beside each other.
  vec even = splat(7.0376836292e-2f), odd = splat(-1.1514610310e-1f);
  even = multiply_add(even, z, splat(1.1676998740e-1f));
  odd = multiply_add(odd, z, splat(-1.2420140846e-1f));
  even = multiply_add(even, z, splat(1.4249322787e-1f));
  odd = multiply_add(odd, z, splat(-1.6668057665e-1f));
  even = multiply_add(even, z, splat(2.0000714765e-1f));
  odd = multiply_add(odd, z, splat(-2.4999993993e-1f));
  even = multiply_add(even, z, splat(3.3333331174e-1f));
  vec p = multiply_add(odd, f, even) * (f * z);
  p = multiply_add(n, splat(-0x1.bd0106p-13f), p);
  p = multiply_add(z, splat(-0.5f), p);
  vec result = multiply_add(n, splat(0x1.63p-1f), f + p);
  // The borders: infinity and NaN are their own logarithm, 0 has -∞, the negative have none.
  result = choose(x < __builtin_inff(), result, x);
  result = choose(x == 0.0f, splat(-__builtin_inff()), result);
  return choose(x < 0.0f, splat(__builtin_nanf("")), result);
}

/// log(1 + exp(x)) = max(x, 0) + log(1 + u), u = exp(-|x|).
RK_INLINE vec soft_rectifier(vec x) {
  vec u = exponential((vec)((ivec)x | INT32_MIN));
  // What 1 + u loses of a small u comes back as the slope of the logarithm there.
  vec y = 1.0f + u;
  vec rest = u - (y - 1.0f);
  return at_least(x, 0.0f) + (logarithm(y) + rest / y);
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
