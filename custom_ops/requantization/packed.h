// The requantisation of a layer in the order in which kernels read it.
#pragma once

#include <vector>

#include "custom_ops/requantization/parameters.h"
#include "custom_ops/requantization/requantization.h"

namespace addersr::requantization {

template <class T>
class Packed {
 public:
  // Outputs are padded in each of `groups` groups to a multiple of `lanes`. `parameters` must have
  // passed Check. `adds` says whether calls come with a tensor R, or with a value other than its
  // zero point; `largest_sum` is the most that is added to or taken from an offset. Throws
  // std::bad_alloc only.
  Packed(int64_t groups, int64_t group_outputs, int lanes, const Parameters<T>& parameters,
         bool adds, double largest_sum);
  Packed(Packed&&) = default;

  const Requantization<T>& constants() const { return constants_; }
  // Per group, in all arrays.
  int64_t padded_outputs() const { return padded_outputs_; }
  // Adds a constant of the kernel to the offset of one output of a group.
  void AddToOffset(int64_t group, int64_t output, int32_t value) {
    offset_[static_cast<size_t>(group * padded_outputs_ + output)] += value;
  }

 private:
  void PackActivation(int64_t groups, int64_t group_outputs, const Parameters<T>& p, bool adds);

  int64_t padded_outputs_;
  std::vector<int32_t> offset_, z_zero_point_, r_zero_point_, table_offset_;
  std::vector<float> multiplier_, bias_, z_multiplier_, r_multiplier_;
  std::vector<T> outputs_;
  std::vector<int16_t> table_;
  Requantization<T> constants_{};
};

// What a residual of a single value adds per output, from the output `first` of the arrays on, for
// `count` outputs. Null when it adds nothing; else `term`, filled.
template <class T>
const float* ZTerm(const Requantization<T>& constants, int64_t first, int64_t count, T z,
                   float* term) noexcept;
template <class T>
const int32_t* RTerm(const Requantization<T>& constants, int64_t first, int64_t count, T r,
                     int32_t* term) noexcept;

}  // namespace addersr::requantization
