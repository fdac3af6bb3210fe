// The kernels of an op among which its dispatcher may choose.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "custom_ops/isa/isa.h"

namespace addersr::isa {

// Of the kernels that this CPU runs and for which fits(kernel) holds: the one that is forced; or
// those of the forced instruction set or, where it has none, of the next one below it that has; or,
// when nothing is forced, those of the two best instruction sets, since what comes after them is
// never the fastest and takes long to measure. Empty when ADDERSR_FORCE_ISA cannot be served. A
// Kernel has a `name` and an `isa`.
template <class Kernel, class Fits>
std::vector<const Kernel*> Candidates(const std::vector<const Kernel*>& all, const Fits& fits) {
  for (const Kernel* kernel : all) {
    if (Forced() == kernel->name && Supported(kernel->isa) && fits(*kernel)) return {kernel};
  }
  std::vector<const Kernel*> candidates;
  const std::string forced = ForcedIsa();
  bool reached = forced.empty();
  int isas_left = forced.empty() ? 2 : 1;
  for (const Isa& isa : All()) {
    reached = reached || forced == isa.name;
    if (!reached || !isa.supported || isas_left == 0) continue;
    const size_t before = candidates.size();
    for (const Kernel* kernel : all) {
      if (std::strcmp(kernel->isa, isa.name) == 0 && fits(*kernel)) candidates.push_back(kernel);
    }
    if (candidates.size() > before) --isas_left;
  }
  return candidates;
}

template <class Kernel>
std::vector<const Kernel*> Candidates(const std::vector<const Kernel*>& all) {
  return Candidates(all, [](const Kernel&) { return true; });
}

}  // namespace addersr::isa
