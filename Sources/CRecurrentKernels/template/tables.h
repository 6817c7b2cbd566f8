// The tables that the files in `isa/` define, and which of them this build has.

#ifndef RK_TABLES_H
#define RK_TABLES_H

#include "recurrent_kernels.h"

#if defined(__x86_64__)
#define RK_HAS_X86 1
extern const rk_table rk_table_avx2, rk_table_avx512;
#elif defined(__aarch64__) && defined(__ARM_NEON)
#define RK_HAS_NEON 1
extern const rk_table rk_table_neon;
#endif

extern const rk_table rk_table_generic;

#endif
