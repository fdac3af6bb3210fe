// Attributes and dimensions of ONNX Conv -> Geometry, with every check that memory safety rests on.
#include "custom_ops/convolution/geometry.h"

#include <algorithm>

namespace addersr::convolution {
namespace {

// Larger sizes are refused, so that no product of two of them overflows int64.
constexpr int64_t kMaxSize = int64_t{1} << 30;
// No tensor may hold more elements than this, so that byte counts stay far from overflow.
constexpr int64_t kMaxElements = int64_t{1} << 41;
// The padded input of one output row lies in scratch memory (1 GiB at most): a hostile dilation
// must end in an error, not in an exhausted machine.
constexpr int64_t kMaxWindowElements = int64_t{1} << 28;

std::string Join(const int64_t* values, int count) {
  std::string text = "[";
  for (int i = 0; i < count; ++i) text += (i == 0 ? "" : ", ") + std::to_string(values[i]);
  return text + "]";
}

std::string CheckAttributes(const std::string& op, const Attributes& a) {
  for (int i = 0; i < 2; ++i) {
    if (a.strides[i] < 1 || a.strides[i] > kMaxSize) {
      return op + " expects strides from 1 to 2^30, got " + Join(a.strides, 2) + ".";
    }
    if (a.dilations[i] < 1 || a.dilations[i] > kMaxSize) {
      return op + " expects dilations from 1 to 2^30, got " + Join(a.dilations, 2) + ".";
    }
  }
  for (int64_t pad : a.pads) {
    if (pad < 0 || pad > kMaxSize) {
      return op + " expects pads from 0 to 2^30, got " + Join(a.pads, 4) + ".";
    }
  }
  if (a.group < 1)
    return op + " expects group to be 1 or more, got " + std::to_string(a.group) + ".";
  return {};
}

// Output size and leading pad of one axis; a size below 1 means that the kernel does not fit.
void ResolveAxis(AutoPad auto_pad, int64_t in, int64_t kernel, int64_t stride, int64_t dilation,
                 int64_t pad_begin, int64_t pad_end, int64_t* out, int64_t* pad) {
  const int64_t extent = (kernel - 1) * dilation + 1;
  if (auto_pad == AutoPad::kSameUpper || auto_pad == AutoPad::kSameLower) {
    *out = (in + stride - 1) / stride;
    const int64_t total = std::max<int64_t>(0, (*out - 1) * stride + extent - in);
    *pad = auto_pad == AutoPad::kSameUpper ? total / 2 : total - total / 2;
    return;
  }
  if (auto_pad == AutoPad::kValid) pad_begin = pad_end = 0;
  const int64_t room = in + pad_begin + pad_end - extent;
  *out = room < 0 ? 0 : room / stride + 1;
  *pad = pad_begin;
}

bool ProductFits(const int64_t* sizes, int count, int64_t limit) {
  int64_t product = 1;
  for (int i = 0; i < count; ++i) {
    if (sizes[i] == 0) return true;
  }
  for (int i = 0; i < count; ++i) {
    if (product > limit / sizes[i]) return false;
    product *= sizes[i];
  }
  return true;
}

}  // namespace

std::string Resolve(const char* op_name, const Attributes& a, const int64_t x_dims[4],
                    const int64_t w_dims[4], Geometry* g) {
  const std::string op = op_name;
  std::string error = CheckAttributes(op, a);
  if (!error.empty()) return error;
  for (int i = 0; i < 4; ++i) {
    if (x_dims[i] < 0 || x_dims[i] > kMaxSize || w_dims[i] < 0 || w_dims[i] > kMaxSize) {
      return op + " got dimensions beyond its limit of 2^30: X " + Join(x_dims, 4) + ", W " +
             Join(w_dims, 4) + ".";
    }
  }
  if (w_dims[0] == 0 || w_dims[1] == 0 || w_dims[2] == 0 || w_dims[3] == 0) {
    return op + " expects a filter W without empty dimensions, got " + Join(w_dims, 4) + ".";
  }
  if (w_dims[1] > kMaxSize / a.group || x_dims[1] != w_dims[1] * a.group) {
    return op + " expects X to have W's channels times group = " + std::to_string(w_dims[1]) +
           " x " + std::to_string(a.group) + ", got " + std::to_string(x_dims[1]) + " channels.";
  }
  if (w_dims[0] % a.group != 0) {
    return op + " expects the number of filters (" + std::to_string(w_dims[0]) +
           ") to be a multiple of group (" + std::to_string(a.group) + ").";
  }
  g->batch = x_dims[0];
  g->groups = a.group;
  g->in_channels = w_dims[1];
  g->in_height = x_dims[2];
  g->in_width = x_dims[3];
  g->out_channels = w_dims[0] / a.group;
  g->kernel_height = w_dims[2];
  g->kernel_width = w_dims[3];
  g->stride_height = a.strides[0];
  g->stride_width = a.strides[1];
  g->dilation_height = a.dilations[0];
  g->dilation_width = a.dilations[1];
  ResolveAxis(a.auto_pad, g->in_height, g->kernel_height, g->stride_height, g->dilation_height,
              a.pads[0], a.pads[2], &g->out_height, &g->pad_top);
  ResolveAxis(a.auto_pad, g->in_width, g->kernel_width, g->stride_width, g->dilation_width,
              a.pads[1], a.pads[3], &g->out_width, &g->pad_left);
  if (g->out_height < 1 || g->out_width < 1) {
    return op + "'s kernel " + Join(w_dims + 2, 2) + " with its dilation does not fit into X " +
           Join(x_dims, 4) + " with pads " + Join(a.pads, 4) + ".";
  }
  const int64_t out[4] = {g->batch, w_dims[0], g->out_height, g->out_width};
  const int64_t window[3] = {g->in_channels, WindowRows(*g, 1), WindowColumns(*g)};
  if (!ProductFits(out, 4, kMaxElements) || !ProductFits(x_dims, 4, kMaxElements) ||
      !ProductFits(w_dims, 4, kMaxElements) || !ProductFits(window, 3, kMaxWindowElements)) {
    return op + "'s tensors would not fit into memory: X " + Join(x_dims, 4) + ", W " +
           Join(w_dims, 4) + ", output " + Join(out, 4) + ", dilations " + Join(a.dilations, 2) +
           ".";
  }
  return {};
}

}  // namespace addersr::convolution
