// Which instruction sets exist, which of them this CPU runs, and which one the user forces.
#pragma once

#include <string>
#include <vector>

namespace addersr::isa {

struct Isa {
  const char* name;
  bool supported;  // by this CPU and operating system
};

// All instruction sets that this binary was compiled for, widest first.
const std::vector<Isa>& All();

bool Supported(const char* name);

// The value of the environment variable ADDERSR_FORCE_ISA, read once; empty when unset. It names an
// instruction set, or a single kernel of one (avx2_max_fma).
const std::string& Forced();

// The instruction set that is forced: the named one, or that of the kernel that is named. Empty
// when none is forced, or when the name belongs to no instruction set.
std::string ForcedIsa();

// Empty, or the sentence to show when the forced instruction set is unknown or not supported here.
std::string ForcedError();

}  // namespace addersr::isa
