// Counts what `operator new` hands out in this program, to show that kernels allocate nothing.
#pragma once

#include <cstdint>

namespace addersr::test {

// Allocations of the calling thread so far.
uint64_t Allocations();

}  // namespace addersr::test
