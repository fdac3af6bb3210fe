// Chooses the kernel of each type of output: the fastest of those that this CPU runs (or of the
// forced instruction set). Their results are equal, so a wrong choice costs time only.
#include <algorithm>
#include <string>
#include <type_traits>
#include <vector>

#include "custom_ops/isa/candidates.h"
#include "custom_ops/isa/fastest.h"
#include "custom_ops/qlinear_fused_conv/qlinear_fused_conv.h"

namespace addersr::qlinear_fused_conv {

#define ADDERSR_CONV_KERNEL(type, isa, name) extern const Kernel<type> kernel_##name;
#include "custom_ops/qlinear_fused_conv/kernels.inc"
#undef ADDERSR_CONV_KERNEL

namespace {

template <class T>
const std::vector<const Kernel<T>*>& AllOf() {
  static const auto& all = *new std::vector<const Kernel<T>*>([] {
    std::vector<const Kernel<T>*> list;
    const auto add = [&list](const auto& kernel) {
      if constexpr (std::is_same_v<decltype(kernel), const Kernel<T>&>) list.push_back(&kernel);
    };
#define ADDERSR_CONV_KERNEL(type, isa, name) add(kernel_##name);
#include "custom_ops/qlinear_fused_conv/kernels.inc"
#undef ADDERSR_CONV_KERNEL
    return list;
  }());
  return all;
}

// A tail: a row of 48 pixels, 16 -> 4 channels, 3x3.
template <class T>
const Kernel<T>* Fastest(const std::vector<const Kernel<T>*>& candidates) {
  if (candidates.size() < 2) return candidates.empty() ? nullptr : candidates.front();
  constexpr int64_t kChannels = 16, kOutputs = 4, kPixels = 48;
  Geometry g{};
  g.batch = g.groups = 1;
  g.in_channels = kChannels;
  g.out_channels = kOutputs;
  g.in_height = g.in_width = kPixels;
  g.out_height = 1;
  g.out_width = kPixels;
  g.kernel_height = g.kernel_width = 3;
  g.stride_height = g.stride_width = g.dilation_height = g.dilation_width = 1;
  const std::vector<int16_t> w(static_cast<size_t>(kOutputs * g.taps()), 1);
  const T zero = 0;
  const int32_t offset = 0;
  const float factor = 0.0F;
  const int16_t table[2] = {0, 1};
  const Parameters<T, T> parameters{{8,
                                     0,
                                     {&offset, 1},
                                     {&factor, 1},
                                     {&factor, 1},
                                     {&zero, 1},
                                     {&factor, 1},
                                     {&zero, 1},
                                     {&factor, 1},
                                     table,
                                     1,
                                     2},
                                    8,
                                    w.data(),
                                    {&zero, 1}};
  const std::vector<T> x(static_cast<size_t>(kPixels * kPixels * kChannels), 1);
  std::vector<T> y(static_cast<size_t>(kPixels * kOutputs));
  std::vector<PackedLayer<T>> layers;
  size_t scratch_bytes = 0;
  for (const Kernel<T>* kernel : candidates) {
    layers.emplace_back(*kernel, g, parameters, false);
    scratch_bytes = std::max(scratch_bytes, ScratchBytes(g, *kernel));
  }
  struct alignas(64) Line {
    char bytes[64];
  };
  std::vector<Line> scratch(scratch_bytes / sizeof(Line) + 1);
  return candidates[isa::Fastest(candidates.size(), [&](size_t i) {
    RunItem(Job<T, T>{&g, &layers[i], x.data(), &zero, &zero, true, true, y.data()}, 0,
            scratch.data());
  })];
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

}  // namespace addersr::qlinear_fused_conv
