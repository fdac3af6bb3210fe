#include <algorithm>

#include "custom_ops/quantization/quantization.h"

namespace addersr::quantization {

Parameters::Parameters(const Kernel& kernel, int64_t channels, const Values<float>& multiplier)
    : kernel_(&kernel) {
  for (int64_t c = 0; c < channels; ++c) multiplier_.push_back(multiplier[c]);
}

template <class X>
void Parameters::SetInput(const Values<X>& zero_point) {
  for (size_t c = 0; c < multiplier_.size(); ++c) {
    x_zero_point_.push_back(zero_point[static_cast<int64_t>(c)]);
  }
}

template <class Y>
void Parameters::SetOutput(const Values<Y>& zero_point, int bits) {
  for (size_t c = 0; c < multiplier_.size(); ++c) {
    y_zero_point_.push_back(zero_point[static_cast<int64_t>(c)]);
  }
  const auto [low, high] = requantization::DataRange<Y>(bits);
  low_ = low;
  high_ = high;
}

Parameters::Recurring::Recurring(const Parameters& of, int64_t first, int64_t channels)
    : vectors_(channels), low_(of.low_), high_(of.high_) {
  const auto recur = [&](const auto& values, auto* to) {
    if (values.empty()) return;
    for (int64_t i = 0; i < channels * of.kernel_->lanes; ++i) {
      to->push_back(values[static_cast<size_t>(first + i % channels)]);
    }
  };
  recur(of.multiplier_, &multiplier_);
  recur(of.x_zero_point_, &x_zero_point_);
  recur(of.y_zero_point_, &y_zero_point_);
  // Differences of integers below 2^17: exact.
  for (const int32_t zero_point : y_zero_point_) {
    least_.push_back(static_cast<float>(low_ - zero_point));
    most_.push_back(static_cast<float>(high_ - zero_point));
  }
}

Pattern Parameters::Recurring::pattern() const {
  const auto data = [](const auto& values) { return values.empty() ? nullptr : values.data(); };
  return {vectors_,
          data(multiplier_),
          data(x_zero_point_),
          data(y_zero_point_),
          data(least_),
          data(most_),
          low_,
          high_};
}

std::string CheckMultiplier(const char* op, const Values<float>& multiplier, int64_t channels) {
  return requantization::CheckFloats(op, "multiplier", multiplier, channels);
}

template <class T>
std::string CheckOutput(const char* op, const char* name, const Values<T>& zero_point, int bits,
                        int64_t channels) {
  std::string error = requantization::CheckBits<T>(op, "bits", bits);
  if (error.empty()) error = requantization::CheckCount(op, name, zero_point, channels);
  if (!error.empty()) return error;
  const auto [low, high] = requantization::DataRange<T>(bits);
  return requantization::CheckValues(op, name, zero_point.data, zero_point.count, low, high);
}

#define ADDERSR_INSTANTIATE(T)                                \
  template void Parameters::SetInput(const Values<T>&);       \
  template void Parameters::SetOutput(const Values<T>&, int); \
  template std::string CheckOutput(const char*, const char*, const Values<T>&, int, int64_t);
ADDERSR_INSTANTIATE(uint8_t)
ADDERSR_INSTANTIATE(int16_t)
#undef ADDERSR_INSTANTIATE

}  // namespace addersr::quantization
