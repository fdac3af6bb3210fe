// The limits of a layer's parameters, on which exactness and memory safety of the kernels rest.
#include "custom_ops/requantization/parameters.h"

namespace addersr::requantization {
namespace {

// Larger floats could overflow in a product with an int32.
constexpr float kMaxFloat = 18446744073709551616.0F;  // 2^64

std::string Expects(const char* op) { return std::string(op) + " expects "; }
std::string Number(float value) { return std::to_string(value); }
std::string Number(int64_t value) { return std::to_string(value); }

template <class Limit, class V>
std::string CheckRange(const char* op, const char* name, const V* values, int64_t count, Limit low,
                       Limit high) {
  for (int64_t i = 0; i < count; ++i) {
    const auto value = static_cast<Limit>(values[i]);
    if (value >= low && value <= high) continue;  // false for NaN
    return Expects(op) + name + " to hold values from " + Number(low) + " to " + Number(high) +
           ", got " + Number(value) + ".";
  }
  return {};
}

template <class T>
std::string CheckZeroPoints(const char* op, const char* name, const Values<T>& values,
                            int64_t channels, const Range& range) {
  std::string error = CheckCount(op, name, values, channels);
  if (error.empty())
    error = CheckRange<int64_t>(op, name, values.data, values.count, range.low, range.high);
  return error;
}

}  // namespace

template <class V>
std::string CheckCount(const char* op, const char* name, const Values<V>& values,
                       int64_t channels) {
  if (values.count == 1 || values.count == channels) return {};
  return Expects(op) + name + " to have 1 value or one per channel (" + Number(channels) +
         "), got " + Number(values.count) + ".";
}

template <class V>
std::string CheckValues(const char* op, const char* name, const V* values, int64_t count,
                        int64_t low, int64_t high) {
  return CheckRange<int64_t>(op, name, values, count, low, high);
}

std::string CheckFloats(const char* op, const char* name, const Values<float>& values,
                        int64_t channels) {
  std::string error = CheckCount(op, name, values, channels);
  if (error.empty()) error = CheckRange(op, name, values.data, values.count, -kMaxFloat, kMaxFloat);
  return error;
}

template <class T>
std::string CheckBits(const char* op, const char* name, int bits) {
  if (bits >= kMinBits<T> && bits <= kMaxBits<T>) return {};
  return Expects(op) + name + " from " + Number(int64_t{kMinBits<T>}) + " to " +
         Number(int64_t{kMaxBits<T>}) + " for its type, got " + Number(int64_t{bits}) + ".";
}

template <class T>
std::string Check(const char* op, int64_t outputs, const Parameters<T>& p) {
  std::string error = CheckBits<T>(op, "bits", p.bits);
  if (!error.empty()) return error;
  if (p.table_fraction < 0 || p.table_fraction > 8) {
    return Expects(op) + "table_fraction from 0 to 8, got " + Number(int64_t{p.table_fraction}) +
           ".";
  }
  if ((p.table_rows != 1 && p.table_rows != outputs) || p.table_size < 2 || p.table_size > 65536 ||
      p.table_rows * p.table_size > kMaxSum) {
    return Expects(op) + "a table of [1 or " + Number(outputs) + ", 2 to 65536], got [" +
           Number(p.table_rows) + ", " + Number(p.table_size) + "].";
  }
  const Range range = DataRange<T>(p.bits);
  error = CheckCount(op, "offset", p.offset, outputs);
  if (error.empty()) {
    error = CheckValues(op, "offset", p.offset.data, p.offset.count, -kMaxSum, kMaxSum);
  }
  if (error.empty()) error = CheckFloats(op, "multiplier", p.multiplier, outputs);
  if (error.empty()) error = CheckFloats(op, "bias", p.bias, outputs);
  if (error.empty()) error = CheckZeroPoints(op, "z_zero_point", p.z_zero_point, outputs, range);
  if (error.empty()) error = CheckFloats(op, "z_multiplier", p.z_multiplier, outputs);
  if (error.empty()) error = CheckZeroPoints(op, "r_zero_point", p.r_zero_point, outputs, range);
  if (error.empty()) error = CheckFloats(op, "r_multiplier", p.r_multiplier, outputs);
  return error;
}

#define ADDERSR_INSTANTIATE(T)                                                                     \
  template std::string Check(const char*, int64_t, const Parameters<T>&);                          \
  template std::string CheckCount(const char*, const char*, const Values<T>&, int64_t);            \
  template std::string CheckValues(const char*, const char*, const T*, int64_t, int64_t, int64_t); \
  template std::string CheckBits<T>(const char*, const char*, int);
ADDERSR_INSTANTIATE(uint8_t)
ADDERSR_INSTANTIATE(int16_t)
#undef ADDERSR_INSTANTIATE

}  // namespace addersr::requantization
