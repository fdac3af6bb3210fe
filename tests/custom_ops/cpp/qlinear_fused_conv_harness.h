// The only place of these tests that calls QLinearFusedConv: every buffer is exactly as large as
// the contract says and lies at a guard page.
#pragma once

#include <vector>

#include "convolution_cases.h"
#include "custom_ops/qlinear_fused_conv/qlinear_fused_conv.h"
#include "guarded_buffer.h"
#include "requantization_problem.h"

namespace addersr::test {

// Every kernel for outputs of T of kernels.inc that this CPU runs.
template <class T>
std::vector<const qlinear_fused_conv::Kernel<T>*> SupportedConvKernels();

// One call: its tensors and parameters, and what is right.
template <class X, class T>
struct ConvProblem : RequantizationProblem<T> {
  ConvProblem(const ConvolutionCase& one, const RequantizationKind& kind, int x_bits,
              uint32_t seed);

  // Buffers with fewer elements than the contract asks for, to show that the guard pages notice.
  struct Missing {
    size_t x = 0, z = 0, r = 0, y = 0, scratch = 0;
  };

  // Packs the layer and runs all items of the call, in reverse order for Side::kBegin.
  std::vector<T> Run(const qlinear_fused_conv::Kernel<T>& kernel, Side side,
                     Missing missing = {}) const;

  // Runs the kernel alone over the first pixels of a window of random values, the same for every
  // kernel, which ends with the last step of the last run; filter, panels and all parameters are in
  // buffers of their own.
  struct MissingInRow {
    size_t window = 0, weights = 0, panels = 0;
  };
  std::vector<T> RunRow(const qlinear_fused_conv::Kernel<T>& kernel, Side side,
                        MissingInRow missing = {}) const;

  qlinear_fused_conv::Parameters<X, T> Parameters() const;

  // Computes `truth` again, after a change.
  void Solve();

  int x_bits;
  std::vector<X> x, x_zero_point;
  std::vector<int16_t> w;
};

}  // namespace addersr::test
