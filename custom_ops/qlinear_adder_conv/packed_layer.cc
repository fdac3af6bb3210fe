#include <algorithm>
#include <cmath>

#include "custom_ops/qlinear_adder_conv/qlinear_adder_conv.h"
#include "custom_ops/qlinear_adder_conv/range.h"

namespace addersr::qlinear_adder_conv {
namespace {

int64_t RoundUp(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

// The ramp that the table is: clamp(t + start, low, high) in every row.
struct Ramp {
  bool exists;
  int32_t start, low, high;
};

Ramp FindRamp(const int16_t* table, int64_t rows, int64_t size) {
  Ramp ramp{false, 0, table[0], table[size - 1]};
  const int16_t* const rise = std::upper_bound(table, table + size, table[0]);
  if (rise != table + size) ramp.start = *rise - static_cast<int32_t>(rise - table);
  if (ramp.low > ramp.high) return ramp;
  for (int64_t i = 0; i < rows * size; ++i) {
    const auto t = static_cast<int32_t>(i % size);
    if (table[i] != std::clamp(t + ramp.start, ramp.low, ramp.high)) return ramp;
  }
  ramp.exists = true;
  return ramp;
}

// Whether t stays in int32 for every input, even before it is clamped to its domain.
template <class T>
bool IsBounded(const Geometry& g, const Parameters<T>& p) {
  const double largest_difference = (1 << p.bits) - 1;
  for (int64_t o = 0; o < g.groups * g.out_channels; ++o) {
    const double sum = std::abs(static_cast<double>(p.offset[o])) +
                       largest_difference * static_cast<double>(g.taps());
    const double t = sum * std::abs(p.multiplier[o]) + std::abs(p.bias[o]) +
                     65536.0 * std::abs(p.z_multiplier[o]);
    if (t > 1e9) return false;  // rounding cannot carry less than that beyond 2^30
  }
  return true;
}

// Per output and group, padded with `neutral`: one value for all, or one per channel.
template <class To, class From>
std::vector<To> Spread(const Geometry& g, int64_t padded, const Values<From>& values, To neutral) {
  std::vector<To> spread(static_cast<size_t>(g.groups * padded), neutral);
  for (int64_t group = 0; group < g.groups; ++group) {
    for (int64_t o = 0; o < g.out_channels; ++o) {
      spread[static_cast<size_t>(group * padded + o)] = values[group * g.out_channels + o];
    }
  }
  return spread;
}

}  // namespace

template <class T>
PackedLayer<T>::PackedLayer(const Kernel<T>& kernel, const Geometry& g, const Parameters<T>& p,
                            bool adds)
    : kernel_(&kernel),
      padded_channels_(RoundUp(g.in_channels, kernel.channels)),
      padded_outputs_(RoundUp(g.out_channels, kernel.lanes)),
      panel_values_(padded_outputs_ * padded_channels_ * g.kernel_height * g.kernel_width),
      requantization_{} {
  PackPadding(g, p.x_zero_point);
  PackPerOutput(g, p);
  PackPanels(g, p.w);
  PackActivation(g, p, adds);
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
void PackedLayer<T>::PackPerOutput(const Geometry& g, const Parameters<T>& p) {
  const Range range = DataRange<T>(p.bits);
  offset_ = Spread<int32_t>(g, padded_outputs_, p.offset, 0);
  multiplier_ = Spread<float>(g, padded_outputs_, p.multiplier, 0.0F);
  bias_ = Spread<float>(g, padded_outputs_, p.bias, 0.0F);
  z_zero_point_ = Spread<int32_t>(g, padded_outputs_, p.z_zero_point, 0);
  z_multiplier_ = Spread<float>(g, padded_outputs_, p.z_multiplier, 0.0F);
  r_zero_point_ = Spread<int32_t>(g, padded_outputs_, p.r_zero_point, 0);
  r_multiplier_ = Spread<float>(g, padded_outputs_, p.r_multiplier, 0.0F);
  requantization_.offset = offset_.data();
  requantization_.multiplier = multiplier_.data();
  requantization_.bias = bias_.data();
  requantization_.z_zero_point = z_zero_point_.data();
  requantization_.z_multiplier = z_multiplier_.data();
  requantization_.r_zero_point = r_zero_point_.data();
  requantization_.r_multiplier = r_multiplier_.data();
  // What one step can add to an accumulator: the largest |max(x, w)|, or the largest |x - w|.
  const int32_t largest = kernel_->max_form ? -range.low : range.high - range.low;
  requantization_.flush_steps =
      kernel_->accumulator == 0 ? 0 : std::max(1, kernel_->accumulator / largest);
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
        if (kernel_->max_form) {
          offset_[static_cast<size_t>(group * padded_outputs_ + first + i)] += sum;
        }
      }
      panel += window * padded_channels_ * width;
      first += width;
    }
  }
}

template <class T>
void PackedLayer<T>::PackActivation(const Geometry& g, const Parameters<T>& p, bool adds) {
  Requantization<T>& q = requantization_;
  q.adds = adds;
  q.bounded = IsBounded(g, p);
  q.table_fraction = p.table_fraction;
  q.t_low = 0.0F;
  q.t_high = static_cast<float>(p.table_size - 1);
  const auto [least, most] = DataRange<T>(p.bits);
  q.low = least;
  q.high = most;
  const int half = (1 << p.table_fraction) >> 1;
  const Ramp ramp = FindRamp(p.table, p.table_rows, p.table_size);
  if (ramp.exists) {
    q.activation = Activation::kRamp;
    q.ramp_start = ramp.start;
    q.t_low = static_cast<float>(ramp.low - ramp.start);
    q.t_high = static_cast<float>(ramp.high - ramp.start);
    if (!adds) {
      q.low = std::clamp((ramp.low + half) >> p.table_fraction, least, most);
      q.high = std::clamp((ramp.high + half) >> p.table_fraction, least, most);
    }
    return;
  }
  table_.assign(p.table, p.table + p.table_rows * p.table_size);
  table_offset_.assign(static_cast<size_t>(g.groups * padded_outputs_), 0);
  for (int64_t o = 0; p.table_rows > 1 && o < p.table_rows; ++o) {
    const int64_t at = o / g.out_channels * padded_outputs_ + o % g.out_channels;
    table_offset_[static_cast<size_t>(at)] = static_cast<int32_t>(o * p.table_size);
  }
  q.table_offset = table_offset_.data();
  if (adds) {
    q.activation = Activation::kLookupAndAdd;
    q.table = table_.data();
    return;
  }
  q.activation = Activation::kLookup;
  outputs_.resize(table_.size());
  std::transform(table_.begin(), table_.end(), outputs_.begin(), [&](int16_t u) {
    return static_cast<T>(std::clamp((u + half) >> p.table_fraction, least, most));
  });
  table_ = {};
  q.outputs = outputs_.data();
}

template class PackedLayer<uint8_t>;
template class PackedLayer<int16_t>;

}  // namespace addersr::qlinear_adder_conv
