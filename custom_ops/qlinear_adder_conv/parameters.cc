// The limits of a layer's parameters, on which exactness and memory safety of the kernels rest.
#include <cmath>

#include "custom_ops/qlinear_adder_conv/qlinear_adder_conv.h"
#include "custom_ops/qlinear_adder_conv/range.h"

namespace addersr::qlinear_adder_conv {
namespace {

// Offsets and sums stay below, so that neither they nor their difference leave int32.
constexpr int64_t kMaxSum = int64_t{1} << 30;
// Larger floats could overflow in a product with an int32.
constexpr float kMaxFloat = 18446744073709551616.0F;  // 2^64

const std::string kExpects = "QLinearAdderConv expects ";

std::string Number(float value) { return std::to_string(value); }
std::string Number(int64_t value) { return std::to_string(value); }

template <class V>
std::string CheckCount(const char* name, const Values<V>& values, int64_t channels) {
  if (values.count == 1 || values.count == channels) return {};
  return kExpects + name + " to have 1 value or one per channel (" + Number(channels) + "), got " +
         Number(values.count) + ".";
}

template <class V, class Limit>
std::string CheckValues(const char* name, const V* values, int64_t count, Limit low, Limit high) {
  for (int64_t i = 0; i < count; ++i) {
    const auto value = static_cast<Limit>(values[i]);
    if (value >= low && value <= high) continue;  // false for NaN
    return kExpects + name + " to hold values from " + Number(low) + " to " + Number(high) +
           ", got " + Number(value) + ".";
  }
  return {};
}

std::string CheckFloats(const char* name, const Values<float>& values, int64_t channels) {
  std::string error = CheckCount(name, values, channels);
  if (error.empty()) error = CheckValues(name, values.data, values.count, -kMaxFloat, kMaxFloat);
  return error;
}

template <class T>
std::string CheckZeroPoints(const char* name, const Values<T>& values, int64_t channels,
                            const Range& range) {
  std::string error = CheckCount(name, values, channels);
  if (error.empty()) {
    error = CheckValues<T, int64_t>(name, values.data, values.count, range.low, range.high);
  }
  return error;
}

}  // namespace

template <class T>
std::string Check(const Geometry& g, const Parameters<T>& p) {
  if (p.bits < kMinBits<T> || p.bits > kMaxBits<T>) {
    return kExpects + "bits from " + Number(int64_t{kMinBits<T>}) + " to " +
           Number(int64_t{kMaxBits<T>}) + " for its type, got " + Number(int64_t{p.bits}) + ".";
  }
  if (p.table_fraction < 0 || p.table_fraction > 8) {
    return kExpects + "table_fraction from 0 to 8, got " + Number(int64_t{p.table_fraction}) + ".";
  }
  const int64_t outputs = g.groups * g.out_channels;
  if ((p.table_rows != 1 && p.table_rows != outputs) || p.table_size < 2 || p.table_size > 65536 ||
      p.table_rows * p.table_size > kMaxSum) {
    return kExpects + "a table of [1 or " + Number(outputs) + ", 2 to 65536], got [" +
           Number(p.table_rows) + ", " + Number(p.table_size) + "].";
  }
  if (g.taps() > kMaxSum >> p.bits) {
    return kExpects + "sums below 2^30: at most " + Number(kMaxSum >> p.bits) + " taps of " +
           Number(int64_t{p.bits}) + " bits, got " + Number(g.taps()) + ".";
  }
  const Range range = DataRange<T>(p.bits);
  std::string error = CheckValues<T, int64_t>("W", p.w, outputs * g.taps(), range.low, range.high);
  if (error.empty()) {
    error = CheckZeroPoints("x_zero_point", p.x_zero_point, g.groups * g.in_channels, range);
  }
  if (error.empty()) error = CheckCount("offset", p.offset, outputs);
  if (error.empty()) {
    error = CheckValues("offset", p.offset.data, p.offset.count, -kMaxSum, kMaxSum);
  }
  if (error.empty()) error = CheckFloats("multiplier", p.multiplier, outputs);
  if (error.empty()) error = CheckFloats("bias", p.bias, outputs);
  if (error.empty()) error = CheckZeroPoints("z_zero_point", p.z_zero_point, outputs, range);
  if (error.empty()) error = CheckFloats("z_multiplier", p.z_multiplier, outputs);
  if (error.empty()) error = CheckZeroPoints("r_zero_point", p.r_zero_point, outputs, range);
  if (error.empty()) error = CheckFloats("r_multiplier", p.r_multiplier, outputs);
  return error;
}

template std::string Check(const Geometry&, const Parameters<uint8_t>&);
template std::string Check(const Geometry&, const Parameters<int16_t>&);

}  // namespace addersr::qlinear_adder_conv
