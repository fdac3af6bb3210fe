#include <algorithm>

#include "custom_ops/adder_conv/adder_conv.h"
#include "custom_ops/adder_conv/kernel.h"

namespace addersr::adder_conv {

PackedFilter::PackedFilter(const Kernel& kernel, const Geometry& g, const float* w)
    : kernel_(&kernel), out_channels_(g.out_channels) {
  const int64_t taps = g.taps();
  const int64_t window = g.kernel_height * g.kernel_width;
  panel_floats_ = PaddedOutputs(kernel, g.out_channels) * taps;
  panels_.assign(static_cast<size_t>(g.groups * panel_floats_), 0.0F);
  sums_.resize(static_cast<size_t>(g.groups * g.out_channels));
  for (int64_t group = 0; group < g.groups; ++group) {
    const float* filters = w + group * g.out_channels * taps;
    float* panel = panels_.data() + group * panel_floats_;
    for (int64_t first = 0; first < g.out_channels;) {
      const int64_t width = PanelWidth(kernel, g.out_channels - first);
      const int64_t filled = std::min(width, g.out_channels - first);
      for (int64_t o = 0; o < filled; ++o) {
        const float* filter = filters + (first + o) * taps;  // [channel][tap]
        float sum = 0.0F;
        for (int64_t c = 0; c < g.in_channels; ++c) {
          for (int64_t tap = 0; tap < window; ++tap) {
            const float weight = filter[c * window + tap];
            panel[(tap * g.in_channels + c) * width + o] = weight;
            sum += weight;
          }
        }
        sums_[static_cast<size_t>(group * g.out_channels + first + o)] = sum;
      }
      panel += taps * width;
      first += width;
    }
  }
}

}  // namespace addersr::adder_conv
