// As fast as this machine multiplies and adds: what `lstm bench` holds everything else against.

/// Sums that do not wait for each other, enough to hide how long one takes: those of the register
/// tile, or 12 where that has fewer.
enum {
  PEAK_SUMS = RK_TILE_ROWS * (RK_PANEL / RK_LANES) < 12 ? 12
                                                         : RK_TILE_ROWS * (RK_PANEL / RK_LANES)
};

static int64_t multiply_in_registers(int64_t rounds, float *values) {
  // Values that the compiler cannot know, and must not lose.
  const vec factor = load(values), shift = load(values + RK_LANES);
  vec sums[PEAK_SUMS];
  RK_UNROLL for (int i = 0; i < PEAK_SUMS; i++) sums[i] = factor + splat((float)i);
  for (int64_t round = 0; round < rounds; round++) {
    RK_UNROLL for (int i = 0; i < PEAK_SUMS; i++) sums[i] = multiply_add(sums[i], factor, shift);
  }
  vec total = sums[0];
  RK_UNROLL for (int i = 1; i < PEAK_SUMS; i++) total = total + sums[i];
  store(values, total);
  return rounds * PEAK_SUMS * RK_LANES * 2;
}
