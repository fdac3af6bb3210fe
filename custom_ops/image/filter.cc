#include <cstdlib>

#include "custom_ops/image/image.h"

namespace addersr::image {
namespace {

constexpr int32_t kUnit = 1 << 14;
// So that enlarged chroma stays in int16.
constexpr int32_t kMaxMagnitude = 3 << 13;

}  // namespace

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
