// Chooses the kernel: the best instruction set that this CPU runs (or the forced one), and within
// it the fastest form. The forms' results are equal, so a wrong choice costs time, never accuracy.
#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>

#include "custom_ops/adder_conv/adder_conv.h"
#include "custom_ops/adder_conv/kernel.h"
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

// Seconds of the fastest of a few runs over a row of 60 pixels, 16 -> 16 channels, 3x3.
double Time(const Kernel& kernel) {
  constexpr int64_t kChannels = 16;
  constexpr int64_t kPixels = 60;
  constexpr int64_t kWindow = kPixels + 2;
  const std::vector<float> x(3 * kWindow * kChannels, 0.5F);
  const std::vector<float> panels(9 * kChannels * kChannels, 0.25F);
  const std::vector<float> offsets(kChannels, 0.0F);
  const std::vector<float> x_sums(kPixels, 0.0F);
  std::vector<float> y(kPixels * kChannels);
  RowTask task{};
  task.x = x.data();
  task.pixel_step = task.tap_column_step = task.channels = kChannels;
  task.tap_row_step = kWindow * kChannels;
  task.kernel_height = task.kernel_width = 3;
  task.panels = panels.data();
  task.offsets = offsets.data();
  task.x_sums = x_sums.data();
  task.pixels = kPixels;
  task.outputs = task.y_step = kChannels;
  task.y = y.data();
  double best = std::numeric_limits<double>::infinity();
  for (int run = 0; run < 15; ++run) {
    const auto start = std::chrono::steady_clock::now();
    kernel.row(task);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    best = std::min(best, elapsed.count());
  }
  return best;
}

const Kernel* Fastest(const std::string& isa) {
  std::vector<const Kernel*> forms;
  for (const Kernel* kernel : kKernels) {
    if (isa == kernel->isa) forms.push_back(kernel);
  }
  if (forms.size() < 2) return forms.empty() ? nullptr : forms.front();
  return *std::min_element(forms.begin(), forms.end(),
                           [](const Kernel* a, const Kernel* b) { return Time(*a) < Time(*b); });
}

// The kernel that ADDERSR_FORCE_ISA names itself, for tests and comparisons of forms.
const Kernel* ForcedForm() {
  for (const Kernel* kernel : kKernels) {
    if (isa::Forced() == kernel->name && isa::Supported(kernel->isa)) return kernel;
  }
  return nullptr;
}

const Kernel* Choose() {
  if (const Kernel* kernel = ForcedForm()) return kernel;
  if (!isa::Forced().empty()) return Fastest(isa::Forced());
  for (const isa::Isa& isa : isa::All()) {
    if (!isa.supported) continue;
    if (const Kernel* kernel = Fastest(isa.name)) return kernel;
  }
  return nullptr;
}

}  // namespace

const Kernel* SelectKernel(std::string* error) {
  *error = ForcedForm() != nullptr ? std::string() : isa::ForcedError();
  if (!error->empty()) return nullptr;
  static const Kernel* const chosen = Choose();
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

const char* KernelName(const Kernel& kernel) { return kernel.name; }
const char* KernelIsa(const Kernel& kernel) { return kernel.isa; }

}  // namespace addersr::adder_conv
