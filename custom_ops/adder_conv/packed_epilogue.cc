#include "custom_ops/adder_conv/packed_epilogue.h"

#include <limits>

#include "custom_ops/adder_conv/kernel.h"
#include "custom_ops/adder_conv/power.h"

namespace addersr::adder_conv {
namespace {

constexpr int64_t kArrays = 5;

}  // namespace

PackedEpilogue::PackedEpilogue(const Kernel& kernel, const Geometry& g,
                               const EpilogueParameters& parameters)
    : padded_(PaddedOutputs(kernel, g.out_channels)),
      clip_min_(parameters.clip_min),
      clip_max_(parameters.clip_max),
      values_(static_cast<size_t>(g.groups * kArrays * padded_), 0.0F) {
  for (int64_t group = 0; group < g.groups; ++group) {
    float* scale = values_.data() + group * kArrays * padded_;
    float* bias = scale + padded_;
    float* high = bias + padded_;
    float* low = high + padded_;
    float* slope = low + padded_;
    for (int64_t i = 0; i < g.out_channels; ++i) {
      const int64_t output = group * g.out_channels + i;
      scale[i] = parameters.scale[output];
      bias[i] = parameters.bias[output];
      SplitExponent(parameters.alpha[output], high + i, low + i);
      slope[i] = parameters.slope[output];
      has_power_ |= parameters.alpha[output] != 1.0F;
      has_slope_ |= slope[i] != 1.0F;
    }
  }
}

Epilogue PackedEpilogue::OfGroup(int64_t group) const {
  const float* values = values_.data() + group * kArrays * padded_;
  Epilogue epilogue{};
  epilogue.scale = values;
  epilogue.bias = values + padded_;
  if (has_power_) {
    epilogue.power_high = values + 2 * padded_;
    epilogue.power_low = values + 3 * padded_;
  }
  if (has_slope_) epilogue.slope = values + 4 * padded_;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  epilogue.clips = clip_min_ != -kInfinity || clip_max_ != kInfinity;
  epilogue.clip_min = clip_min_;
  epilogue.clip_max = clip_max_;
  return epilogue;
}

}  // namespace addersr::adder_conv
