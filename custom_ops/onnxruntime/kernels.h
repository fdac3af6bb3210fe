// The kernels of all ops of the library together.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace addersr::ort {

struct KernelInfo {
  const char* isa;
  const char* name;
  bool supported;
  uint64_t calls;
};

std::vector<KernelInfo> AllKernels();

// Empty, or the sentence to show when ADDERSR_FORCE_ISA names nothing that this library can run
// here.
std::string ForcedError();

}  // namespace addersr::ort
