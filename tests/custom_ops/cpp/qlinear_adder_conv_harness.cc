#include "qlinear_adder_conv_harness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "allocations.h"
#include "custom_ops/isa/isa.h"
#include "reference.h"

namespace addersr::qlinear_adder_conv {
#define ADDERSR_QLINEAR_KERNEL(type, isa, name) extern const Kernel<type> kernel_##name;
#include "custom_ops/qlinear_adder_conv/kernels.inc"
#undef ADDERSR_QLINEAR_KERNEL
}  // namespace addersr::qlinear_adder_conv

namespace addersr::test {
namespace {

using convolution::Geometry;
using qlinear_adder_conv::Kernel;
using qlinear_adder_conv::RowTask;

template <class T>
void Append(const Kernel<T>& kernel, std::vector<const Kernel<T>*>* list) {
  if (isa::Supported(kernel.isa)) list->push_back(&kernel);
}
template <class T, class Other>
void Append(const Kernel<Other>&, std::vector<const Kernel<T>*>*) {}

}  // namespace

template <class T>
std::vector<const Kernel<T>*> SupportedQLinearKernels() {
  std::vector<const Kernel<T>*> list;
#define ADDERSR_QLINEAR_KERNEL(type, isa, name) Append<T>(qlinear_adder_conv::kernel_##name, &list);
#include "custom_ops/qlinear_adder_conv/kernels.inc"
#undef ADDERSR_QLINEAR_KERNEL
  return list;
}

template <class T>
QLinearProblem<T>::QLinearProblem(const ConvolutionCase& one, const RequantizationKind& kind,
                                  uint32_t seed)
    // Sums of differences between two uniform values of a range of 2^bits.
    : RequantizationProblem<T>(one.geometry(), kind,
                               static_cast<double>(one.geometry().taps() << kind.bits) / 3,
                               0.24 * std::sqrt(one.geometry().taps()) * (1 << kind.bits), seed) {
  const Geometry& g = this->geometry;
  const int64_t outputs = g.groups * g.out_channels, channels = g.groups * g.in_channels;
  x = RandomData<T>(&this->random, kind.bits, g.batch * g.in_height * g.in_width * channels);
  w = RandomData<T>(&this->random, kind.bits, outputs * g.taps());
  x_zero_point = RandomData<T>(&this->random, kind.bits, kind.per_channel ? channels : 1);

  // Over centred values, whose padding is zero.
  std::vector<int32_t> centred_w(w.size());
  for (size_t i = 0; i < w.size(); ++i) {
    const auto at = static_cast<int64_t>(i);
    const int64_t window = g.kernel_height * g.kernel_width;
    const int64_t group = at / g.taps() / g.out_channels;
    centred_w[i] = w[i] - Of(x_zero_point, group * g.in_channels + at / window % g.in_channels);
  }
  this->SetTruth(SumOverTaps(g, CentredChannelsFirst(g, x, x_zero_point).data(), centred_w.data(),
                             0, [](double a, double b) { return -std::abs(a - b); }));
}

template <class T>
qlinear_adder_conv::Parameters<T> QLinearProblem<T>::Parameters() const {
  return {RequantizationProblem<T>::Parameters(), w.data(), ValuesOf(x_zero_point)};
}

template <class T>
std::vector<T> QLinearProblem<T>::Run(const Kernel<T>& kernel, Side side, Missing missing) const {
  const Geometry& g = this->geometry;
  EXPECT_EQ(qlinear_adder_conv::Check(g, Parameters()), "");
  const qlinear_adder_conv::PackedLayer<T> layer(kernel, g, Parameters(), this->adds());
  const GuardedBuffer<T> guarded_x(x, side, missing.x), guarded_z(this->z, side, missing.z);
  const GuardedBuffer<T> guarded_r(this->r, side, missing.r);
  GuardedBuffer<T> y(this->truth.size() - missing.y, side);
  GuardedBuffer<char> scratch(qlinear_adder_conv::ScratchBytes(g, kernel) - missing.scratch, side);
  const bool one = !this->has_tensors();
  const qlinear_adder_conv::Job<T> job{
      &g, &layer, guarded_x.data(), guarded_z.data(), guarded_r.data(), one, one, y.data()};
  const int64_t items = qlinear_adder_conv::ItemCount(g);
  const uint64_t before = Allocations();
  for (int64_t i = 0; i < items; ++i) {
    qlinear_adder_conv::RunItem(job, side == Side::kEnd ? i : items - 1 - i, scratch.data());
  }
  EXPECT_EQ(Allocations(), before) << kernel.name << " allocates";
  return {y.begin(), y.end()};
}

template <class T>
std::vector<T> QLinearProblem<T>::RunRow(const Kernel<T>& kernel, Side side,
                                         size_t missing_panels) const {
  const Geometry& g = this->geometry;
  const qlinear_adder_conv::PackedLayer<T> layer(kernel, g, Parameters(), this->adds());
  const int64_t padded = layer.padded_outputs(), channels = layer.padded_channels();
  const int64_t outputs = g.out_channels, pixels = g.out_width;
  const int64_t taps = channels * g.kernel_height * g.kernel_width;
  std::vector<T> window(static_cast<size_t>(WindowRows(g, 1) * WindowColumns(g) * channels));
  for (size_t i = 0; i < window.size(); ++i) window[i] = w[i % w.size()];
  const GuardedBuffer<T> guarded_window(window, side);
  const GuardedBuffer<T> panels =
      Guard(layer.panels(0), padded * taps - static_cast<int64_t>(missing_panels), side);
  const GuardedBuffer<T> residual(std::vector<T>(static_cast<size_t>(pixels * outputs), w[0]),
                                  side);
  const GuardedBuffer<int32_t> x_sums(std::vector<int32_t>(static_cast<size_t>(pixels), 77), side);
  GuardedBuffer<T> y(static_cast<size_t>(pixels * outputs), side);

  const GuardedConstants<T> guarded(layer.requantization(), padded,
                                    static_cast<int64_t>(this->table.size()), side);

  RowTask<T> task{};
  task.x = guarded_window.data();
  task.pixel_step = g.stride_width * channels;
  task.tap_row_step = g.dilation_height * WindowColumns(g) * channels;
  task.tap_column_step = g.dilation_width * channels;
  task.channels = task.segment = channels;
  task.flush_steps = layer.flush_steps();
  if (task.flush_steps > 0) {
    task.segment = std::min<int64_t>(channels, int64_t{task.flush_steps} * kernel.channels);
  }
  task.kernel_height = g.kernel_height;
  task.kernel_width = g.kernel_width;
  task.layer = &guarded.constants();
  task.panels = panels.data();
  task.x_sums = x_sums.data();
  task.pixels = pixels;
  task.outputs = task.pixel_outputs = outputs;
  if (this->has_tensors()) task.z = task.r = residual.data();
  task.y = y.data();
  kernel.row(task);
  return {y.begin(), y.end()};
}

template std::vector<const Kernel<uint8_t>*> SupportedQLinearKernels();
template std::vector<const Kernel<int16_t>*> SupportedQLinearKernels();
template struct QLinearProblem<uint8_t>;
template struct QLinearProblem<int16_t>;

}  // namespace addersr::test
