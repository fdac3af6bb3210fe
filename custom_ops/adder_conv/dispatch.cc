// Chooses the kernel: the fastest of those that this CPU runs (or of the forced instruction set),
// by a short measurement. The widest vectors are not always fastest: a Zen 4 runs AVX-512 in two
// halves. The kernels' results are equal, so a wrong choice costs time, never accuracy.
#include <iterator>
#include <vector>

#include "custom_ops/adder_conv/adder_conv.h"
#include "custom_ops/adder_conv/kernel.h"
#include "custom_ops/isa/candidates.h"
#include "custom_ops/isa/fastest.h"
#include "custom_ops/isa/isa.h"

namespace addersr::adder_conv {

#define ADDERSR_KERNEL(isa, name) extern const Kernel kernel_##name;
#include "custom_ops/adder_conv/kernels.inc"
#undef ADDERSR_KERNEL

namespace {

const Kernel* const kKernels[] = {
#define ADDERSR_KERNEL(isa, name) &kernel_##name,
#include "custom_ops/adder_conv/kernels.inc"
#undef ADDERSR_KERNEL
};

// The candidate that is fastest over a row of 60 pixels, 32 -> 32 channels, 3x3.
const Kernel* Fastest(const std::vector<const Kernel*>& candidates) {
  if (candidates.size() < 2) return candidates.empty() ? nullptr : candidates.front();
  constexpr int64_t kChannels = 32;  // a whole panel of the widest kernel
  constexpr int64_t kPixels = 60;
  constexpr int64_t kWindow = kPixels + 2;
  const std::vector<float> x(3 * kWindow * kChannels, 0.5F);
  const std::vector<float> panels(9 * kChannels * kChannels, 0.25F);
  const std::vector<float> offsets(kChannels, 0.0F);
  const std::vector<float> x_sums(kPixels, 0.0F);
  std::vector<float> y(kPixels * kChannels);
  RowTask task{};
  const float* rows[3];
  for (int64_t row = 0; row < 3; ++row) rows[row] = x.data() + row * kWindow * kChannels;
  task.x = rows;
  task.pixel_step = task.tap_column_step = task.channels = kChannels;
  task.kernel_height = task.kernel_width = 3;
  task.panels = panels.data();
  task.offsets = offsets.data();
  task.x_sums = x_sums.data();
  task.pixels = kPixels;
  task.outputs = task.y_step = kChannels;
  task.y = y.data();
  return candidates[isa::Fastest(candidates.size(), [&](size_t i) { candidates[i]->row(task); })];
}

}  // namespace

const Kernel* SelectKernel(std::string* error) {
  *error = isa::ForcedError();
  if (!error->empty()) return nullptr;
  static const Kernel* const chosen = Fastest(
      isa::Candidates(std::vector<const Kernel*>(std::begin(kKernels), std::end(kKernels))));
  return chosen;
}

std::vector<KernelInfo> Kernels() {
  std::vector<KernelInfo> infos;
  for (const Kernel* kernel : kKernels) {
    infos.push_back({kernel->isa, kernel->name, isa::Supported(kernel->isa),
                     kernel->calls->load(std::memory_order_relaxed)});
  }
  return infos;
}

const char* KernelIsa(const Kernel& kernel) { return kernel.isa; }

}  // namespace addersr::adder_conv
