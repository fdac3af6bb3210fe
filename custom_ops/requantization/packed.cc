#include "custom_ops/requantization/packed.h"

#include <algorithm>
#include <cmath>

namespace addersr::requantization {
namespace {

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
bool IsBounded(int64_t outputs, const Parameters<T>& p, double largest_sum) {
  for (int64_t o = 0; o < outputs; ++o) {
    const double sum = std::abs(static_cast<double>(p.offset[o])) + largest_sum;
    const double t = sum * std::abs(p.multiplier[o]) + std::abs(p.bias[o]) +
                     65536.0 * std::abs(p.z_multiplier[o]);
    if (t > 1e9) return false;  // rounding cannot carry less than that beyond 2^30
  }
  return true;
}

}  // namespace

template <class T>
Packed<T>::Packed(int64_t groups, int64_t group_outputs, int lanes, const Parameters<T>& p,
                  bool adds, double largest_sum)
    : padded_outputs_((group_outputs + lanes - 1) / lanes * lanes) {
  // One value for all, or one per channel, to every output and group; neutral zeros between them.
  const auto spread = [&](const auto& values, auto* to) {
    to->assign(static_cast<size_t>(groups * padded_outputs_), 0);
    for (int64_t o = 0; o < groups * group_outputs; ++o) {
      const int64_t at = o / group_outputs * padded_outputs_ + o % group_outputs;
      (*to)[static_cast<size_t>(at)] = values[o];
    }
    return to->data();
  };
  constants_.offset = spread(p.offset, &offset_);
  constants_.multiplier = spread(p.multiplier, &multiplier_);
  constants_.bias = spread(p.bias, &bias_);
  constants_.z_zero_point = spread(p.z_zero_point, &z_zero_point_);
  constants_.z_multiplier = spread(p.z_multiplier, &z_multiplier_);
  constants_.r_zero_point = spread(p.r_zero_point, &r_zero_point_);
  constants_.r_multiplier = spread(p.r_multiplier, &r_multiplier_);
  constants_.bounded = IsBounded(groups * group_outputs, p, largest_sum);
  PackActivation(groups, group_outputs, p, adds);
}

template <class T>
void Packed<T>::PackActivation(int64_t groups, int64_t group_outputs, const Parameters<T>& p,
                               bool adds) {
  Requantization<T>& q = constants_;
  q.adds = adds;
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
  table_offset_.assign(static_cast<size_t>(groups * padded_outputs_), 0);
  for (int64_t o = 0; p.table_rows > 1 && o < p.table_rows; ++o) {
    const int64_t at = o / group_outputs * padded_outputs_ + o % group_outputs;
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
  std::transform(table_.begin(), table_.end(), outputs_.begin(),
                 [&, least = least, most = most](int16_t u) {
                   return static_cast<T>(std::clamp((u + half) >> p.table_fraction, least, most));
                 });
  table_ = {};
  q.outputs = outputs_.data();
}

template <class T>
const float* ZTerm(const Requantization<T>& q, int64_t first, int64_t count, T z,
                   float* term) noexcept {
  for (int64_t o = 0; o < count; ++o) {
    const auto centred = static_cast<float>(z - q.z_zero_point[first + o]);
    term[o] = centred * q.z_multiplier[first + o];
  }
  const bool neutral = std::all_of(term, term + count, [](float value) { return value == 0; });
  return neutral ? nullptr : term;
}

template <class T>
const int32_t* RTerm(const Requantization<T>& q, int64_t first, int64_t count, T r,
                     int32_t* term) noexcept {
  for (int64_t o = 0; o < count; ++o) {
    const float added =
        static_cast<float>(r - q.r_zero_point[first + o]) * q.r_multiplier[first + o];
    term[o] =
        static_cast<int32_t>(std::nearbyint(std::clamp(added, -kResidualLimit, kResidualLimit)));
  }
  const bool neutral = std::all_of(term, term + count, [](int32_t value) { return value == 0; });
  return neutral ? nullptr : term;
}

#define ADDERSR_INSTANTIATE(T)                                                                 \
  template class Packed<T>;                                                                    \
  template const float* ZTerm(const Requantization<T>&, int64_t, int64_t, T, float*) noexcept; \
  template const int32_t* RTerm(const Requantization<T>&, int64_t, int64_t, T, int32_t*) noexcept;
ADDERSR_INSTANTIATE(uint8_t)
ADDERSR_INSTANTIATE(int16_t)
#undef ADDERSR_INSTANTIATE

}  // namespace addersr::requantization
