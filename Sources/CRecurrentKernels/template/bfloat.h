// bfloat16: the upper half of a float. Conversion rounds to the nearest, halves to even; NaN stays
// NaN.

/// Numbers of 8 bits, as the floats that they are.
RK_INLINE vec to_bfloat(vec x) {
  const uvec bits = (uvec)x;
  const uvec rounded = bits + 0x7fff + ((bits >> 16) & 1);
  const uvec quiet = bits | 0x400000;  // of NaN, whose payload may be all in the lower half
  return (vec)((uvec)choose(x != x, (vec)quiet, (vec)rounded) & 0xffff0000u);
}

/// What a bfloat16 leaves of x, as another one; nothing where x is not finite. `high` is the first
/// of the two, which does not exceed all numbers where x does not.
RK_INLINE vec split_bfloat(vec x, vec *high) {
  const uvec exponents = (uvec){0} + 0x7f800000;
  vec first = to_bfloat(x);
  const vec cut = (vec)((uvec)x & 0xffff0000u);
  const ivec is_over = ((uvec)first & exponents) == exponents;
  // Infinity stays what it is when it is cut, and what was rounded up to it does not get there.
  first = choose(is_over & (x == x), cut, first);
  *high = first;
  return choose(((uvec)first & exponents) == exponents, splat(0), to_bfloat(x - first));
}

/// `count` contiguous floats, rounded; `to` may be `x`.
static void round_row(const float *x, int32_t count, float *to) {
  int32_t j = 0;
  for (; j + RK_LANES <= count; j += RK_LANES) store(to + j, to_bfloat(load(x + j)));
  if (j < count) store_part(to + j, count - j, to_bfloat(load_part(x + j, count - j)));
}
