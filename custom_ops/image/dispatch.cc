// Chooses the kernel: the fastest of those that this CPU runs (or of the forced instruction set).
// Their results are equal, so a wrong choice costs time only.
#include "custom_ops/image/image.h"
#include "custom_ops/isa/candidates.h"
#include "custom_ops/isa/fastest.h"

namespace addersr::image {

#define ADDERSR_IMAGE_KERNEL(isa, name) extern const Kernel kernel_##name;
#include "custom_ops/image/kernels.inc"
#undef ADDERSR_IMAGE_KERNEL

namespace {

const std::vector<const Kernel*>& All() {
  static const auto& all = *new std::vector<const Kernel*>{
#define ADDERSR_IMAGE_KERNEL(isa, name) &kernel_##name,
#include "custom_ops/image/kernels.inc"
#undef ADDERSR_IMAGE_KERNEL
  };
  return all;
}

// By a part of a row: most of a call's time goes into these two functions.
const Kernel* Fastest(const std::vector<const Kernel*>& candidates) {
  if (candidates.size() < 2) return candidates.empty() ? nullptr : candidates.front();
  constexpr size_t kPixels = 1024;
  const std::vector<int32_t> pairs(kPixels);
  std::vector<int32_t> filtered(kPixels);
  const int32_t* const arrays[kTaps] = {pairs.data(), pairs.data(), pairs.data(), pairs.data(),
                                        pairs.data()};
  const int16_t weights[kTaps] = {};
  const std::vector<float> y(kPixels, 0.5F);
  std::vector<uint8_t> rgb(kPixels * 3);
  return candidates[isa::Fastest(candidates.size(), [&](size_t i) {
    candidates[i]->filter(arrays, weights, kPixels, filtered.data());
    candidates[i]->join(y.data(), filtered.data(), kPixels, rgb.data());
  })];
}

}  // namespace

const Kernel* SelectKernel(std::string* error) {
  *error = isa::ForcedError();
  if (!error->empty()) return nullptr;
  static const Kernel* const chosen = Fastest(isa::Candidates(All()));
  return chosen;
}

std::vector<KernelInfo> Kernels() {
  std::vector<KernelInfo> infos;
  for (const Kernel* kernel : All()) {
    infos.push_back({kernel->isa, kernel->name, isa::Supported(kernel->isa),
                     kernel->calls->load(std::memory_order_relaxed)});
  }
  return infos;
}

}  // namespace addersr::image
