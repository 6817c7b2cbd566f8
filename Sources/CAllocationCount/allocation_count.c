#include "allocation_count.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

static atomic_int counting;
static atomic_llong allocations;

// Sanitizers have an allocator of their own that must not be passed by.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#if defined(__GLIBC__) && !defined(SANITIZED)

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static void count_one(void) {
  if (atomic_load_explicit(&counting, memory_order_relaxed)) {
    atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
  }
}

// Weak: in a static program the library's own take their place, instead of being there twice.
#define STANDS_IN __attribute__((weak, visibility("default")))

STANDS_IN void *malloc(size_t size) {
  count_one();
  return __libc_malloc(size);
}

STANDS_IN void *calloc(size_t count, size_t size) {
  count_one();
  return __libc_calloc(count, size);
}

STANDS_IN void *realloc(void *block, size_t size) {
  count_one();
  return __libc_realloc(block, size);
}

STANDS_IN void *aligned_alloc(size_t alignment, size_t size) {
  count_one();
  return __libc_memalign(alignment, size);
}

STANDS_IN int posix_memalign(void **block, size_t alignment, size_t size) {
  count_one();
  if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0) return EINVAL;
  void *memory = __libc_memalign(alignment, size);
  if (memory == NULL) return ENOMEM;
  *block = memory;
  return 0;
}

#endif

void allocation_count_start(void) {
  atomic_store(&allocations, 0);
  atomic_store(&counting, 1);
}

int64_t allocation_count_stop(void) {
  atomic_store(&counting, 0);
  return atomic_load(&allocations);
}

int32_t allocation_count_works(void) {
  // Volatile, or the compiler would see that nobody needs the memory.
  void *volatile block = NULL;
  allocation_count_start();
  block = malloc(1);
  int64_t seen = allocation_count_stop();
  free(block);
  return seen == 1;
}
