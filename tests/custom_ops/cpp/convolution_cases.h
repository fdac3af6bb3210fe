// The shapes and attributes with which the kernels of every op are tested.
#pragma once

#include <cstdint>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "custom_ops/convolution/geometry.h"

namespace addersr::test {

struct ConvolutionCase {
  std::string name;  // letters, digits and underscores
  int64_t x[4];      // N, C, H, W
  int64_t w[4];      // O, C/group, kh, kw
  convolution::Attributes attributes = {};

  // All sizes of the call; ends the program if the case is none.
  convolution::Geometry geometry() const;
};
std::ostream& operator<<(std::ostream& out, const ConvolutionCase& one);

// The fixed list: every border of tiles, panels and images that is known to matter.
const std::vector<ConvolutionCase>& ConvolutionCases();

// Any small valid case; the same for the same state of `random`.
ConvolutionCase RandomConvolutionCase(std::mt19937* random);

// How many random cases a test tries: the environment variable ADDERSR_RANDOM_CASES, else 300.
// Emulators are slow.
int RandomCaseCount();

// A whole number from `low` to `high`, both included.
int64_t Uniform(std::mt19937* random, int64_t low, int64_t high);

// Fills `values` with numbers from -limit to limit, of both signs, spread evenly.
template <typename Buffer>
void FillUniform(std::mt19937* random, double limit, Buffer* values) {
  for (auto& value : *values) {
    const double unit = 2.0 * static_cast<double>((*random)()) / std::mt19937::max() - 1.0;
    value = static_cast<std::decay_t<decltype(value)>>(unit * limit);
  }
}

}  // namespace addersr::test
