// What the tests of the layers in integers share: a random requantisation, and what is right
// according to custom_ops/requantization/SPECIFICATION.md, in plain scalar C++.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "convolution_cases.h"
#include "custom_ops/requantization/parameters.h"
#include "custom_ops/requantization/requantization.h"
#include "guarded_buffer.h"

namespace addersr::test {

enum class Residuals {
  kNone,     // two values that add nothing
  kValues,   // one value for all of Z, and one for all of R
  kTensors,  // Z and R of the size of Y
};

// What follows the sums.
struct RequantizationKind {
  std::string name;
  int bits;
  bool lookup;  // a table that is no ramp
  Residuals residuals;
  bool per_channel;  // parameters
};

// One value for all channels, or one per channel.
template <class V>
V Of(const std::vector<V>& values, int64_t channel) {
  return values[values.size() == 1 ? 0 : static_cast<size_t>(channel)];
}

template <class V>
requantization::Values<V> ValuesOf(const std::vector<V>& values) {
  return {values.data(), static_cast<int64_t>(values.size())};
}

// Any values that data of so many bits may have.
template <class T>
std::vector<T> RandomData(std::mt19937* random, int bits, int64_t count);
std::vector<float> RandomFloats(std::mt19937* random, double low, double high, int64_t count);

// X [N, H, W, C] minus the zero points of its channels as [N, C, H, W].
template <class T>
std::vector<int32_t> CentredChannelsFirst(const convolution::Geometry& g, const std::vector<T>& x,
                                          const std::vector<T>& zero_point);

template <class T>
struct RequantizationProblem {
  // For sums around -`mean` with this deviation, so that outputs spread over their range.
  RequantizationProblem(const convolution::Geometry& g, const RequantizationKind& kind, double mean,
                        double deviation, uint32_t seed);

  requantization::Parameters<T> Parameters() const;
  bool adds() const { return kind.residuals != Residuals::kNone; }
  bool has_tensors() const { return kind.residuals == Residuals::kTensors; }

  // Instead of a random layer one whose outputs tell integers from 0 to 99 from their neighbours:
  // for tests of sums. The offsets are the caller's to set.
  void TellSumsApart();

  // From what is added to the offsets, [N, O, OH, OW], to `truth`.
  void SetTruth(const std::vector<double>& sums);

  std::mt19937 random;  // what a layer draws its own values from
  convolution::Geometry geometry;
  RequantizationKind kind;
  int fraction;
  std::vector<int32_t> offset;
  std::vector<float> multiplier, bias, z_multiplier, r_multiplier;
  std::vector<T> z, r, z_zero_point, r_zero_point;
  std::vector<int16_t> table;
  int64_t table_size;
  std::vector<double> truth;  // [N, OH, OW, O]
};

// The constants of the first group of a packed layer, each array in a buffer of its own.
template <class T>
class GuardedConstants {
 public:
  GuardedConstants(const requantization::Requantization<T>& packed, int64_t padded_outputs,
                   int64_t table_values, Side side);

  const requantization::Requantization<T>& constants() const { return constants_; }

 private:
  GuardedBuffer<int32_t> offset_, z_zero_point_, r_zero_point_, table_offset_;
  GuardedBuffer<float> multiplier_, bias_, z_multiplier_, r_multiplier_;
  GuardedBuffer<T> outputs_;
  GuardedBuffer<int16_t> table_;
  requantization::Requantization<T> constants_;
};

// A copy of `count` values at `from` at a guard page; none where `from` is null.
template <class V>
GuardedBuffer<V> Guard(const V* from, int64_t count, Side side) {
  return GuardedBuffer<V>(from == nullptr ? std::vector<V>() : std::vector<V>(from, from + count),
                          side);
}

}  // namespace addersr::test
