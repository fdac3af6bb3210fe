// The kernels of an op among which its dispatcher may choose.
#pragma once

#include <vector>

#include "custom_ops/isa/isa.h"

namespace addersr::isa {

// Those that this CPU runs: all, those of the forced instruction set, or the one that is forced.
// Empty when ADDERSR_FORCE_ISA cannot be served. A Kernel has a `name` and an `isa`.
template <class Kernel>
std::vector<const Kernel*> Candidates(const std::vector<const Kernel*>& all) {
  std::vector<const Kernel*> candidates;
  const std::string forced = ForcedIsa();
  for (const Kernel* kernel : all) {
    if (!Supported(kernel->isa)) continue;
    if (Forced() == kernel->name) return {kernel};
    if (forced.empty() || forced == kernel->isa) candidates.push_back(kernel);
  }
  return candidates;
}

}  // namespace addersr::isa
