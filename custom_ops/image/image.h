// The borders of a luma network: SPECIFICATION.md defines every bit of the two ops.
//
// Contract of everything in this folder: the caller runs the independent work items [0, item count)
// in any order and on any threads. Kernels allocate nothing, start no threads, throw nothing.
// Tensors are dense.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "custom_ops/image/kernel.h"

namespace addersr::image {

constexpr int64_t kMostScale = 8;

struct Shape {
  int64_t batch, height, width;  // of X
};

struct LumaJob {
  const Kernel* kernel;
  Shape shape;
  const uint8_t* x;  // [N, H, W, 3]
  float* y;          // [N, 1, H, W]
};

struct RgbJob {
  const Kernel* kernel;
  Shape shape;
  int64_t scale;
  const float* y;         // [N, 1, s·H, s·W]
  const uint8_t* x;       // [N, H, W, 3]
  const int16_t* filter;  // [s, 5]
  uint8_t* z;             // [N, s·H, s·W, 3]
};

// Empty, or the sentence that says what is wrong with the filter [rows, 5] of a node of `op`.
std::string CheckFilter(const char* op, const int16_t* filter, int64_t rows);

// Keys' cubic (a = -0.5) for an enlargement by `scale`, 1 to kMostScale: what filter.py's
// cubic_filter gives, [scale, kTaps].
const int16_t* CubicFilter(int64_t scale);

// Work items of a call of either op: some rows of X each. Empty tensors have none.
int64_t ItemCount(const Shape& shape);
// Of LumaToRgb; RgbToLuma needs none. Aligned to 64.
size_t ScratchBytes(const Shape& shape, int64_t scale);

void RunItem(const LumaJob& job, int64_t item) noexcept;
void RunItem(const RgbJob& job, int64_t item, void* scratch) noexcept;

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

}  // namespace addersr::image
