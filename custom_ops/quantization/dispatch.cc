// Chooses the kernel: the fastest of those that this CPU runs (or of the forced instruction set).
// Their results are equal, so a wrong choice costs time only.
#include "custom_ops/isa/candidates.h"
#include "custom_ops/isa/fastest.h"
#include "custom_ops/quantization/quantization.h"

namespace addersr::quantization {

#define ADDERSR_QUANTIZATION_KERNEL(isa, name) extern const Kernel kernel_##name;
#include "custom_ops/quantization/kernels.inc"
#undef ADDERSR_QUANTIZATION_KERNEL

namespace {

const std::vector<const Kernel*>& All() {
  static const auto& all = *new std::vector<const Kernel*>{
#define ADDERSR_QUANTIZATION_KERNEL(isa, name) &kernel_##name,
#include "custom_ops/quantization/kernels.inc"
#undef ADDERSR_QUANTIZATION_KERNEL
  };
  return all;
}

// By a row of an image that becomes uint8.
const Kernel* Fastest(const std::vector<const Kernel*>& candidates) {
  if (candidates.size() < 2) return candidates.empty() ? nullptr : candidates.front();
  constexpr size_t kPixels = 4096;
  const std::vector<float> x(kPixels, 0.5F);
  std::vector<uint8_t> y(kPixels);
  const float multiplier[kMostLanes] = {}, least[kMostLanes] = {}, most[kMostLanes] = {};
  const int32_t zero_point[kMostLanes] = {};
  const Pattern pattern{1, multiplier, zero_point, zero_point, least, most, 0, 255};
  return candidates[isa::Fastest(candidates.size(), [&](size_t i) {
    candidates[i]->quantize_uint8(x.data(), kPixels, pattern, y.data());
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

}  // namespace addersr::quantization
