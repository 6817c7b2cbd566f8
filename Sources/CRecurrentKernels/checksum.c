// The CRC-32 of zip files by multiplication without carries, where the CPU has it.
//
// Gopal et al., Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction (Intel 2009):
// the bytes are a polynomial over two elements. Blocks of 128 bits are folded onto those that follow,
// multiplied by powers of x modulo the CRC's polynomial, until one is left; Barrett's reduction takes
// that modulo the polynomial. All bits are reversed, as in the CRC itself; the constants are the paper's.

#include "recurrent_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define CARRYLESS __attribute__((target("pclmul,sse4.1")))

/// The block as it would be `constants` bits further on, added to `next`.
CARRYLESS static inline __m128i folded(__m128i block, __m128i constants, __m128i next) {
  const __m128i low = _mm_clmulepi64_si128(block, constants, 0x00);
  const __m128i high = _mm_clmulepi64_si128(block, constants, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

CARRYLESS static uint32_t fold(uint32_t state, const uint8_t *bytes, int64_t count) {
  const __m128i by512 = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4);
  const __m128i by128 = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
  const __m128i *next = (const __m128i *)bytes;
  __m128i a = _mm_xor_si128(_mm_loadu_si128(next), _mm_cvtsi32_si128((int)state));
  __m128i b = _mm_loadu_si128(next + 1);
  __m128i c = _mm_loadu_si128(next + 2);
  __m128i d = _mm_loadu_si128(next + 3);
  for (count -= 64, next += 4; count >= 64; count -= 64, next += 4) {
    a = folded(a, by512, _mm_loadu_si128(next));
    b = folded(b, by512, _mm_loadu_si128(next + 1));
    c = folded(c, by512, _mm_loadu_si128(next + 2));
    d = folded(d, by512, _mm_loadu_si128(next + 3));
  }
  a = folded(folded(folded(a, by128, b), by128, c), by128, d);
  for (; count >= 16; count -= 16, next += 1) a = folded(a, by128, _mm_loadu_si128(next));

  // 128 bits to 64, to 32 and 32 zeros.
  const __m128i words = _mm_setr_epi32(-1, 0, -1, 0);
  a = _mm_xor_si128(_mm_srli_si128(a, 8), _mm_clmulepi64_si128(a, by128, 0x10));
  const __m128i by64 = _mm_set_epi64x(0, 0x0163cd6124);
  a = _mm_xor_si128(
      _mm_srli_si128(a, 4), _mm_clmulepi64_si128(_mm_and_si128(a, words), by64, 0x00));

  const __m128i barrett = _mm_set_epi64x(0x01f7011641, 0x01db710641);
  __m128i quotient = _mm_clmulepi64_si128(_mm_and_si128(a, words), barrett, 0x10);
  quotient = _mm_clmulepi64_si128(_mm_and_si128(quotient, words), barrett, 0x00);
  return (uint32_t)_mm_extract_epi32(_mm_xor_si128(a, quotient), 1);
}

int64_t rk_crc32(uint32_t *state, const uint8_t *bytes, int64_t count) {
  count &= ~(int64_t)15;
  if (count < 64 || !__builtin_cpu_supports("pclmul") || !__builtin_cpu_supports("sse4.1")) return 0;
  *state = fold(*state, bytes, count);
  return count;
}

#else

int64_t rk_crc32(uint32_t *state, const uint8_t *bytes, int64_t count) {
  (void)state, (void)bytes, (void)count;
  return 0;
}

#endif
