#include "qlinear_fused_conv_harness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "allocations.h"
#include "custom_ops/isa/isa.h"
#include "custom_ops/qlinear_fused_conv/runs.h"
#include "reference.h"

namespace addersr::qlinear_fused_conv {
#define ADDERSR_CONV_KERNEL(type, isa, name) extern const Kernel<type> kernel_##name;
#include "custom_ops/qlinear_fused_conv/kernels.inc"
#undef ADDERSR_CONV_KERNEL
}  // namespace addersr::qlinear_fused_conv

namespace addersr::test {
namespace {

using convolution::Geometry;
using qlinear_fused_conv::Kernel;
using qlinear_fused_conv::PackedLayer;
using qlinear_fused_conv::Panel;

template <class T>
void Append(const Kernel<T>& kernel, std::vector<const Kernel<T>*>* list) {
  if (isa::Supported(kernel.isa)) list->push_back(&kernel);
}
template <class T, class Other>
void Append(const Kernel<Other>&, std::vector<const Kernel<T>*>*) {}

// Weights so small that their sums stay below the limit, whatever their signs.
int64_t LargestWeight(int x_bits, int64_t taps) {
  const int64_t span = (int64_t{1} << x_bits) - 1;
  return std::min<int64_t>(300, (requantization::kMaxSum - 1) / (span * taps));
}

// Of sums of products of two uniform values.
double Deviation(int x_bits, int64_t taps) {
  return 0.24 * static_cast<double>(LargestWeight(x_bits, taps) << x_bits) *
         std::sqrt(static_cast<double>(taps));
}

}  // namespace

template <class T>
std::vector<const Kernel<T>*> SupportedConvKernels() {
  std::vector<const Kernel<T>*> list;
#define ADDERSR_CONV_KERNEL(type, isa, name) Append<T>(qlinear_fused_conv::kernel_##name, &list);
#include "custom_ops/qlinear_fused_conv/kernels.inc"
#undef ADDERSR_CONV_KERNEL
  return list;
}

template <class X, class T>
ConvProblem<X, T>::ConvProblem(const ConvolutionCase& one, const RequantizationKind& kind,
                               int bits_of_x, uint32_t seed)
    : RequantizationProblem<T>(one.geometry(), kind, 0.0,
                               Deviation(bits_of_x, one.geometry().taps()), seed),
      x_bits(bits_of_x) {
  const Geometry& g = this->geometry;
  const int64_t channels = g.groups * g.in_channels;
  const int64_t largest = LargestWeight(x_bits, g.taps());
  x = RandomData<X>(&this->random, x_bits, g.batch * g.in_height * g.in_width * channels);
  x_zero_point = RandomData<X>(&this->random, x_bits, kind.per_channel ? channels : 1);
  w.resize(static_cast<size_t>(g.groups * g.out_channels * g.taps()));
  for (int16_t& weight : w) {
    weight = static_cast<int16_t>(Uniform(&this->random, -largest, largest));
  }
  Solve();
}

template <class X, class T>
void ConvProblem<X, T>::Solve() {
  // Over centred values, whose padding is zero.
  const std::vector<int32_t> centred = CentredChannelsFirst(this->geometry, x, x_zero_point);
  const std::vector<int32_t> weights(w.begin(), w.end());
  this->SetTruth(SumOverTaps(this->geometry, centred.data(), weights.data(), 0,
                             [](double value, double weight) { return value * weight; }));
}

template <class X, class T>
qlinear_fused_conv::Parameters<X, T> ConvProblem<X, T>::Parameters() const {
  return {RequantizationProblem<T>::Parameters(), x_bits, w.data(), ValuesOf(x_zero_point)};
}

template <class X, class T>
std::vector<T> ConvProblem<X, T>::Run(const Kernel<T>& kernel, Side side, Missing missing) const {
  const Geometry& g = this->geometry;
  EXPECT_EQ(qlinear_fused_conv::Check(g, Parameters()), "");
  const PackedLayer<T> layer(kernel, g, Parameters(), this->adds());
  const GuardedBuffer<X> guarded_x(x, side, missing.x);
  const GuardedBuffer<T> guarded_z(this->z, side, missing.z);
  const GuardedBuffer<T> guarded_r(this->r, side, missing.r);
  GuardedBuffer<T> y(this->truth.size() - missing.y, side);
  GuardedBuffer<char> scratch(qlinear_fused_conv::ScratchBytes(g, kernel) - missing.scratch, side);
  const bool one = !this->has_tensors();
  const qlinear_fused_conv::Job<X, T> job{
      &g, &layer, guarded_x.data(), guarded_z.data(), guarded_r.data(), one, one, y.data()};
  const int64_t items = qlinear_fused_conv::ItemCount(g);
  const uint64_t before = Allocations();
  for (int64_t i = 0; i < items; ++i) {
    qlinear_fused_conv::RunItem(job, side == Side::kEnd ? i : items - 1 - i, scratch.data());
  }
  EXPECT_EQ(Allocations(), before) << kernel.name << " allocates";
  return {y.begin(), y.end()};
}

template <class X, class T>
std::vector<T> ConvProblem<X, T>::RunRow(const Kernel<T>& kernel, Side side,
                                         MissingInRow missing) const {
  const Geometry& g = this->geometry;
  const qlinear_fused_conv::Runs runs(g);
  const PackedLayer<T> layer(kernel, g, Parameters(), this->adds());
  const int64_t outputs = g.out_channels, pixels = g.out_width;

  // A kernel may read a run to the end of its last step, and what it finds there counts for
  // nothing: here it finds the largest value.
  int64_t beyond = 0, weights = 0;
  for (const Panel& panel : layer.panels()) {
    const int64_t step = int64_t{kernel.channels} * panel.spread;
    beyond = std::max(beyond, runs.steps(step) * step - runs.values);
    weights = panel.weights + runs.rows * runs.columns * runs.steps(step) * panel.groups *
                                  kernel.lanes * kernel.channels;
  }
  const int64_t values = WindowRows(g, 1) * WindowColumns(g) * g.in_channels;
  std::mt19937 same(7);
  const std::vector<X> inside = RandomData<X>(&same, x_bits, values);
  std::vector<int16_t> window(inside.begin(), inside.end());
  window.resize(window.size() + static_cast<size_t>(beyond), INT16_MAX);
  const GuardedBuffer<int16_t> guarded_window(window, side, missing.window);
  const GuardedBuffer<int16_t> guarded_weights =
      Guard(layer.weights(0), weights - static_cast<int64_t>(missing.weights), side);
  const GuardedBuffer<Panel> panels(layer.panels(), side, missing.panels);
  const GuardedBuffer<T> residual(std::vector<T>(static_cast<size_t>(pixels * outputs), this->z[0]),
                                  side);
  GuardedBuffer<T> y(static_cast<size_t>(pixels * outputs), side);
  const GuardedConstants<T> guarded(layer.requantization().constants(),
                                    layer.requantization().padded_outputs(),
                                    static_cast<int64_t>(this->table.size()), side);

  qlinear_fused_conv::RowTask<T> task{};
  task.x = guarded_window.data();
  task.pixel_step = g.stride_width * g.in_channels;
  task.tap_row_step = g.dilation_height * WindowColumns(g) * g.in_channels;
  task.tap_column_step = g.dilation_width * g.in_channels;
  task.run = runs.values;
  task.run_rows = runs.rows;
  task.run_columns = runs.columns;
  task.weights = guarded_weights.data();
  task.panels = panels.data();
  task.panel_count = static_cast<int64_t>(layer.panels().size());
  task.layer = &guarded.constants();
  task.pixels = pixels;
  task.outputs = task.pixel_outputs = outputs;
  if (this->has_tensors()) task.z = task.r = residual.data();
  task.y = y.data();
  kernel.row(task);
  return {y.begin(), y.end()};
}

template std::vector<const Kernel<uint8_t>*> SupportedConvKernels();
template std::vector<const Kernel<int16_t>*> SupportedConvKernels();
template struct ConvProblem<uint8_t, uint8_t>;
template struct ConvProblem<uint8_t, int16_t>;
template struct ConvProblem<int16_t, uint8_t>;
template struct ConvProblem<int16_t, int16_t>;

}  // namespace addersr::test
