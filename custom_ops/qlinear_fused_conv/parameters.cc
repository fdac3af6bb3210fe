// The limits of a layer's parameters, on which exactness and memory safety of the kernels rest.
#include <algorithm>
#include <cstdlib>

#include "custom_ops/qlinear_fused_conv/qlinear_fused_conv.h"

namespace addersr::qlinear_fused_conv {

template <class X, class T>
std::string Check(const Geometry& g, const Parameters<X, T>& p) {
  constexpr const char* kOp = "QLinearFusedConv";
  const int64_t outputs = g.groups * g.out_channels;
  std::string error = requantization::CheckBits<X>(kOp, "x_bits", p.x_bits);
  if (error.empty()) error = requantization::Check<T>(kOp, outputs, p);
  if (!error.empty()) return error;
  int64_t largest = 0;
  for (int64_t o = 0; o < outputs; ++o) {
    int64_t sum = 0;
    for (int64_t i = 0; i < g.taps(); ++i) sum += std::abs(static_cast<int>(p.w[o * g.taps() + i]));
    largest = std::max(largest, sum);
  }
  const int64_t most = (requantization::kMaxSum - 1) / ((int64_t{1} << p.x_bits) - 1);
  if (largest > most) {
    return std::string(kOp) +
           " expects sums below 2^30: weights of a filter whose absolute values sum to at most " +
           std::to_string(most) + " with " + std::to_string(p.x_bits) + " bits of X, got " +
           std::to_string(largest) + ".";
  }
  const auto [low, high] = requantization::DataRange<X>(p.x_bits);
  const Values<X>& zero_point = p.x_zero_point;
  error = requantization::CheckCount(kOp, "x_zero_point", zero_point, g.groups * g.in_channels);
  if (error.empty()) {
    error = requantization::CheckValues(kOp, "x_zero_point", zero_point.data, zero_point.count, low,
                                        high);
  }
  return error;
}

template std::string Check(const Geometry&, const Parameters<uint8_t, uint8_t>&);
template std::string Check(const Geometry&, const Parameters<uint8_t, int16_t>&);
template std::string Check(const Geometry&, const Parameters<int16_t, uint8_t>&);
template std::string Check(const Geometry&, const Parameters<int16_t, int16_t>&);

}  // namespace addersr::qlinear_fused_conv
