#include <array>
#include <cmath>
#include <cstdlib>

#include "custom_ops/image/image.h"

namespace addersr::image {
namespace {

constexpr int32_t kUnit = 1 << 14;
// So that enlarged chroma stays in int16.
constexpr int32_t kMaxMagnitude = 3 << 13;

double Keys(double distance) {
  const double d = std::abs(distance);
  if (d <= 1) return 1.5 * d * d * d - 2.5 * d * d + 1;
  return d < 2 ? -0.5 * d * d * d + 2.5 * d * d - 4 * d + 2 : 0;
}

using Filter = std::array<int16_t, kMostScale * kTaps>;

Filter MakeCubicFilter(int64_t scale) {
  Filter filter{};
  for (int64_t p = 0; p < scale; ++p) {
    int16_t* const row = &filter[static_cast<size_t>(p * kTaps)];
    const double position = (static_cast<double>(p) + 0.5) / static_cast<double>(scale) - 0.5;
    int32_t rest = kUnit;
    int largest = 0;
    for (int k = 0; k < kTaps; ++k) {
      row[k] = static_cast<int16_t>(std::nearbyint(Keys(k - kTaps / 2 - position) * kUnit));
      rest -= row[k];
      if (row[k] > row[largest]) largest = k;
    }
    // What rounding leaves goes to the largest weight, where it matters least.
    row[largest] = static_cast<int16_t>(row[largest] + rest);
  }
  return filter;
}

}  // namespace

const int16_t* CubicFilter(int64_t scale) {
  static const auto filters = [] {
    std::array<Filter, kMostScale> all;
    for (int64_t s = 1; s <= kMostScale; ++s) all[static_cast<size_t>(s - 1)] = MakeCubicFilter(s);
    return all;
  }();
  return filters[static_cast<size_t>(scale - 1)].data();
}

std::string CheckFilter(const char* op, const int16_t* filter, int64_t rows) {
  const std::string expects = std::string(op) + " expects ";
  if (rows < 1 || rows > kMostScale) {
    return expects + "filter of 1 to " + std::to_string(kMostScale) + " rows, got " +
           std::to_string(rows) + ".";
  }
  for (int64_t p = 0; p < rows; ++p) {
    int32_t sum = 0, magnitude = 0;
    for (int k = 0; k < kTaps; ++k) {
      const int32_t weight = filter[p * kTaps + k];
      sum += weight;
      magnitude += std::abs(weight);
    }
    const std::string row = " in row " + std::to_string(p) + ".";
    if (sum != kUnit) {
      return expects + "each row of filter to sum up to " + std::to_string(kUnit) + ", got " +
             std::to_string(sum) + row;
    }
    if (magnitude > kMaxMagnitude) {
      return expects + "the magnitudes of each row of filter to sum up to " +
             std::to_string(kMaxMagnitude) + " at most, got " + std::to_string(magnitude) + row;
    }
  }
  return {};
}

}  // namespace addersr::image
