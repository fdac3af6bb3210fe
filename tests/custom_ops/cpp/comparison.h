// The two comparisons of the kernels' tests.
#pragma once

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

namespace addersr::test {

// What is wrong with `y` against the truth, or an empty string. Integers have a tolerance of 0.
template <typename T>
std::string Compare(const std::vector<double>& truth, const std::vector<T>& y, double tolerance) {
  if (y.size() != truth.size()) return "the wrong number of values";
  for (size_t i = 0; i < y.size(); ++i) {
    const double error = std::abs(static_cast<double>(y[i]) - truth[i]);
    if (!(error <= tolerance)) {  // also when it is NaN: nothing was written
      return "value " + std::to_string(i) + " is off by " + std::to_string(error) + ", tolerance " +
             std::to_string(tolerance);
    }
  }
  return {};
}

template <typename T>
bool BitEqual(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

}  // namespace addersr::test
