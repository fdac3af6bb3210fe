// Counts the allocations of everything that is linked into this program, on all threads.
#pragma once

#include <cstdint>

namespace addersr::test {

// Calls of operator new, malloc, calloc, realloc, aligned_alloc and posix_memalign so far.
int64_t AllocationsOfAll();

}  // namespace addersr::test
