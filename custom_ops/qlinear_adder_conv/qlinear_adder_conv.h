// QLinearAdderConv: an adder layer in integers, channels-last, with its requantisation.
// SPECIFICATION.md defines every bit of the result.
//
// Contract of everything in this folder:
//   - The caller resolves a Geometry once per shape, packs the layer once per model, and then runs
//     the independent work items [0, item_count) in any order and on any threads.
//   - Kernels allocate nothing, start no threads, throw nothing; scratch memory comes from the
//     caller, and nothing outside the given buffers is read or written.
//   - X, Z, R and Y are dense NHWC of T (uint8_t or int16_t); W is OIHW. Padded taps are the zero
//     points of their channels, and count.
//   - Results are equal, bit for bit, on every instruction set and wherever a pixel lies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "custom_ops/convolution/geometry.h"
#include "custom_ops/qlinear_adder_conv/kernel.h"
#include "custom_ops/requantization/packed.h"

namespace addersr::qlinear_adder_conv {

using convolution::Geometry;

using requantization::Values;

// What a node says beside its tensors X, Z and R. Names and meanings as in SPECIFICATION.md.
template <class T>
struct Parameters : requantization::Parameters<T> {
  const T* w;              // [O, C/group, kh, kw]
  Values<T> x_zero_point;  // of the C input channels
};

// Empty, or the sentence that says which value is out of its range and what was expected.
template <class T>
std::string Check(const Geometry& geometry, const Parameters<T>& parameters);

// A layer in the order in which one kernel reads it. Belongs to the kernel it was packed for.
template <class T>
class PackedLayer {
 public:
  // `parameters` must have passed Check. `adds` says whether calls come with a tensor R, or with a
  // value other than its zero point. Throws std::bad_alloc only.
  PackedLayer(const Kernel<T>& kernel, const Geometry& geometry, const Parameters<T>& parameters,
              bool adds);
  PackedLayer(PackedLayer&&) = default;

  const Kernel<T>& kernel() const { return *kernel_; }
  const requantization::Requantization<T>& requantization() const {
    return requantization_.constants();
  }
  const T* panels(int64_t group) const { return panels_.data() + group * panel_values_; }
  // A padded pixel of a group, [padded channels].
  const T* padding(int64_t group) const { return padding_.data() + group * padded_channels_; }
  int64_t padded_channels() const { return padded_channels_; }
  // Per group, in all arrays of the requantisation.
  int64_t padded_outputs() const { return requantization_.padded_outputs(); }
  // Steps after which a narrow accumulator must be emptied.
  int flush_steps() const { return flush_steps_; }

 private:
  void PackPanels(const Geometry& g, const T* w);
  void PackPadding(const Geometry& g, const Values<T>& zero_point);

  const Kernel<T>* kernel_;
  int64_t padded_channels_;
  requantization::Packed<T> requantization_;
  int64_t panel_values_;
  int flush_steps_;
  std::vector<T> panels_, padding_;
};

template <class T>
struct Job {
  const Geometry* geometry;
  const PackedLayer<T>* layer;
  const T* x;  // [N, H, W, C]
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
template <class T>
void RunItem(const Job<T>& job, int64_t item, void* scratch) noexcept;

// The kernel for a layer of this shape (channels and filter; sizes do not matter) and data of so
// many bits: the fastest one that this CPU runs, or the one of the forced instruction set. Returns
// nullptr and fills `error` when ADDERSR_FORCE_ISA cannot be served. Throws std::bad_alloc only.
template <class T>
const Kernel<T>* SelectKernel(const Geometry& geometry, int bits, std::string* error);

// What a report needs to know about a kernel.
struct KernelInfo {
  const char* isa;
  const char* name;
  bool supported;
  uint64_t calls;  // counted inside the kernel
};
std::vector<KernelInfo> Kernels();

}  // namespace addersr::qlinear_adder_conv
