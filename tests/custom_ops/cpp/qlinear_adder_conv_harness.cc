#include "qlinear_adder_conv_harness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "allocations.h"
#include "custom_ops/isa/isa.h"
#include "custom_ops/requantization/range.h"
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
using requantization::Requantization;

constexpr int kFraction = 3;

template <class T>
void Append(const Kernel<T>& kernel, std::vector<const Kernel<T>*>* list) {
  if (isa::Supported(kernel.isa)) list->push_back(&kernel);
}
template <class T, class Other>
void Append(const Kernel<Other>&, std::vector<const Kernel<T>*>*) {}

// The specification for one output, in plain scalar C++.
template <class T>
double Requantize(const QLinearProblem<T>& p, double sum, int64_t o, int32_t z, int32_t r) {
  const auto of = [o](const auto& values) { return values[values.size() == 1 ? 0 : o]; };
  float f = static_cast<float>(of(p.offset) - static_cast<int32_t>(sum)) * of(p.multiplier);
  f = f + of(p.bias);
  f = f + static_cast<float>(z - of(p.z_zero_point)) * of(p.z_multiplier);
  f = std::min(std::max(f, 0.0F), static_cast<float>(p.table_size - 1));
  const auto t = static_cast<int64_t>(std::nearbyint(f));
  const int64_t rows = static_cast<int64_t>(p.table.size()) / p.table_size;
  const int32_t u = p.table[static_cast<size_t>((rows == 1 ? 0 : o) * p.table_size + t)];
  const float a = static_cast<float>(r - of(p.r_zero_point)) * of(p.r_multiplier);
  const auto added = static_cast<int32_t>(std::nearbyint(a));
  const auto range = requantization::DataRange<T>(p.kind.bits);
  const int32_t y = (u + added + (1 << (kFraction - 1))) >> kFraction;
  return std::min(std::max(y, range.low), range.high);
}

// A copy of `count` values at `from` at a guard page.
template <class V>
GuardedBuffer<V> Guard(const V* from, int64_t count, Side side) {
  return GuardedBuffer<V>(std::vector<V>(from, from + count), side);
}

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
QLinearProblem<T>::QLinearProblem(const ConvolutionCase& one, const QLinearKind& of, uint32_t seed)
    : geometry(one.geometry()), kind(of) {
  const Geometry& g = geometry;
  std::mt19937 random(seed);
  const auto range = requantization::DataRange<T>(kind.bits);
  const auto data = [&](int64_t count) {
    std::vector<T> values(static_cast<size_t>(count));
    for (T& value : values) value = static_cast<T>(Uniform(&random, range.low, range.high));
    return values;
  };
  const auto real = [&](int64_t count, double low, double high) {
    std::vector<float> values(static_cast<size_t>(count));
    for (float& value : values) {
      value = static_cast<float>(low + (high - low) * static_cast<double>(random()) /
                                           static_cast<double>(std::mt19937::max()));
    }
    return values;
  };
  const int64_t outputs = g.groups * g.out_channels, channels = g.groups * g.in_channels;
  const int64_t pixels = g.batch * g.out_height * g.out_width;
  const int64_t each = kind.per_channel ? outputs : 1;
  x = data(g.batch * g.in_height * g.in_width * channels);
  w = data(outputs * g.taps());
  z = data(kind.residuals ? pixels * outputs : 1);
  r = data(kind.residuals ? pixels * outputs : 1);
  x_zero_point = data(kind.per_channel ? channels : 1);
  z_zero_point = data(each);
  r_zero_point = data(each);
  const double span = range.high - range.low, taps = static_cast<double>(g.taps());
  table_size = std::min<int64_t>(4096, static_cast<int64_t>(span + 1) << kFraction);
  offset.assign(static_cast<size_t>(each), static_cast<int32_t>(taps * span / 3));
  const double step = static_cast<double>(table_size) / (1.5 * span * std::sqrt(taps));
  multiplier = real(each, -step, step);
  bias = real(each, 0.4 * static_cast<double>(table_size), 0.6 * static_cast<double>(table_size));
  z_multiplier = real(each, -2.0, 2.0);
  r_multiplier = real(each, -3.0, 3.0);
  const int64_t rows = kind.lookup ? each : 1;
  table.resize(static_cast<size_t>(rows * table_size));
  for (size_t i = 0; i < table.size(); ++i) {
    const auto t = static_cast<int32_t>(static_cast<int64_t>(i) % table_size);
    const int32_t low = range.low * (1 << kFraction);
    table[i] = static_cast<int16_t>(kind.lookup ? low + Uniform(&random, 0, table_size - 1)
                                                : std::max(low + t, low + 100));
  }

  // Sums over centred values, whose padding is zero, channels first as the reference wants them.
  std::vector<int32_t> centred_x(x.size()), centred_w(w.size());
  const auto zero = [&](int64_t c) { return x_zero_point[x_zero_point.size() == 1 ? 0 : c]; };
  for (size_t i = 0; i < x.size(); ++i) {
    const auto at = static_cast<int64_t>(i);
    const int64_t c = at % channels, pixel = at / channels, plane = g.in_height * g.in_width;
    centred_x[static_cast<size_t>((pixel / plane * channels + c) * plane + pixel % plane)] =
        x[i] - zero(c);
  }
  for (size_t i = 0; i < w.size(); ++i) {
    const auto at = static_cast<int64_t>(i);
    const int64_t window = g.kernel_height * g.kernel_width;
    const int64_t group = at / g.taps() / g.out_channels;
    centred_w[i] = w[i] - zero(group * g.in_channels + at / window % g.in_channels);
  }
  const std::vector<double> sums =
      SumOverTaps(g, centred_x.data(), centred_w.data(), 0,
                  [](double value, double weight) { return std::abs(value - weight); });
  truth.resize(sums.size());
  for (size_t i = 0; i < truth.size(); ++i) {
    const auto at = static_cast<int64_t>(i);
    const int64_t o = at % outputs, pixel = at / outputs, plane = g.out_height * g.out_width;
    const double sum =
        sums[static_cast<size_t>((pixel / plane * outputs + o) * plane + pixel % plane)];
    truth[i] = Requantize(*this, sum, o, z[kind.residuals ? i : 0], r[kind.residuals ? i : 0]);
  }
}

