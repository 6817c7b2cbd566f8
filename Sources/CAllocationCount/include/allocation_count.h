// How often a program asks for memory: for `lstm bench`.
//
// A program that links this has functions `malloc`, `calloc`, `realloc`, `aligned_alloc` and
// `posix_memalign` of its own, which count, while they are told to, and hand on to those of the C
// library. That goes where there is a way to hand on, with the GNU C library linked dynamically;
// elsewhere `allocation_count_works` says no, and everything is as if this were not there.

#ifndef ALLOCATION_COUNT_H
#define ALLOCATION_COUNT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Whether allocations are seen: 1 or 0.
int32_t allocation_count_works(void);

/// From now on what any thread allocates counts.
void allocation_count_start(void);

/// Returns how many allocations there were since the start, and counts no more.
int64_t allocation_count_stop(void);

#ifdef __cplusplus
}
#endif
#endif
