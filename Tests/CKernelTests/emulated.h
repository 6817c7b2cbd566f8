// The instructions that multiply bfloat16, in plain C, as Intel's manual has them: for machines
// that do not have them. Numbers below the normal ones are not flushed to zero here.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline float emulated_half(uint32_t pair, int upper) {
  const uint32_t bits = upper ? pair & 0xffff0000u : pair << 16;
  float x;
  memcpy(&x, &bits, 4);
  return x;
}

// MARK: - VDPBF16PS

/// Sixteen sums, to each of which two products are added.
static inline void emulated_dots(float *sum, const float *a, const float *b) {
  uint32_t left[16], right[16];
  memcpy(left, a, 64), memcpy(right, b, 64);
  for (int i = 0; i < 16; i++) {
    sum[i] = __builtin_fmaf(emulated_half(left[i], 1), emulated_half(right[i], 1), sum[i]);
    sum[i] = __builtin_fmaf(emulated_half(left[i], 0), emulated_half(right[i], 0), sum[i]);
  }
}

// MARK: - AMX

/// A thread's tiles. The configuration is read as LDTILECFG reads it: whoever uses a tile that is not
/// configured, or beyond its size, ends the test.
static _Thread_local struct {
  uint8_t palette;
  uint16_t row_bytes[8];
  uint8_t rows[8];
  char data[8][16][64];
} emulated_tiles;

static inline void emulated_need(int holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "FAIL: emulated tiles: %s\n", what);
  abort();
}

static inline void emulated_configure(const void *p) {
  const unsigned char *bytes = p;
  memset(&emulated_tiles, 0, sizeof emulated_tiles);
  emulated_need(bytes[0] == 1, "a palette other than 1");
  for (int i = 1; i < 16; i++) emulated_need(bytes[i] == 0, "a start row, or a reserved byte");
  emulated_tiles.palette = 1;
  for (int t = 0; t < 16; t++) {
    uint16_t row_bytes;
    memcpy(&row_bytes, bytes + 16 + 2 * t, 2);
    const uint8_t rows = bytes[48 + t];
    emulated_need(t < 8 || (row_bytes == 0 && rows == 0), "more than 8 tiles");
    emulated_need(row_bytes <= 64 && rows <= 16 && (row_bytes == 0) == (rows == 0), "a tile's size");
    if (t < 8) emulated_tiles.row_bytes[t] = row_bytes, emulated_tiles.rows[t] = rows;
  }
}

static inline void emulated_release(void) {
  emulated_need(emulated_tiles.palette == 1, "a release of nothing");
  memset(&emulated_tiles, 0, sizeof emulated_tiles);
}

static inline void emulated_use(int t) {
  emulated_need(t >= 0 && t < 8 && emulated_tiles.rows[t] > 0, "a tile that is not configured");
}

static inline void emulated_zero(int t) {
  emulated_use(t);
  memset(emulated_tiles.data[t], 0, sizeof emulated_tiles.data[t]);
}

static inline void emulated_load(int t, const void *p, int64_t stride) {
  emulated_zero(t);
  for (int r = 0; r < emulated_tiles.rows[t]; r++) {
    memcpy(emulated_tiles.data[t][r], (const char *)p + r * stride, emulated_tiles.row_bytes[t]);
  }
}

static inline void emulated_store(int t, void *p, int64_t stride) {
  emulated_use(t);
  for (int r = 0; r < emulated_tiles.rows[t]; r++) {
    memcpy((char *)p + r * stride, emulated_tiles.data[t][r], emulated_tiles.row_bytes[t]);
  }
}

/// TDPBF16PS: for each row the sums of the even and of the odd products, then both onto C.
static inline void emulated_tile_dots(int c, int a, int b) {
  emulated_use(c), emulated_use(a), emulated_use(b);
  const int pairs = emulated_tiles.row_bytes[a] / 4, units = emulated_tiles.row_bytes[c] / 4;
  emulated_need(c != a && c != b && a != b, "one tile twice");
  emulated_need(emulated_tiles.rows[c] == emulated_tiles.rows[a]
                    && emulated_tiles.rows[b] == pairs
                    && emulated_tiles.row_bytes[b] == emulated_tiles.row_bytes[c],
                "tiles that do not fit each other");
  for (int r = 0; r < emulated_tiles.rows[c]; r++) {
    uint32_t left[16];
    float sums[16], even[16] = {0}, odd[16] = {0};
    memcpy(left, emulated_tiles.data[a][r], 64);
    memcpy(sums, emulated_tiles.data[c][r], 64);
    for (int j = 0; j < pairs; j++) {
      uint32_t right[16];
      memcpy(right, emulated_tiles.data[b][j], 64);
      for (int u = 0; u < units; u++) {
        even[u] = __builtin_fmaf(emulated_half(left[j], 0), emulated_half(right[u], 0), even[u]);
        odd[u] = __builtin_fmaf(emulated_half(left[j], 1), emulated_half(right[u], 1), odd[u]);
      }
    }
    for (int u = 0; u < units; u++) sums[u] += even[u] + odd[u];
    memcpy(emulated_tiles.data[c][r], sums, 64);
  }
}
