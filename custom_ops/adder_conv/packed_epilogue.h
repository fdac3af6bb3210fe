// The epilogue of FusedAdderConv as kernels read it.
#pragma once

#include <string>
#include <vector>

#include "custom_ops/adder_conv/adder_conv.h"

namespace addersr::adder_conv {

struct Epilogue;

// One value for all outputs, or one per output.
struct PerOutput {
  const float* data;
  int64_t count;

  float operator[](int64_t output) const { return data[count == 1 ? 0 : output]; }
};

struct EpilogueParameters {
  PerOutput scale, bias, alpha, slope;
  float clip_min, clip_max;
};

// Parameters padded to the vectors of one kernel. Steps that change nothing are left out.
class PackedEpilogue {
 public:
  // The counts must suit the geometry. Throws std::bad_alloc only.
  PackedEpilogue(const Kernel& kernel, const Geometry& geometry,
                 const EpilogueParameters& parameters);

  // Of one group, without residuals.
  Epilogue OfGroup(int64_t group) const;

 private:
  int64_t padded_;  // outputs of a group
  bool has_power_ = false;
  bool has_slope_ = false;
  float clip_min_, clip_max_;
  std::vector<float> values_;  // per group: scale, bias, two parts of alpha - 1, slope
};

}  // namespace addersr::adder_conv
