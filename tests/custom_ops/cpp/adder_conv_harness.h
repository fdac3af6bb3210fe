// The only place of these tests that calls AdderConv: every buffer is exactly as large as the
// contract says and lies at a guard page.
#pragma once

#include <vector>

#include "convolution_cases.h"
#include "custom_ops/adder_conv/adder_conv.h"
#include "custom_ops/adder_conv/kernel.h"
#include "guarded_buffer.h"

namespace addersr::test {

// Every kernel of kernels.inc that this CPU runs.
std::vector<const adder_conv::Kernel*> SupportedKernels();

// Buffers with fewer elements than the contract asks for, to show that the guard pages notice.
struct Missing {
  size_t x = 0, bias = 0, y = 0, scratch = 0, panels = 0;
};

// One call of AdderConv: the inputs, what is right, and how far from it float32 may be.
struct AdderConvProblem {
  AdderConvProblem(const ConvolutionCase& one, uint32_t seed);

  // Packs the filter and runs all items of the call, in reverse order for Side::kBegin.
  std::vector<float> Run(const adder_conv::Kernel& kernel, Side side, Missing missing = {}) const;

  // Runs the kernel alone over the first row of outputs of the first image and group, with the
  // packed filter in a buffer of its own. Result: [pixels][outputs of the group].
  std::vector<float> RunRow(const adder_conv::Kernel& kernel, Side side,
                            Missing missing = {}) const;

  convolution::Geometry geometry;
  std::vector<float> x, w, bias;
  std::vector<double> truth;
  double tolerance;  // as in custom_ops/adder_conv/reference.py, which says why
};

}  // namespace addersr::test
