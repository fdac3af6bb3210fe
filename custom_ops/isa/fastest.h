// Finds the fastest of several equal ways to do something, by a short measurement.
#pragma once

#include <algorithm>
#include <chrono>
#include <limits>
#include <vector>

namespace addersr::isa {

// The index of the fastest of `count` candidates; run(i) runs one. They run in turns, so that a
// busy moment of the machine slows all of them, and the best run of each counts.
template <typename Run>
size_t Fastest(size_t count, const Run& run) {
  std::vector<double> best(count, std::numeric_limits<double>::infinity());
  for (int turn = 0; turn < 15; ++turn) {
    for (size_t i = 0; i < count; ++i) {
      const auto start = std::chrono::steady_clock::now();
      run(i);
      const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
      best[i] = std::min(best[i], elapsed.count());
    }
  }
  return static_cast<size_t>(std::min_element(best.begin(), best.end()) - best.begin());
}

}  // namespace addersr::isa
