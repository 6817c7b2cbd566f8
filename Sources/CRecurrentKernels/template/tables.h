// The tables that the files in `isa/` define, and which of them this build has.

#ifndef RK_TABLES_H
#define RK_TABLES_H

#include "recurrent_kernels.h"

#if defined(__x86_64__)
#define RK_HAS_X86 1
extern const rk_table rk_table_avx2, rk_table_avx512;
extern const rk_table rk_table_avx2_rounded, rk_table_avx512_rounded, rk_table_avx512_dots;
// Linux is asked for the use of AMX; other systems have no CPU with it.
#if defined(__linux__)
#define RK_HAS_AMX 1
extern const rk_table rk_table_avx512_tiles, rk_table_avx512_split;
#endif
#elif defined(__aarch64__) && defined(__ARM_NEON)
#define RK_HAS_NEON 1
extern const rk_table rk_table_neon, rk_table_neon_rounded;
#endif

extern const rk_table rk_table_generic, rk_table_generic_rounded;

#endif
