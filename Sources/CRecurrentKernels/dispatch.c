// Which kernels this machine can run.
//
// There is no state here: the compiler's runtime asks the CPU once, before `main`, whether it has
// the instructions and the operating system saves their registers; we only read its answer.

#include "recurrent_kernels.h"
#include "template/tables.h"

#include <stdlib.h>
#include <string.h>

const rk_table *rk_kernels(rk_isa isa) {
  switch (isa) {
    case RK_GENERIC:
      return &rk_table_generic;
#if defined(RK_HAS_NEON)
    case RK_NEON:
      return &rk_table_neon;
#endif
#if defined(RK_HAS_X86)
    case RK_AVX2:
      __builtin_cpu_init();
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &rk_table_avx2
                                                                              : NULL;
    case RK_AVX512:
      __builtin_cpu_init();
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")
                     && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
                 ? &rk_table_avx512
                 : NULL;
#endif
    default:
      return NULL;
  }
}

const rk_table *rk_default_kernels(void) {
  static const struct {
    const char *name;
    rk_isa isa;
  } best_first[] = {
      {"avx512", RK_AVX512}, {"avx2", RK_AVX2}, {"neon", RK_NEON}, {"generic", RK_GENERIC}};
  const char *wanted = getenv("RECURRENT_ISA");
  int any = wanted == NULL || wanted[0] == '\0';
  for (size_t i = 0; i < sizeof best_first / sizeof best_first[0]; i++) {
    if (!any && strcmp(wanted, best_first[i].name) != 0) continue;
    const rk_table *table = rk_kernels(best_first[i].isa);
    if (table != NULL || !any) return table;
  }
  return NULL;
}

void rk_spin_hint(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}
