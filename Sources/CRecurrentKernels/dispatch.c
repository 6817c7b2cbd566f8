// Which kernels this machine can run.
//
// There is no state here: the compiler's runtime asks the CPU once, before `main`, whether it has
// the instructions and the operating system saves their registers; we only read its answer.

#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include "recurrent_kernels.h"
#include "template/tables.h"

#if defined(RK_HAS_AMX)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

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

#if defined(RK_HAS_X86)

/// Whether the CPU adds products of bfloat16 pairs to vectors.
static int has_dots(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512bf16");
}

#if defined(RK_HAS_AMX)
/// Whether this process may multiply tiles of bfloat16: the CPU has the instructions, the system
/// saves the tiles, and it grants their use when it is asked. It may be asked any number of times.
static int has_tiles(void) {
  enum { AMX_BF16 = 1 << 22, AMX_TILE = 1 << 24, OSXSAVE = 1 << 27, TILE_STATE = 3 << 17 };
  enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 };  // ARCH_REQ_XCOMP_PERM
  unsigned eax, ebx, ecx, edx;
  if (!__get_cpuid_count(1, 0, &eax, &ebx, &ecx, &edx) || !(ecx & OSXSAVE)) return 0;
  if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) return 0;
  if ((edx & (AMX_BF16 | AMX_TILE)) != (AMX_BF16 | AMX_TILE)) return 0;
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  if ((low & TILE_STATE) != TILE_STATE) return 0;
  // The first palette: bytes of a row in EBX's lower half, tiles in its upper, rows in ECX's lower.
  if (!__get_cpuid_count(0x1d, 1, &eax, &ebx, &ecx, &edx)) return 0;
  if ((ebx & 0xffff) < 64 || ebx >> 16 < 8 || (ecx & 0xffff) < 16) return 0;
  return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}
#endif

#endif

const rk_table *rk_kernels_for(rk_isa isa, rk_precision precision) {
  const rk_table *plain = rk_kernels(isa);
  if (plain == NULL || precision == RK_FLOAT32) return plain;
  switch (isa) {
#if defined(RK_HAS_X86)
    case RK_AVX512:
#if defined(RK_HAS_AMX)
      if (has_tiles()) {
        return precision == RK_HIGH ? &rk_table_avx512_split : &rk_table_avx512_tiles;
      }
#endif
      if (precision == RK_HIGH) return plain;
      return has_dots() ? &rk_table_avx512_dots : &rk_table_avx512_rounded;
    case RK_AVX2:
      return precision == RK_HIGH ? plain : &rk_table_avx2_rounded;
#endif
#if defined(RK_HAS_NEON)
    case RK_NEON:
      return precision == RK_HIGH ? plain : &rk_table_neon_rounded;
#endif
    default:
      return precision == RK_HIGH ? plain : &rk_table_generic_rounded;
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
