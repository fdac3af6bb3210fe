// The only place of these tests that calls the ops that quantise: every buffer is exactly as large
// as the contract says and lies at a guard page.
#pragma once

#include <vector>

#include "custom_ops/quantization/quantization.h"
#include "guarded_buffer.h"

namespace addersr::test {

// Every kernel of kernels.inc that this CPU runs; the portable one is the last.
std::vector<const quantization::Kernel*> SupportedQuantizationKernels();

// Buffers with fewer elements than the contract asks for, to show that the guard pages notice.
struct MissingInCall {
  size_t x = 0, y = 0, scratch = 0, anchor = 0;
};

// One call of each op: tensors, parameters, and what is right.

template <class T>
struct QuantizeProblem {
  QuantizeProblem(const quantization::Shape& shape, int bits, bool per_channel, uint32_t seed);
  void Solve();  // computes `truth` again, after a change
  std::vector<T> Run(const quantization::Kernel& kernel, Side side,
                     MissingInCall missing = {}) const;
  // The kernel's loop alone, over all values but the last `less`, with a pattern in buffers of its
  // own.
  std::vector<T> RunLoop(const quantization::Kernel& kernel, Side side, size_t less = 0,
                         size_t missing_pattern = 0) const;

  quantization::Shape shape;
  int bits;
  std::vector<float> x, multiplier;  // X is [N, C, H, W]
  std::vector<T> zero_point;
  std::vector<T> truth;  // [N, H, W, C]
};

template <class T>
struct DequantizeProblem {
  DequantizeProblem(const quantization::Shape& shape, int64_t block, bool per_channel, bool anchors,
                    uint32_t seed);
  std::vector<float> Run(const quantization::Kernel& kernel, Side side,
                         MissingInCall missing = {}) const;

  quantization::Shape shape;
  int64_t block;
  std::vector<T> x, zero_point;
  std::vector<float> multiplier, anchor;
  std::vector<float> truth;  // [N, C/b², H·b, W·b]
};

template <class X, class Y>
struct RequantizeProblem {
  RequantizeProblem(const quantization::Shape& shape, int bits, bool per_channel, uint32_t seed);
  void Solve();
  std::vector<Y> Run(const quantization::Kernel& kernel, Side side,
                     MissingInCall missing = {}) const;

  quantization::Shape shape;
  int bits;
  std::vector<X> x, x_zero_point;
  std::vector<float> multiplier;
  std::vector<Y> y_zero_point;
  std::vector<Y> truth;
};

}  // namespace addersr::test
