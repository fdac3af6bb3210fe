// AdderConv, fp32: Y[n,o] = B[o] - sum over taps |X - W|  (AdderNet, CVPR 2020, eq. 2), and
// FusedAdderConv, which is the same with an epilogue (packed_epilogue.h).
//
// Contract of everything in this folder:
//   - The caller resolves a Geometry once per shape, packs the filter once per model, and then runs
//     the independent work items [0, item_count) in any order and on any threads.
//   - Kernels allocate nothing, start no threads, throw nothing; scratch memory comes from the
//   caller.
//   - X and Y are dense float32, NCHW or NHWC, and W is OIHW. Padded taps are zeros and count: they
//   add -|w|.
//   - A pixel's sum is formed in one fixed order, wherever the pixel lies in the image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "custom_ops/convolution/geometry.h"

namespace addersr::adder_conv {

using convolution::Geometry;
using convolution::Layout;

struct Kernel;

// A filter in the order in which one kernel reads it. Belongs to the kernel it was packed for.
class PackedFilter {
 public:
  // `w` holds groups * out_channels * taps floats. Throws std::bad_alloc only.
  PackedFilter(const Kernel& kernel, const Geometry& geometry, const float* w);

  const Kernel& kernel() const { return *kernel_; }
  const float* panels(int64_t group) const { return panels_.data() + group * panel_floats_; }
  // Sum of the weights of one filter, the constant of the max form.
  const float* sums(int64_t group) const { return sums_.data() + group * out_channels_; }

 private:
  const Kernel* kernel_;
  int64_t out_channels_;
  int64_t panel_floats_;
  std::vector<float> panels_;
  std::vector<float> sums_;
};

class PackedEpilogue;

// A tensor that is added: of the shape and layout of Y, or one value for all of it.
struct Residual {
  const float* data;
  bool is_whole;
};

struct Job {
  const Geometry* geometry;
  const PackedFilter* filter;
  Layout layout;
  const float* x;  // batch * groups * in_channels * in_height * in_width
  float* y;        // batch * groups * out_channels * out_height * out_width
  // AdderConv has a bias, groups * out_channels, and FusedAdderConv the rest; the other is null.
  const float* bias;
  const PackedEpilogue* epilogue;
  Residual z, r;
};

// Number of independent work items of a call (0 for an empty output).
int64_t ItemCount(const Geometry& geometry);

// Scratch that one running item needs, in floats.
size_t ScratchFloats(const Job& job);

// Computes one item. `scratch` holds ScratchFloats(job) floats, aligned to a cache line.
void RunItem(const Job& job, int64_t item, float* scratch) noexcept;

// The kernel for new filters: the best one this CPU runs, or the one of the forced instruction set.
// Returns nullptr and fills `error` when ADDERSR_FORCE_ISA cannot be served.
const Kernel* SelectKernel(std::string* error);

// What a report needs to know about a kernel.
struct KernelInfo {
  const char* isa;
  const char* name;
  bool supported;
  uint64_t calls;  // counted inside the kernel
};
std::vector<KernelInfo> Kernels();
const char* KernelIsa(const Kernel& kernel);

}  // namespace addersr::adder_conv
