#include <algorithm>

#include "custom_ops/qlinear_fused_conv/qlinear_fused_conv.h"
#include "custom_ops/qlinear_fused_conv/runs.h"

namespace addersr::qlinear_fused_conv {
namespace {

// The lanes that share an output when `outputs` are left for one vector: as many as shorten the
// runs, and no more.
int Spread(int64_t outputs, int lanes, int largest, const Runs& runs, int channels) {
  int best = 1;
  for (int spread = 2; spread <= largest && outputs * spread <= lanes; spread *= 2) {
    if (runs.steps(channels * spread) < runs.steps(channels * best)) best = spread;
  }
  return best;
}

}  // namespace

template <class T>
template <class X>
PackedLayer<T>::PackedLayer(const Kernel<T>& kernel, const Geometry& g, const Parameters<X, T>& p,
                            bool adds)
    : kernel_(&kernel),
      channels_(g.in_channels),
      requantization_(g.groups, g.out_channels, kernel.lanes, p, adds,
                      static_cast<double>(requantization::kMaxSum)) {
  for (int64_t c = 0; c < g.groups * g.in_channels; ++c) padding_.push_back(p.x_zero_point[c]);
  // X keeps its zero point, so take what that adds to the sums out of the offset.
  const int64_t window = g.kernel_height * g.kernel_width;
  for (int64_t o = 0; o < g.groups * g.out_channels; ++o) {
    const int64_t group = o / g.out_channels;
    int32_t sum = 0;  // within the limit of all sums
    for (int64_t i = 0; i < g.taps(); ++i) {
      sum += p.w[o * g.taps() + i] * p.x_zero_point[group * g.in_channels + i / window];
    }
    requantization_.AddToOffset(group, o % g.out_channels, -sum);
  }
  PlanPanels(g);
  PackWeights(g, p.w);
}

template <class T>
void PackedLayer<T>::PlanPanels(const Geometry& g) {
  const Runs runs(g);
  const int lanes = kernel_->lanes;
  const int64_t wide = int64_t{lanes} * kernel_->groups;
  for (int64_t first = 0; first < g.out_channels;) {
    const int64_t left = g.out_channels - first;
    Panel panel{first, group_weights_, 1, 1};
    // A wide panel for what nearly fills it, unless its last vector would better be spread.
    const int of_last =
        Spread((left - 1) % lanes + 1, lanes, kernel_->spread, runs, kernel_->channels);
    if (left >= wide || (left > wide - lanes && of_last == 1)) {
      panel.groups = kernel_->groups;
    } else if (left < lanes) {
      panel.spread = of_last;
    }
    panels_.push_back(panel);
    const int64_t step = int64_t{kernel_->channels} * panel.spread;
    group_weights_ +=
        runs.rows * runs.columns * runs.steps(step) * panel.groups * lanes * kernel_->channels;
    first += int64_t{panel.groups} * lanes / panel.spread;
  }
}

template <class T>
void PackedLayer<T>::PackWeights(const Geometry& g, const int16_t* w) {
  const Runs runs(g);
  const int64_t window = g.kernel_height * g.kernel_width;
  weights_.assign(static_cast<size_t>(g.groups * group_weights_), 0);
  for (int64_t group = 0; group < g.groups; ++group) {
    for (const Panel& panel : panels_) {
      int16_t* const to = weights_.data() + group * group_weights_ + panel.weights;
      const int64_t width = int64_t{panel.groups} * kernel_->lanes / panel.spread;
      const int64_t step = int64_t{kernel_->channels} * panel.spread;
      for (int64_t i = 0; i < std::min(width, g.out_channels - panel.first_output); ++i) {
        const int64_t o = group * g.out_channels + panel.first_output + i;
        const int16_t* const filter = w + o * g.taps();  // [channel][tap]
        for (int64_t c = 0; c < g.in_channels; ++c) {
          for (int64_t tap = 0; tap < window; ++tap) {
            const int64_t column = tap % g.kernel_width;
            const int64_t run = tap / g.kernel_width * runs.columns + column % runs.columns;
            const int64_t at = column / runs.columns * g.in_channels + c;
            const int64_t of_step = run * runs.steps(step) + at / step;
            to[(of_step * width + i) * step + at % step] = filter[c * window + tap];
          }
        }
      }
    }
  }
}

#define ADDERSR_INSTANTIATE(X, T)                                                                  \
  template PackedLayer<T>::PackedLayer(const Kernel<T>&, const Geometry&, const Parameters<X, T>&, \
                                       bool);
template class PackedLayer<uint8_t>;
template class PackedLayer<int16_t>;
ADDERSR_INSTANTIATE(uint8_t, uint8_t)
ADDERSR_INSTANTIATE(uint8_t, int16_t)
ADDERSR_INSTANTIATE(int16_t, uint8_t)
ADDERSR_INSTANTIATE(int16_t, int16_t)
#undef ADDERSR_INSTANTIATE

}  // namespace addersr::qlinear_fused_conv
