// The only place of these tests that calls QLinearAdderConv: every buffer is exactly as large as
// the contract says and lies at a guard page.
#pragma once

#include <vector>

#include "convolution_cases.h"
#include "custom_ops/qlinear_adder_conv/qlinear_adder_conv.h"
#include "guarded_buffer.h"
#include "requantization_problem.h"

namespace addersr::test {

// Every kernel for T of kernels.inc that this CPU runs.
template <class T>
std::vector<const qlinear_adder_conv::Kernel<T>*> SupportedQLinearKernels();

// One call: its tensors and parameters, and what is right.
template <class T>
struct QLinearProblem : RequantizationProblem<T> {
  QLinearProblem(const ConvolutionCase& one, const RequantizationKind& kind, uint32_t seed);

  // Buffers with fewer elements than the contract asks for, to show that the guard pages notice.
  struct Missing {
    size_t x = 0, z = 0, r = 0, y = 0, scratch = 0;
  };

  // Packs the layer and runs all items of the call, in reverse order for Side::kBegin.
  std::vector<T> Run(const qlinear_adder_conv::Kernel<T>& kernel, Side side,
                     Missing missing = {}) const;

  // Runs the kernel alone over the first pixels of a window of random values, with the packed
  // filter, the tables and all parameters in buffers of their own.
  std::vector<T> RunRow(const qlinear_adder_conv::Kernel<T>& kernel, Side side,
                        size_t missing_panels = 0) const;

  qlinear_adder_conv::Parameters<T> Parameters() const;

  std::vector<T> x, w, x_zero_point;
};

}  // namespace addersr::test
