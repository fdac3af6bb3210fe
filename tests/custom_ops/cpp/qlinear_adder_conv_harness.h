// The only place of these tests that calls QLinearAdderConv: every buffer is exactly as large as
// the contract says and lies at a guard page.
#pragma once

#include <string>
#include <vector>

#include "convolution_cases.h"
#include "custom_ops/qlinear_adder_conv/qlinear_adder_conv.h"
#include "guarded_buffer.h"

namespace addersr::test {

// Every kernel for T of kernels.inc that this CPU runs.
template <class T>
std::vector<const qlinear_adder_conv::Kernel<T>*> SupportedQLinearKernels();

// What follows the sums.
struct QLinearKind {
  std::string name;
  int bits;
  bool lookup;       // a table that is no ramp, one for each output
  bool residuals;    // tensors Z and R
  bool per_channel;  // parameters
};

// One call: its tensors and parameters, and what is right.
template <class T>
struct QLinearProblem {
  QLinearProblem(const ConvolutionCase& one, const QLinearKind& kind, uint32_t seed);

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

  convolution::Geometry geometry;
  QLinearKind kind;
  std::vector<T> x, w, z, r, x_zero_point, z_zero_point, r_zero_point;
  std::vector<int32_t> offset;
  std::vector<float> multiplier, bias, z_multiplier, r_multiplier;
  std::vector<int16_t> table;
  int64_t table_size;
  std::vector<double> truth;  // [N, OH, OW, O]
};

}  // namespace addersr::test
