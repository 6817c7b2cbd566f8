// Counts what a thread asks of malloc, for tests that nothing is.

#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

/// How often the calling thread has asked for memory so far; -1 where that is not counted: anywhere
/// but with the GNU C library, and under a sanitizer, which has a malloc of its own.
long allocations_of_this_thread(void);

#endif
