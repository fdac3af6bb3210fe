// The limits of a layer's parameters, on which exactness and memory safety of the kernels rest.
#include "custom_ops/qlinear_adder_conv/qlinear_adder_conv.h"

namespace addersr::qlinear_adder_conv {

template <class T>
std::string Check(const Geometry& g, const Parameters<T>& p) {
  constexpr const char* kOp = "QLinearAdderConv";
  const int64_t outputs = g.groups * g.out_channels;
  std::string error = requantization::Check<T>(kOp, outputs, p);
  if (!error.empty()) return error;
  const int64_t most_taps = requantization::kMaxSum >> p.bits;
  if (g.taps() > most_taps) {
    return std::string(kOp) + " expects sums below 2^30: at most " + std::to_string(most_taps) +
           " taps of " + std::to_string(p.bits) + " bits, got " + std::to_string(g.taps()) + ".";
  }
  const auto [low, high] = requantization::DataRange<T>(p.bits);
  const auto& zero_point = p.x_zero_point;
  error = requantization::CheckValues(kOp, "W", p.w, outputs * g.taps(), low, high);
  if (error.empty()) {
    error = requantization::CheckCount(kOp, "x_zero_point", zero_point, g.groups * g.in_channels);
  }
  if (error.empty()) {
    error = requantization::CheckValues(kOp, "x_zero_point", zero_point.data, zero_point.count, low,
                                        high);
  }
  return error;
}

template std::string Check(const Geometry&, const Parameters<uint8_t>&);
template std::string Check(const Geometry&, const Parameters<int16_t>&);

}  // namespace addersr::qlinear_adder_conv
