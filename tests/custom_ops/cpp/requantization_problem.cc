#include "requantization_problem.h"

#include <algorithm>
#include <cmath>

#include "custom_ops/requantization/range.h"

namespace addersr::test {
namespace {

using convolution::Geometry;
using requantization::Requantization;

// The specification for one output.
template <class T>
double Requantize(const RequantizationProblem<T>& p, int32_t d, int64_t o, int32_t z, int32_t r) {
  float f = static_cast<float>(d) * Of(p.multiplier, o);
  f = f + Of(p.bias, o);
  f = f + static_cast<float>(z - Of(p.z_zero_point, o)) * Of(p.z_multiplier, o);
  f = std::min(std::max(f, 0.0F), static_cast<float>(p.table_size - 1));
  const auto t = static_cast<int64_t>(std::nearbyint(f));
  const int64_t rows = static_cast<int64_t>(p.table.size()) / p.table_size;
  const int32_t u = p.table[static_cast<size_t>((rows == 1 ? 0 : o) * p.table_size + t)];
  const float a = static_cast<float>(r - Of(p.r_zero_point, o)) * Of(p.r_multiplier, o);
  const auto added = static_cast<int32_t>(std::nearbyint(
      std::clamp(a, -requantization::kResidualLimit, requantization::kResidualLimit)));
  const auto range = requantization::DataRange<T>(p.kind.bits);
  const int32_t half = (1 << p.fraction) >> 1;
  return std::clamp((u + added + half) >> p.fraction, range.low, range.high);
}

}  // namespace

template <class T>
std::vector<T> RandomData(std::mt19937* random, int bits, int64_t count) {
  const auto range = requantization::DataRange<T>(bits);
  std::vector<T> values(static_cast<size_t>(count));
  for (T& value : values) value = static_cast<T>(Uniform(random, range.low, range.high));
  return values;
}

std::vector<float> RandomFloats(std::mt19937* random, double low, double high, int64_t count) {
  std::vector<float> values(static_cast<size_t>(count));
  FillUniform(random, 1.0, &values);
  for (float& value : values) {
    value = static_cast<float>(low + (high - low) * (0.5 + 0.5 * double{value}));
  }
  return values;
}

template <class T>
std::vector<int32_t> CentredChannelsFirst(const Geometry& g, const std::vector<T>& x,
                                          const std::vector<T>& zero_point) {
  std::vector<int32_t> centred(x.size());
  const int64_t channels = g.groups * g.in_channels, plane = g.in_height * g.in_width;
  for (size_t i = 0; i < x.size(); ++i) {
    const auto at = static_cast<int64_t>(i);
    const int64_t c = at % channels, pixel = at / channels;
    centred[static_cast<size_t>((pixel / plane * channels + c) * plane + pixel % plane)] =
        x[i] - Of(zero_point, c);
  }
  return centred;
}

template <class T>
RequantizationProblem<T>::RequantizationProblem(const Geometry& g, const RequantizationKind& of,
                                                double mean, double deviation, uint32_t seed)
    : random(seed), geometry(g), kind(of), fraction(of.bits > 12 ? 0 : 3) {
  const auto range = requantization::DataRange<T>(kind.bits);
  const int64_t outputs = g.groups * g.out_channels;
  const int64_t values = g.batch * g.out_height * g.out_width * outputs;
  const int64_t each = kind.per_channel ? outputs : 1;
  z = RandomData<T>(&random, kind.bits, has_tensors() ? values : 1);
  r = RandomData<T>(&random, kind.bits, has_tensors() ? values : 1);
  z_zero_point = RandomData<T>(&random, kind.bits, each);
  r_zero_point = RandomData<T>(&random, kind.bits, each);
  table_size = int64_t{range.high - range.low + 1} << fraction;
  if (fraction > 0) table_size = std::min<int64_t>(4096, table_size);
  const auto size = static_cast<double>(table_size);
  offset.assign(static_cast<size_t>(each), static_cast<int32_t>(mean));
  const double step = size / (6.0 * std::max(1.0, deviation));
  multiplier = RandomFloats(&random, -step, step, each);
  bias = RandomFloats(&random, 0.4 * size, 0.6 * size, each);
  z_multiplier = RandomFloats(&random, -2.0, 2.0, each);
  r_multiplier = RandomFloats(&random, -3.0, 3.0, each);
  if (!adds()) z_multiplier = r_multiplier = {0.0F};
  table.resize(static_cast<size_t>((kind.lookup ? each : 1) * table_size));
  const int32_t low = range.low * (1 << fraction);
  for (size_t i = 0; i < table.size(); ++i) {
    const auto t = static_cast<int32_t>(static_cast<int64_t>(i) % table_size);
    table[i] = static_cast<int16_t>(kind.lookup ? low + Uniform(&random, 0, table_size - 1)
                                                : std::max(low + t, low + 100));
  }
}

template <class T>
requantization::Parameters<T> RequantizationProblem<T>::Parameters() const {
  return {kind.bits,
          fraction,
          ValuesOf(offset),
          ValuesOf(multiplier),
          ValuesOf(bias),
          ValuesOf(z_zero_point),
          ValuesOf(z_multiplier),
          ValuesOf(r_zero_point),
          ValuesOf(r_multiplier),
          table.data(),
          static_cast<int64_t>(table.size()) / table_size,
          table_size};
}

template <class T>
void RequantizationProblem<T>::TellSumsApart() {
  multiplier = {1.0F};
  bias = z_multiplier = r_multiplier = {0.0F};
  table_size = 100;
  table.resize(100);
  const auto range = requantization::DataRange<T>(kind.bits);
  for (int t = 0; t < 100; ++t) {
    const int32_t y = range.low + t % (range.high - range.low + 1);
    table[static_cast<size_t>(t)] = static_cast<int16_t>(y * (1 << fraction));
  }
}

template <class T>
void RequantizationProblem<T>::SetTruth(const std::vector<double>& sums) {
  const int64_t outputs = geometry.groups * geometry.out_channels;
  const int64_t plane = geometry.out_height * geometry.out_width;
  truth.resize(sums.size());
  for (size_t i = 0; i < truth.size(); ++i) {
    const auto at = static_cast<int64_t>(i);
    const int64_t o = at % outputs, pixel = at / outputs;
    const double sum =
        sums[static_cast<size_t>((pixel / plane * outputs + o) * plane + pixel % plane)];
    const auto d = static_cast<int32_t>(Of(offset, o) + sum);
    truth[i] = Requantize(*this, d, o, z[has_tensors() ? i : 0], r[has_tensors() ? i : 0]);
  }
}

template <class T>
GuardedConstants<T>::GuardedConstants(const Requantization<T>& q, int64_t padded_outputs,
                                      int64_t table_values, Side side)
    : offset_(Guard(q.offset, padded_outputs, side)),
      z_zero_point_(Guard(q.z_zero_point, padded_outputs, side)),
      r_zero_point_(Guard(q.r_zero_point, padded_outputs, side)),
      table_offset_(Guard(q.table_offset, padded_outputs, side)),
      multiplier_(Guard(q.multiplier, padded_outputs, side)),
      bias_(Guard(q.bias, padded_outputs, side)),
      z_multiplier_(Guard(q.z_multiplier, padded_outputs, side)),
      r_multiplier_(Guard(q.r_multiplier, padded_outputs, side)),
      outputs_(Guard(q.outputs, table_values, side)),
      table_(Guard(q.table, table_values, side)),
      constants_(q) {
  constants_.offset = offset_.data();
  constants_.z_zero_point = z_zero_point_.data();
  constants_.r_zero_point = r_zero_point_.data();
  constants_.table_offset = table_offset_.data();
  constants_.multiplier = multiplier_.data();
  constants_.bias = bias_.data();
  constants_.z_multiplier = z_multiplier_.data();
  constants_.r_multiplier = r_multiplier_.data();
  constants_.outputs = outputs_.data();
  constants_.table = table_.data();
}

#define ADDERSR_INSTANTIATE(T)                                                               \
  template std::vector<T> RandomData(std::mt19937*, int, int64_t);                           \
  template std::vector<int32_t> CentredChannelsFirst(const Geometry&, const std::vector<T>&, \
                                                     const std::vector<T>&);                 \
  template struct RequantizationProblem<T>;                                                  \
  template class GuardedConstants<T>;
ADDERSR_INSTANTIATE(uint8_t)
ADDERSR_INSTANTIATE(int16_t)
#undef ADDERSR_INSTANTIATE

}  // namespace addersr::test
