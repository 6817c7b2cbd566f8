// What Swift's own import of the C library does not show.

#if defined(__linux__)
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sched.h>
#endif
#include <unistd.h>

#include "recurrent_kernels.h"

int32_t rk_processor_count(void) {
#if defined(__linux__)
  cpu_set_t allowed;
  // Fails on machines of more processors than the set has bits for.
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0 && CPU_COUNT(&allowed) > 0) {
    return CPU_COUNT(&allowed);
  }
#endif
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (int32_t)online : 1;
}
