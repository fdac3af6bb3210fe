#include "adder_conv_harness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "allocations.h"
#include "custom_ops/isa/isa.h"
#include "reference.h"

namespace addersr::adder_conv {
#define ADDERSR_KERNEL(isa, name) extern const Kernel kernel_##name;
#include "custom_ops/adder_conv/kernels.inc"
#undef ADDERSR_KERNEL
}  // namespace addersr::adder_conv

namespace addersr::test {
namespace {

using adder_conv::Kernel;
using convolution::Geometry;

double MaxAbs(const std::vector<float>& values) {
  double largest = 0.0;
  for (const float value : values) largest = std::max(largest, std::abs(double{value}));
  return largest;
}

}  // namespace

std::vector<const Kernel*> SupportedKernels() {
  std::vector<const Kernel*> kernels;
#define ADDERSR_KERNEL(isa_name, name) \
  if (isa::Supported(#isa_name)) kernels.push_back(&adder_conv::kernel_##name);
#include "custom_ops/adder_conv/kernels.inc"
#undef ADDERSR_KERNEL
  return kernels;
}

AdderConvProblem::AdderConvProblem(const ConvolutionCase& one, uint32_t seed)
    : geometry(one.geometry()) {
  const Geometry& g = geometry;
  x.resize(static_cast<size_t>(one.x[0] * one.x[1] * one.x[2] * one.x[3]));
  w.resize(static_cast<size_t>(one.w[0] * one.w[1] * one.w[2] * one.w[3]));
  bias.resize(static_cast<size_t>(one.w[0]));
  std::mt19937 random(seed);
  FillUniform(&random, 2.0, &x);
  FillUniform(&random, 4.0, &w);  // wider than X, as in trained adder layers
  FillUniform(&random, 5.0, &bias);

  truth = SumOverTaps(g, x.data(), w.data(), 0.0F,
                      [](double value, double weight) { return -std::abs(value - weight); });
  const size_t plane = static_cast<size_t>(g.out_height * g.out_width);
  for (size_t i = 0; i < truth.size(); ++i) truth[i] += double{bias[i / plane % bias.size()]};

  const double taps = static_cast<double>(g.taps());
  tolerance = double{std::numeric_limits<float>::epsilon()} *
              (taps * (std::sqrt(taps) + 1.0) * (MaxAbs(x) + MaxAbs(w)) + 2.0 * MaxAbs(bias));
}

std::vector<float> AdderConvProblem::Run(const Kernel& kernel, Side side, Missing missing) const {
  const Geometry& g = geometry;
  const adder_conv::PackedFilter filter(kernel, g, GuardedBuffer<float>(w, side).data());
  const GuardedBuffer<float> guarded_x(x, side, missing.x);
  const GuardedBuffer<float> guarded_bias(bias, side, missing.bias);
  GuardedBuffer<float> y(truth.size() - missing.y, side);
  adder_conv::Job job{};
  job.geometry = &g;
  job.filter = &filter;
  job.layout = convolution::Layout::kChannelsFirst;
  job.x = guarded_x.data();
  job.bias = guarded_bias.data();
  job.y = y.data();
  GuardedBuffer<float> scratch(adder_conv::ScratchFloats(job) - missing.scratch, side);
  const int64_t items = adder_conv::ItemCount(g);
  const uint64_t before = Allocations();
  for (int64_t i = 0; i < items; ++i) {
    adder_conv::RunItem(job, side == Side::kEnd ? i : items - 1 - i, scratch.data());
  }
  EXPECT_EQ(Allocations(), before) << kernel.name << " allocates";
  return {y.begin(), y.end()};
}

std::vector<float> AdderConvProblem::RunRow(const Kernel& kernel, Side side,
                                            Missing missing) const {
  const Geometry& g = geometry;
  const int64_t rows = WindowRows(g, 1), columns = WindowColumns(g);
  const adder_conv::PackedFilter packed(kernel, g, w.data());
  const int64_t outputs = adder_conv::PaddedOutputs(kernel, g.out_channels);
  const float* panels = packed.panels(0);
  const GuardedBuffer<float> guarded_panels({panels, panels + outputs * g.taps()}, side,
                                            missing.panels);

  // The padded input that the row reads, channels last, and its sums per pixel of the output.
  std::vector<float> window(static_cast<size_t>(rows * columns * g.in_channels) - missing.x);
  for (size_t i = 0; i < window.size(); ++i) {
    const int64_t index = static_cast<int64_t>(i);
    const int64_t c = index % g.in_channels;
    const int64_t s = index / g.in_channels % columns - g.pad_left;
    const int64_t r = index / g.in_channels / columns - g.pad_top;
    const bool inside = r >= 0 && r < g.in_height && s >= 0 && s < g.in_width;
    window[i] = inside ? x[static_cast<size_t>((c * g.in_height + r) * g.in_width + s)] : 0.0F;
  }
  const GuardedBuffer<float> guarded_window(window, side);
  GuardedBuffer<float> x_sums(static_cast<size_t>(g.out_width), side);
  for (int64_t p = 0; p < g.out_width; ++p) {
    double sum = 0.0;
    for (int64_t i = 0; i < g.kernel_height; ++i) {
      for (int64_t j = 0; j < g.kernel_width; ++j) {
        const int64_t pixel =
            i * g.dilation_height * columns + p * g.stride_width + j * g.dilation_width;
        for (int64_t c = 0; c < g.in_channels; ++c) {
          const size_t at = static_cast<size_t>(pixel * g.in_channels + c);
          if (at < window.size()) sum += double{window[at]};
        }
      }
    }
    x_sums[static_cast<size_t>(p)] = static_cast<float>(sum);
  }
  GuardedBuffer<float> offsets(static_cast<size_t>(outputs), side);
  std::fill(offsets.begin(), offsets.end(), 0.0F);
  for (int64_t o = 0; o < g.out_channels; ++o) {
    offsets[static_cast<size_t>(o)] = bias[static_cast<size_t>(o)] + packed.sums(0)[o];
  }
  GuardedBuffer<float> y(static_cast<size_t>(g.out_width * outputs) - missing.y, side);

  adder_conv::RowTask task{};
  std::vector<const float*> row_starts;
  for (int64_t i = 0; i < g.kernel_height; ++i) {
    row_starts.push_back(guarded_window.data() + i * g.dilation_height * columns * g.in_channels);
  }
  const GuardedBuffer<const float*> guarded_starts(row_starts, side);
  task.x = guarded_starts.data();
  task.pixel_step = g.stride_width * g.in_channels;
  task.tap_column_step = g.dilation_width * g.in_channels;
  task.channels = g.in_channels;
  task.kernel_height = g.kernel_height;
  task.kernel_width = g.kernel_width;
  task.panels = guarded_panels.data();
  task.offsets = offsets.data();
  task.x_sums = x_sums.data();
  task.pixels = g.out_width;
  task.outputs = g.out_channels;
  task.y = y.data();
  task.y_step = outputs;
  kernel.row(task);

  std::vector<float> result;
  for (int64_t i = 0; i < g.out_width * g.out_channels; ++i) {
    const size_t at = static_cast<size_t>(i / g.out_channels * outputs + i % g.out_channels);
    result.push_back(y[at]);
  }
  return result;
}

}  // namespace addersr::test
