#include "quantization_harness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "allocations.h"
#include "custom_ops/isa/isa.h"
#include "requantization_problem.h"

namespace addersr::quantization {
#define ADDERSR_QUANTIZATION_KERNEL(isa, name) extern const Kernel kernel_##name;
#include "custom_ops/quantization/kernels.inc"
#undef ADDERSR_QUANTIZATION_KERNEL
}  // namespace addersr::quantization

namespace addersr::test {
namespace {

using quantization::Kernel;
using quantization::Pattern;
using quantization::Shape;
using Recurring = quantization::Parameters::Recurring;

int64_t Count(const Shape& s) { return s.batch * s.height * s.width * s.channels; }

// The specification's clamp(rint(f)) + zero point.
template <class T>
T ToInteger(float f, T zero_point, int bits) {
  const auto range = requantization::DataRange<T>(bits);
  const auto least = static_cast<float>(range.low - zero_point);
  const auto most = static_cast<float>(range.high - zero_point);
  if (std::isnan(f)) f = least;
  const float clamped = std::min(std::max(f, least), most);
  return static_cast<T>(static_cast<int32_t>(std::nearbyint(clamped)) + zero_point);
}

// Factors of both signs around `scale`.
std::vector<float> Multipliers(std::mt19937* random, float scale, int64_t count) {
  std::vector<float> values = RandomFloats(random, 0.5 * scale, 1.5 * scale, count);
  for (float& value : values) value = Uniform(random, 0, 4) == 0 ? -value : value;
  return values;
}

// Runs all items, in reverse order for Side::kBegin, and expects no allocation.
template <class Item>
void RunItems(const Kernel& kernel, const Shape& shape, Side side, const Item& item) {
  const int64_t items = quantization::ItemCount(shape);
  const uint64_t before = Allocations();
  for (int64_t i = 0; i < items; ++i) item(side == Side::kEnd ? i : items - 1 - i);
  EXPECT_EQ(Allocations(), before) << kernel.name << " allocates";
}

}  // namespace

std::vector<const Kernel*> SupportedQuantizationKernels() {
  std::vector<const Kernel*> list;
#define ADDERSR_QUANTIZATION_KERNEL(isa_name, name) \
  if (isa::Supported(#isa_name)) list.push_back(&quantization::kernel_##name);
#include "custom_ops/quantization/kernels.inc"
#undef ADDERSR_QUANTIZATION_KERNEL
  return list;
}

template <class T>
QuantizeProblem<T>::QuantizeProblem(const Shape& of, int of_bits, bool per_channel, uint32_t seed)
    : shape(of), bits(of_bits), x(static_cast<size_t>(Count(of))) {
  std::mt19937 random(seed);
  const auto range = requantization::DataRange<T>(bits);
  const double span = range.high - range.low;
  const int64_t each = per_channel ? shape.channels : 1;
  // One factor of 1, so that halves stay halves.
  multiplier = per_channel ? Multipliers(&random, 1.0F, each) : std::vector<float>{1.0F};
  zero_point = RandomData<T>(&random, bits, each);
  x = RandomFloats(&random, -1.2 * span, 1.2 * span, Count(shape));
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float rare[] = {std::nanf(""), -std::nanf(""), kInfinity, -kInfinity, 3e38F,
                        -3e38F,        -0.0F,          1e-45F,    0.5F,       -0.5F};
  for (float& value : x) {
    const int64_t dice = Uniform(&random, 0, 19);
    if (dice < 8) value = std::nearbyint(2 * value) / 2;
    if (dice == 8) value = rare[Uniform(&random, 0, 9)];
  }
  Solve();
}

template <class T>
void QuantizeProblem<T>::Solve() {
  truth.resize(x.size());
  const int64_t plane = shape.height * shape.width;
  for (size_t i = 0; i < x.size(); ++i) {
    const int64_t at = static_cast<int64_t>(i), channel = at / plane % shape.channels;
    const int64_t pixel = at / plane / shape.channels * plane + at % plane;
    truth[static_cast<size_t>(pixel * shape.channels + channel)] =
        ToInteger(x[i] * Of(multiplier, channel), Of(zero_point, channel), bits);
  }
}

template <class T>
std::vector<T> QuantizeProblem<T>::Run(const Kernel& kernel, Side side,
                                       MissingInCall missing) const {
  quantization::Parameters parameters(kernel, shape.channels, ValuesOf(multiplier));
  EXPECT_EQ(quantization::CheckMultiplier("A test", ValuesOf(multiplier), shape.channels), "");
  EXPECT_EQ(quantization::CheckOutput("A test", "", ValuesOf(zero_point), bits, shape.channels),
            "");
  parameters.SetOutput(ValuesOf(zero_point), bits);
  const Recurring recurring(parameters, 0, shape.channels);
  const GuardedBuffer<float> guarded_x(x, side, missing.x);
  GuardedBuffer<T> y(x.size() - missing.y, side);
  GuardedBuffer<char> scratch(quantization::ScratchBytes(shape) - missing.scratch, side);
  const quantization::QuantizeJob<T> job{&kernel, shape, &recurring, guarded_x.data(), y.data()};
  RunItems(kernel, shape, side,
           [&](int64_t item) { quantization::RunItem(job, item, scratch.data()); });
  return {y.begin(), y.end()};
}

template <class T>
std::vector<T> QuantizeProblem<T>::RunLoop(const Kernel& kernel, Side side, size_t less,
                                           size_t missing_pattern) const {
  quantization::Parameters parameters(kernel, shape.channels, ValuesOf(multiplier));
  parameters.SetOutput(ValuesOf(zero_point), bits);
  const Recurring recurring(parameters, 0, shape.channels);
  Pattern pattern = recurring.pattern();
  const int64_t values = pattern.vectors * kernel.lanes - static_cast<int64_t>(missing_pattern);
  const GuardedBuffer<float> multipliers = Guard(pattern.multiplier, values, side);
  const GuardedBuffer<float> least = Guard(pattern.least, values, side);
  const GuardedBuffer<float> most = Guard(pattern.most, values, side);
  const GuardedBuffer<int32_t> zero_points = Guard(pattern.y_zero_point, values, side);
  pattern.multiplier = multipliers.data();
  pattern.least = least.data();
  pattern.most = most.data();
  pattern.y_zero_point = zero_points.data();
  // The loop takes values in the order of the output.
  const int64_t plane = shape.height * shape.width;
  std::vector<float> moved(x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    const int64_t at = static_cast<int64_t>(i);
    const int64_t pixel = at / plane / shape.channels * plane + at % plane;
    moved[static_cast<size_t>(pixel * shape.channels + at / plane % shape.channels)] = x[i];
  }
  const GuardedBuffer<float> guarded_x(moved, side, less);
  GuardedBuffer<T> y(x.size() - less, side);
  if constexpr (std::is_same_v<T, uint8_t>) {
    kernel.quantize_uint8(guarded_x.data(), static_cast<int64_t>(y.size()), pattern, y.data());
  } else {
    kernel.quantize_int16(guarded_x.data(), static_cast<int64_t>(y.size()), pattern, y.data());
  }
  return {y.begin(), y.end()};
}

template <class T>
DequantizeProblem<T>::DequantizeProblem(const Shape& of, int64_t of_block, bool per_channel,
                                        bool anchors, uint32_t seed)
    : shape(of), block(of_block) {
  std::mt19937 random(seed);
  constexpr int kBits = requantization::kMaxBits<T>;
  const int64_t each = per_channel ? shape.channels : 1;
  x = RandomData<T>(&random, kBits, Count(shape));
  zero_point = RandomData<T>(&random, kBits, each);
  multiplier = Multipliers(&random, 0.01F, each);
  anchor = RandomFloats(&random, -1, 1, anchors ? Count(shape) / (block * block) : 1);
  truth.resize(x.size());
  const int64_t planes = shape.channels / (block * block);
  const int64_t width = shape.width * block, height = shape.height * block;
  for (size_t i = 0; i < truth.size(); ++i) {
    const int64_t at = static_cast<int64_t>(i);
    const int64_t column = at % width, row = at / width % height, plane = at / width / height;
    const int64_t w = column / block, h = row / block;
    const int64_t k = plane % planes * block * block + row % block * block + column % block;
    const int64_t pixel = (plane / planes * shape.height + h) * shape.width + w;
    const T value = x[static_cast<size_t>(pixel * shape.channels + k)];
    const float product = static_cast<float>(value - Of(zero_point, k)) * Of(multiplier, k);
    truth[i] = product +
               (anchors ? anchor[static_cast<size_t>((plane * shape.height + h) * shape.width + w)]
                        : anchor[0]);
  }
}

template <class T>
std::vector<float> DequantizeProblem<T>::Run(const Kernel& kernel, Side side,
                                             MissingInCall missing) const {
  quantization::Parameters parameters(kernel, shape.channels, ValuesOf(multiplier));
  parameters.SetInput(ValuesOf(zero_point));
  std::vector<Recurring> rows;
  for (int64_t c = 0; c < shape.channels; c += block) rows.emplace_back(parameters, c, block);
  const GuardedBuffer<T> guarded_x(x, side, missing.x);
  const GuardedBuffer<float> guarded_anchor(anchor, side, missing.anchor);
  GuardedBuffer<float> y(x.size() - missing.y, side);
  const quantization::DequantizeJob<T> job{
      &kernel, shape, block, &rows, guarded_x.data(), guarded_anchor.data(), anchor.size() == 1,
      y.data()};
  RunItems(kernel, shape, side, [&](int64_t item) { quantization::RunItem(job, item); });
  return {y.begin(), y.end()};
}

template <class X, class Y>
RequantizeProblem<X, Y>::RequantizeProblem(const Shape& of, int of_bits, bool per_channel,
                                           uint32_t seed)
    : shape(of), bits(of_bits) {
  std::mt19937 random(seed);
  constexpr int kBits = requantization::kMaxBits<X>;
  const int64_t each = per_channel ? shape.channels : 1;
  x = RandomData<X>(&random, kBits, Count(shape));
  x_zero_point = RandomData<X>(&random, kBits, each);
  // Half a power of two gives ties.
  const float scale = std::ldexp(1.0F, bits - kBits);
  multiplier = per_channel ? Multipliers(&random, scale, each) : std::vector<float>{scale / 2};
  y_zero_point = RandomData<Y>(&random, bits, each);
  Solve();
}

template <class X, class Y>
void RequantizeProblem<X, Y>::Solve() {
  truth.resize(x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    const int64_t c = static_cast<int64_t>(i) % shape.channels;
    const float f = static_cast<float>(x[i] - Of(x_zero_point, c)) * Of(multiplier, c);
    truth[i] = ToInteger(f, Of(y_zero_point, c), bits);
  }
}

template <class X, class Y>
std::vector<Y> RequantizeProblem<X, Y>::Run(const Kernel& kernel, Side side,
                                            MissingInCall missing) const {
  quantization::Parameters parameters(kernel, shape.channels, ValuesOf(multiplier));
  parameters.SetInput(ValuesOf(x_zero_point));
  parameters.SetOutput(ValuesOf(y_zero_point), bits);
  const Recurring recurring(parameters, 0, shape.channels);
  const GuardedBuffer<X> guarded_x(x, side, missing.x);
  GuardedBuffer<Y> y(x.size() - missing.y, side);
  const quantization::RequantizeJob<X, Y> job{&kernel, shape, &recurring, guarded_x.data(),
                                              y.data()};
  RunItems(kernel, shape, side, [&](int64_t item) { quantization::RunItem(job, item); });
  return {y.begin(), y.end()};
}

template struct QuantizeProblem<uint8_t>;
template struct QuantizeProblem<int16_t>;
template struct DequantizeProblem<uint8_t>;
template struct DequantizeProblem<int16_t>;
template struct RequantizeProblem<uint8_t, uint8_t>;
template struct RequantizeProblem<uint8_t, int16_t>;
template struct RequantizeProblem<int16_t, uint8_t>;
template struct RequantizeProblem<int16_t, int16_t>;

}  // namespace addersr::test
