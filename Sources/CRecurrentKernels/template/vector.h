// Vectors of RK_LANES floats: loads, stores, choices and the few operations that the compilers'
// vector types have no sign for.

#include <stdint.h>
#include <string.h>

// What is fused is written as `multiply_add`; nothing else may be, or bits would depend on how
// the compiler reads an expression.
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#define RK_UNROLL _Pragma("clang loop unroll(full)")
#else
#pragma GCC optimize("no-math-errno,fp-contract=off")
#define RK_UNROLL _Pragma("GCC unroll 32")
#endif

#if defined(__has_builtin)
#if __has_builtin(__builtin_elementwise_fma) && __has_builtin(__builtin_elementwise_sqrt)
#define RK_ELEMENTWISE 1
#endif
#endif

#define RK_INLINE static inline __attribute__((always_inline, unused))

typedef float vec __attribute__((vector_size(4 * RK_LANES)));
typedef int32_t ivec __attribute__((vector_size(4 * RK_LANES)));
typedef uint32_t uvec __attribute__((vector_size(4 * RK_LANES)));
typedef float loose_vec __attribute__((vector_size(4 * RK_LANES), aligned(4), may_alias));

// MARK: - Memory

RK_INLINE vec splat(float x) { return x - (vec){0}; }

/// RK_LANES floats, at any float's address.
RK_INLINE vec load(const float *p) { return *(const loose_vec *)p; }
RK_INLINE void store(float *p, vec x) { *(loose_vec *)p = x; }

/// The first `count` < RK_LANES floats, then zeros. Nothing beyond them is touched.
RK_INLINE vec load_part(const float *p, int count) {
#if defined(RK_LOAD_PART)
  return RK_LOAD_PART(p, count);
#else
  float x[RK_LANES] = {0};
  for (int i = 0; i < count; i++) x[i] = p[i];
  return load(x);
#endif
}
RK_INLINE void store_part(float *p, int count, vec x) {
#if defined(RK_STORE_PART)
  RK_STORE_PART(p, count, x);
#else
  for (int i = 0; i < count; i++) p[i] = x[i];
#endif
}

RK_INLINE void copy_units(float *to, const float *from, int count) {
  int u = 0;
  for (; u + RK_LANES <= count; u += RK_LANES) store(to + u, load(from + u));
  if (u < count) store_part(to + u, count - u, load_part(from + u, count - u));
}

// MARK: - Choice

RK_INLINE vec choose(ivec mask, vec yes, vec no) {
  return (vec)((mask & (ivec)yes) | (~mask & (ivec)no));
}

/// The smaller and the larger; `x` where it is NaN, whatever the limit.
RK_INLINE vec at_most(vec x, float limit) { return choose(x > limit, splat(limit), x); }
RK_INLINE vec at_least(vec x, float limit) { return choose(x < limit, splat(limit), x); }

RK_INLINE vec absolute(vec x) { return (vec)((ivec)x & INT32_MAX); }
RK_INLINE ivec sign_bit(vec x) { return (ivec)x & INT32_MIN; }

// MARK: - Arithmetic

/// a * b + c, rounded once where the machine can.
RK_INLINE vec multiply_add(vec a, vec b, vec c) {
#if !RK_FUSED
  return a * b + c;
#elif defined(RK_ELEMENTWISE)
  return __builtin_elementwise_fma(a, b, c);
#else
  for (int i = 0; i < RK_LANES; i++) c[i] = __builtin_fmaf(a[i], b[i], c[i]);
  return c;
#endif
}

RK_INLINE vec square_root(vec x) {
#if defined(RK_ELEMENTWISE)
  return __builtin_elementwise_sqrt(x);
#else
  for (int i = 0; i < RK_LANES; i++) x[i] = __builtin_sqrtf(x[i]);
  return x;
#endif
}
