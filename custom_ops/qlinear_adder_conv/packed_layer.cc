#include <algorithm>

#include "custom_ops/qlinear_adder_conv/qlinear_adder_conv.h"

namespace addersr::qlinear_adder_conv {
namespace {

int64_t RoundUp(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

}  // namespace

template <class T>
PackedLayer<T>::PackedLayer(const Kernel<T>& kernel, const Geometry& g, const Parameters<T>& p,
                            bool adds)
    : kernel_(&kernel),
      padded_channels_(RoundUp(g.in_channels, kernel.channels)),
      requantization_(g.groups, g.out_channels, kernel.lanes, p, adds,
                      static_cast<double>((1 << p.bits) - 1) * static_cast<double>(g.taps())),
      panel_values_(padded_outputs() * padded_channels_ * g.kernel_height * g.kernel_width) {
  const requantization::Range range = requantization::DataRange<T>(p.bits);
  // What one step can add to an accumulator: the largest |max(x, w)|, or the largest |x - w|.
  const int32_t largest = kernel.max_form ? -range.low : range.high - range.low;
  flush_steps_ = kernel.accumulator == 0 ? 0 : std::max(1, kernel.accumulator / largest);
  PackPadding(g, p.x_zero_point);
  PackPanels(g, p.w);
}

template <class T>
void PackedLayer<T>::PackPadding(const Geometry& g, const Values<T>& zero_point) {
  padding_.assign(static_cast<size_t>(g.groups * padded_channels_), 0);
  for (int64_t group = 0; group < g.groups; ++group) {
    for (int64_t c = 0; c < g.in_channels; ++c) {
      padding_[static_cast<size_t>(group * padded_channels_ + c)] =
          zero_point[group * g.in_channels + c];
    }
  }
}

template <class T>
void PackedLayer<T>::PackPanels(const Geometry& g, const T* w) {
  panels_.assign(static_cast<size_t>(g.groups * panel_values_), 0);
  const int64_t window = g.kernel_height * g.kernel_width;
  const int64_t lanes = kernel_->lanes;
  const int64_t wide = lanes * kernel_->groups;
  std::vector<int64_t> slot_of(static_cast<size_t>(lanes));
  for (int64_t slot = 0; slot < lanes; ++slot) slot_of[kernel_->slots[slot]] = slot;
  for (int64_t group = 0; group < g.groups; ++group) {
    T* panel = panels_.data() + group * panel_values_;
    for (int64_t first = 0; first < g.out_channels;) {
      const int64_t width = g.out_channels - first > wide - lanes ? wide : lanes;
      for (int64_t i = 0; i < std::min(width, g.out_channels - first); ++i) {
        const int64_t o = group * g.out_channels + first + i;
        const T* filter = w + o * g.taps();  // [channel][tap]
        const int64_t slot = i / lanes * lanes + slot_of[static_cast<size_t>(i % lanes)];
        int32_t sum = 0;
        for (int64_t c = 0; c < g.in_channels; ++c) {
          for (int64_t tap = 0; tap < window; ++tap) {
            const T weight = filter[c * window + tap];
            const int64_t unit = (tap * padded_channels_ + c) / kernel_->unit;
            panel[(unit * width + slot) * kernel_->unit + c % kernel_->unit] = weight;
            sum += weight;
          }
        }
        if (kernel_->max_form) requantization_.AddToOffset(group, first + i, sum);
      }
      panel += window * padded_channels_ * width;
      first += width;
    }
  }
}

template class PackedLayer<uint8_t>;
template class PackedLayer<int16_t>;

}  // namespace addersr::qlinear_adder_conv
