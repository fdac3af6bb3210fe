// QLinearFusedConv: a convolution in integers, channels-last, with its requantisation.
// SPECIFICATION.md defines every bit of the result.
//
// The contract is that of qlinear_adder_conv.h. X is dense NHWC of X (uint8_t or int16_t); Z, R and
// Y are of T (likewise); W is OIHW of int16_t. Padded taps are the zero points of their channels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "custom_ops/convolution/geometry.h"
#include "custom_ops/qlinear_fused_conv/kernel.h"
#include "custom_ops/requantization/packed.h"

namespace addersr::qlinear_fused_conv {

using convolution::Geometry;
using requantization::Values;

// What a node says beside its tensors X, Z and R. Names and meanings as in SPECIFICATION.md.
template <class X, class T>
struct Parameters : requantization::Parameters<T> {
  int x_bits;
  const int16_t* w;        // [O, C/group, kh, kw]
  Values<X> x_zero_point;  // of the C input channels
};

// Empty, or the sentence that says which value is out of its range and what was expected.
template <class X, class T>
std::string Check(const Geometry& geometry, const Parameters<X, T>& parameters);

// A layer in the order in which one kernel reads it. Belongs to the kernel it was packed for.
template <class T>
class PackedLayer {
 public:
  // `parameters` must have passed Check. `adds` says whether calls come with a tensor R, or with a
  // value other than its zero point. Throws std::bad_alloc only.
  template <class X>
  PackedLayer(const Kernel<T>& kernel, const Geometry& geometry, const Parameters<X, T>& parameters,
              bool adds);
  PackedLayer(PackedLayer&&) = default;

  const Kernel<T>& kernel() const { return *kernel_; }
  const requantization::Packed<T>& requantization() const { return requantization_; }
  const std::vector<Panel>& panels() const { return panels_; }
  const int16_t* weights(int64_t group) const { return weights_.data() + group * group_weights_; }
  // A padded pixel of a group, [channels of the group].
  const int16_t* padding(int64_t group) const { return padding_.data() + group * channels_; }

 private:
  void PlanPanels(const Geometry& g);
  void PackWeights(const Geometry& g, const int16_t* w);

  const Kernel<T>* kernel_;
  int64_t channels_;
  requantization::Packed<T> requantization_;
  int64_t group_weights_ = 0;
  std::vector<Panel> panels_;
  std::vector<int16_t> weights_, padding_;
};

template <class X, class T>
struct Job {
  const Geometry* geometry;
  const PackedLayer<T>* layer;
  const X* x;  // [N, H, W, C]
  // Residuals [N, OH, OW, O], or one value when the flag says so.
  const T* z;
  const T* r;
  bool z_is_one, r_is_one;
  T* y;  // [N, OH, OW, O]
};

// Number of independent work items of a call (0 for an empty output).
int64_t ItemCount(const Geometry& geometry);

// Scratch that one running item needs, in bytes; it must be aligned to 64.
template <class T>
size_t ScratchBytes(const Geometry& geometry, const Kernel<T>& kernel);

// Computes one item.
template <class X, class T>
void RunItem(const Job<X, T>& job, int64_t item, void* scratch) noexcept;

// The kernel for new layers with output of T: the fastest one that this CPU runs, or the one of the
// forced instruction set. Returns nullptr and fills `error` when ADDERSR_FORCE_ISA cannot be
// served.
template <class T>
const Kernel<T>* SelectKernel(std::string* error);

// What a report needs to know about a kernel.
struct KernelInfo {
  const char* isa;
  const char* name;
  bool supported;
  uint64_t calls;  // counted inside the kernel
};
std::vector<KernelInfo> Kernels();

}  // namespace addersr::qlinear_fused_conv
