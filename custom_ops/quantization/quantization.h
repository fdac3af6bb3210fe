// The borders of an integer network: SPECIFICATION.md defines every bit of the three ops.
//
// Contract of everything in this folder: the caller packs the parameters of a call, and runs the
// independent work items [0, item count) in any order and on any threads. Kernels allocate nothing,
// start no threads, throw nothing. Tensors are dense; T, X and Y are uint8_t or int16_t.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "custom_ops/quantization/kernel.h"
#include "custom_ops/requantization/parameters.h"

namespace addersr::quantization {

using requantization::Values;

constexpr int64_t kMostBlock = 8;

struct Shape {
  int64_t batch, height, width, channels;  // of the tensor in integers
};

// The parameters of some channels in the order in which a kernel reads them.
class Parameters {
 public:
  Parameters(const Kernel& kernel, int64_t channels, const Values<float>& multiplier);

  // Each is to be called once at most, before the first pattern is asked for.
  template <class X>
  void SetInput(const Values<X>& zero_point);
  template <class Y>
  void SetOutput(const Values<Y>& zero_point, int bits);

  // Of values of `channels` channels from the channel `first` on, again and again.
  class Recurring {
   public:
    Recurring(const Parameters& of, int64_t first, int64_t channels);
    Pattern pattern() const;

   private:
    int64_t vectors_;
    int32_t low_, high_;
    std::vector<float> multiplier_, least_, most_;
    std::vector<int32_t> x_zero_point_, y_zero_point_;
  };

 private:
  const Kernel* kernel_;
  std::vector<float> multiplier_;
  std::vector<int32_t> x_zero_point_, y_zero_point_;
  int32_t low_ = 0, high_ = 0;
};

// Empty, or the sentence that says what is wrong with parameters of C channels and what was
// expected.
std::string CheckMultiplier(const char* op, const Values<float>& multiplier, int64_t channels);
template <class T>
std::string CheckOutput(const char* op, const char* name, const Values<T>& zero_point, int bits,
                        int64_t channels);

template <class T>
struct QuantizeJob {
  const Kernel* kernel;
  Shape shape;
  const Parameters::Recurring* parameters;  // of all channels
  const float* x;                           // [N, C, H, W]
  T* y;                                     // [N, H, W, C]
};

template <class T>
struct DequantizeJob {
  const Kernel* kernel;
  Shape shape;
  int64_t block;
  const std::vector<Parameters::Recurring>* parameters;  // of each row of each block
  const T* x;                                            // [N, H, W, C]
  const float* anchor;                                   // [N, C/b², H, W] or one value
  bool anchor_is_one;
  float* y;  // [N, C/b², H·b, W·b]
};

template <class X, class Y>
struct RequantizeJob {
  const Kernel* kernel;
  Shape shape;
  const Parameters::Recurring* parameters;  // of all channels
  const X* x;                               // [N, H, W, C]
  Y* y;
};

// Work items of a call: some rows each. Empty tensors have none.
int64_t ItemCount(const Shape& shape);
// Of Quantize; the other two need none. Aligned to 64.
size_t ScratchBytes(const Shape& shape);

template <class T>
void RunItem(const QuantizeJob<T>& job, int64_t item, void* scratch) noexcept;
template <class T>
void RunItem(const DequantizeJob<T>& job, int64_t item) noexcept;
template <class X, class Y>
void RunItem(const RequantizeJob<X, Y>& job, int64_t item) noexcept;

// The kernel for new nodes: the fastest one that this CPU runs, or the one of the forced
// instruction set. Returns nullptr and fills `error` when ADDERSR_FORCE_ISA cannot be served.
const Kernel* SelectKernel(std::string* error);

// What a report needs to know about a kernel.
struct KernelInfo {
  const char* isa;
  const char* name;
  bool supported;
  uint64_t calls;  // counted inside the kernel
};
std::vector<KernelInfo> Kernels();

}  // namespace addersr::quantization
