// The kernel of an op for a given instruction set, where not every one has a kernel.
#pragma once

#include <cstring>

#include "custom_ops/isa/isa.h"

namespace addersr::isa {

// Of `kernels`, the one of the instruction set `wanted`, or of the widest below it that this CPU
// runs; the last of the list, which runs everywhere, if there is none. A Kernel has an `isa`.
template <class Kernel, size_t kCount>
const Kernel& AtOrBelow(const Kernel* const (&kernels)[kCount], const char* wanted) {
  bool reached = false;
  for (const Isa& candidate : All()) {
    reached = reached || std::strcmp(candidate.name, wanted) == 0;
    if (!reached || !candidate.supported) continue;
    for (const Kernel* kernel : kernels) {
      if (std::strcmp(kernel->isa, candidate.name) == 0) return *kernel;
    }
  }
  return *kernels[kCount - 1];
}

}  // namespace addersr::isa