template <class T>
qlinear_adder_conv::Parameters<T> QLinearProblem<T>::Parameters() const {
  const auto values = [](const auto& of) {
    using Value = typename std::decay_t<decltype(of)>::value_type;
    return requantization::Values<Value>{of.data(), static_cast<int64_t>(of.size())};
  };
  return {{kind.bits, kFraction, values(offset), values(multiplier), values(bias),
           values(z_zero_point), values(z_multiplier), values(r_zero_point), values(r_multiplier),
           table.data(), static_cast<int64_t>(table.size()) / table_size, table_size},
          w.data(),
          values(x_zero_point)};
}

template <class T>
std::vector<T> QLinearProblem<T>::Run(const Kernel<T>& kernel, Side side, Missing missing) const {
  const Geometry& g = geometry;
  EXPECT_EQ(qlinear_adder_conv::Check(g, Parameters()), "");
  const qlinear_adder_conv::PackedLayer<T> layer(kernel, g, Parameters(), true);
  const GuardedBuffer<T> guarded_x(x, side, missing.x), guarded_z(z, side, missing.z);
  const GuardedBuffer<T> guarded_r(r, side, missing.r);
  GuardedBuffer<T> y(truth.size() - missing.y, side);
  GuardedBuffer<char> scratch(qlinear_adder_conv::ScratchBytes(g, kernel) - missing.scratch, side);
  const qlinear_adder_conv::Job<T> job{&g,
                                       &layer,
                                       guarded_x.data(),
                                       guarded_z.data(),
                                       guarded_r.data(),
                                       !kind.residuals,
                                       !kind.residuals,
                                       y.data()};
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
  const Geometry& g = geometry;
  const qlinear_adder_conv::PackedLayer<T> layer(kernel, g, Parameters(), kind.residuals);
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

  Requantization<T> q = layer.requantization();
  const GuardedBuffer<int32_t> offsets = Guard(q.offset, padded, side);
  const GuardedBuffer<float> multipliers = Guard(q.multiplier, padded, side);
  const GuardedBuffer<float> biases = Guard(q.bias, padded, side);
  const GuardedBuffer<T> lookups =
      Guard(q.outputs, q.outputs == nullptr ? 0 : static_cast<int64_t>(table.size()), side);
  q.offset = offsets.data();
  q.multiplier = multipliers.data();
  q.bias = biases.data();
  if (q.outputs != nullptr) q.outputs = lookups.data();

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
  task.layer = &q;
  task.panels = panels.data();
  task.x_sums = x_sums.data();
  task.pixels = pixels;
  task.outputs = task.pixel_outputs = outputs;
  if (kind.residuals) task.z = task.r = residual.data();
  task.y = y.data();
  kernel.row(task);
  return {y.begin(), y.end()};
}

template std::vector<const Kernel<uint8_t>*> SupportedQLinearKernels();
template std::vector<const Kernel<int16_t>*> SupportedQLinearKernels();
template struct QLinearProblem<uint8_t>;
template struct QLinearProblem<int16_t>;

}  // namespace addersr::test
