// Chooses the kernel of each type: the fastest of those that this CPU runs (or of the forced
// instruction set). Their results are equal, so a wrong choice costs time only.
#include <string>
#include <vector>

#include "custom_ops/isa/candidates.h"
#include "custom_ops/isa/fastest.h"
#include "custom_ops/qlinear_adder_conv/qlinear_adder_conv.h"

namespace addersr::qlinear_adder_conv {

#define ADDERSR_QLINEAR_KERNEL(type, isa, name) extern const Kernel<type> kernel_##name;
#include "custom_ops/qlinear_adder_conv/kernels.inc"
#undef ADDERSR_QLINEAR_KERNEL

namespace {

template <class T>
struct List {
  std::vector<const Kernel<T>*> kernels;

  void Add(const Kernel<T>& kernel) { kernels.push_back(&kernel); }
  template <class Other>
  void Add(const Other&) {}
};

template <class T>
const std::vector<const Kernel<T>*>& AllOf() {
  static const auto& all = *new std::vector<const Kernel<T>*>([] {
    List<T> list;
#define ADDERSR_QLINEAR_KERNEL(type, isa, name) list.Add(kernel_##name);
#include "custom_ops/qlinear_adder_conv/kernels.inc"
#undef ADDERSR_QLINEAR_KERNEL
    return list.kernels;
  }());
  return all;
}

// A row of 48 pixels, 32 -> 32 channels, 3x3.
template <class T>
const Kernel<T>* Fastest(const std::vector<const Kernel<T>*>& candidates) {
  if (candidates.size() < 2) return candidates.empty() ? nullptr : candidates.front();
  constexpr int64_t kChannels = 32, kPixels = 48, kWindow = kPixels + 2;
  const std::vector<T> values(9 * kChannels * kChannels, 1);  // of the filter and of the input
  const std::vector<int32_t> integers(kPixels, 0);
  const std::vector<float> reals(kChannels, 0.0F);
  static_assert(3 * kWindow * kChannels <= 9 * kChannels * kChannels);
  std::vector<T> y(kPixels * kChannels);
  requantization::Requantization<T> layer{};
  layer.offset = layer.z_zero_point = layer.r_zero_point = integers.data();
  layer.multiplier = layer.bias = layer.z_multiplier = layer.r_multiplier = reals.data();
  layer.high = 100;
  layer.bounded = true;
  layer.activation = requantization::Activation::kRamp;
  RowTask<T> task{};
  task.x = task.panels = values.data();
  task.pixel_step = task.tap_column_step = task.channels = kChannels;
  task.tap_row_step = kWindow * kChannels;
  task.kernel_height = task.kernel_width = 3;
  task.segment = kChannels;
  task.flush_steps = 16;
  task.layer = &layer;
  task.x_sums = integers.data();
  task.pixels = kPixels;
  task.outputs = task.pixel_outputs = kChannels;
  task.y = y.data();
  return candidates[isa::Fastest(candidates.size(), [&](size_t i) { candidates[i]->row(task); })];
}

template <class T>
void AddInfos(std::vector<KernelInfo>* infos) {
  for (const Kernel<T>* kernel : AllOf<T>()) {
    infos->push_back({kernel->isa, kernel->name, isa::Supported(kernel->isa),
                      kernel->calls->load(std::memory_order_relaxed)});
  }
}

}  // namespace

template <class T>
const Kernel<T>* SelectKernel(std::string* error) {
  *error = isa::ForcedError();
  if (!error->empty()) return nullptr;
  static const Kernel<T>* const chosen = Fastest(isa::Candidates(AllOf<T>()));
  return chosen;
}

std::vector<KernelInfo> Kernels() {
  std::vector<KernelInfo> infos;
  AddInfos<uint8_t>(&infos);
  AddInfos<int16_t>(&infos);
  return infos;
}

template const Kernel<uint8_t>* SelectKernel(std::string*);
template const Kernel<int16_t>* SelectKernel(std::string*);

}  // namespace addersr::qlinear_adder_conv
