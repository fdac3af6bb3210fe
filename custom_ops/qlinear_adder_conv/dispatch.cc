// Chooses the kernel of a layer: the fastest for its shape of those that this CPU runs (or of the
// forced instruction set), by a short measurement. The widest vectors are not always fastest: an
// odd number of outputs may leave them half empty. Results are equal, so a wrong choice costs time
// only.
#include <algorithm>
#include <array>
#include <map>
#include <mutex>
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

// What the time of a row depends on, in one group; more than enough channels are cut off.
struct Shape {
  int64_t bits, channels, outputs, kernel_height, kernel_width;

  Shape(const Geometry& g, int bits_of_data)
      : bits(bits_of_data),
        channels(std::min<int64_t>(g.in_channels, 64)),
        outputs(std::min<int64_t>(g.out_channels, 64)),
        kernel_height(std::min<int64_t>(g.kernel_height, 7)),
        kernel_width(std::min<int64_t>(g.kernel_width, 7)) {}

  using Key = std::array<int64_t, 5>;
  Key key() const { return {bits, channels, outputs, kernel_height, kernel_width}; }
};

// One row of 48 pixels of such a layer.
template <class T>
const Kernel<T>* Fastest(const std::vector<const Kernel<T>*>& candidates, const Shape& shape) {
  if (candidates.size() < 2) return candidates.empty() ? nullptr : candidates.front();
  constexpr int64_t kPixels = 48, kWidest = 16;
  const int64_t channels = (shape.channels + kWidest - 1) / kWidest * kWidest;
  const int64_t outputs = (shape.outputs + kWidest - 1) / kWidest * kWidest;
  const int64_t columns = kPixels + shape.kernel_width - 1;
  const std::vector<T> x(static_cast<size_t>(shape.kernel_height * columns * channels), 1);
  const std::vector<T> panels(
      static_cast<size_t>(shape.kernel_height * shape.kernel_width * channels * outputs * 2), 1);
  const std::vector<int32_t> integers(static_cast<size_t>(std::max(kPixels, outputs)), 0);
  const std::vector<float> reals(static_cast<size_t>(outputs), 0.0F);
  std::vector<T> y(static_cast<size_t>(kPixels * outputs));
  requantization::Requantization<T> layer{};
  layer.offset = layer.z_zero_point = layer.r_zero_point = integers.data();
  layer.multiplier = layer.bias = layer.z_multiplier = layer.r_multiplier = reals.data();
  layer.high = 100;
  layer.bounded = true;
  layer.activation = requantization::Activation::kRamp;
  RowTask<T> task{};
  task.x = x.data();
  task.panels = panels.data();
  task.kernel_height = shape.kernel_height;
  task.kernel_width = 1;
  task.flush_steps = 32;
  task.layer = &layer;
  task.x_sums = integers.data();
  task.pixels = kPixels;
  task.outputs = task.pixel_outputs = shape.outputs;
  task.y = y.data();
  return candidates[isa::Fastest(candidates.size(), [&](size_t i) {
    const int64_t step = candidates[i]->channels;
    const int64_t padded = (shape.channels + step - 1) / step * step;
    task.pixel_step = padded;
    task.channels = padded * shape.kernel_width;
    task.segment = std::min(task.channels, task.flush_steps * step);
    task.tap_row_step = columns * padded;
    candidates[i]->row(task);
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
const Kernel<T>* SelectKernel(const Geometry& geometry, int bits, std::string* error) {
  *error = isa::ForcedError();
  if (!error->empty()) return nullptr;
  // Every shape is measured once. Immortal, since sessions may outlive static destructors.
  static auto& mutex = *new std::mutex;
  static auto& chosen = *new std::map<Shape::Key, const Kernel<T>*>;
  const Shape shape(geometry, bits);
  const std::lock_guard<std::mutex> lock(mutex);
  const Kernel<T>*& kernel = chosen[shape.key()];
  if (kernel == nullptr) {
    const auto fits = [bits](const Kernel<T>& one) { return bits <= one.bits; };
    kernel = Fastest(isa::Candidates(AllOf<T>(), fits), shape);
  }
  return kernel;
}

std::vector<KernelInfo> Kernels() {
  std::vector<KernelInfo> infos;
  AddInfos<uint8_t>(&infos);
  AddInfos<int16_t>(&infos);
  return infos;
}

template const Kernel<uint8_t>* SelectKernel(const Geometry&, int, std::string*);
template const Kernel<int16_t>* SelectKernel(const Geometry&, int, std::string*);

}  // namespace addersr::qlinear_adder_conv
