// The sizes of a two-dimensional convolution, as all adder ops share them: the attributes of ONNX
// Conv, resolved and checked against the dimensions of X and W.
#pragma once

#include <cstdint>
#include <string>

namespace addersr::convolution {

// Where the channels of X and Y stand. W is [O, C/group, kh, kw] in both.
enum class Layout { kChannelsFirst, kChannelsLast };

enum class AutoPad { kNotSet, kValid, kSameUpper, kSameLower };

// The attributes of ONNX Conv for two spatial dimensions, with ONNX's defaults.
struct Attributes {
  AutoPad auto_pad = AutoPad::kNotSet;
  int64_t strides[2] = {1, 1};
  int64_t dilations[2] = {1, 1};
  int64_t pads[4] = {0, 0, 0, 0};  // top, left, bottom, right
  int64_t group = 1;
};

// All sizes of one call. Channels are per group.
struct Geometry {
  int64_t batch, groups;
  int64_t in_channels, in_height, in_width;
  int64_t out_channels, out_height, out_width;
  int64_t kernel_height, kernel_width;
  int64_t stride_height, stride_width;
  int64_t dilation_height, dilation_width;
  int64_t pad_top, pad_left;

  int64_t taps() const { return in_channels * kernel_height * kernel_width; }
};

// Checks attributes and dimensions (X: NCHW, W: OIHW) and fills `geometry`.
// Returns an empty string, or a sentence that says what is wrong with the `op` and what was
// expected.
std::string Resolve(const char* op, const Attributes& attributes, const int64_t x_dims[4],
                    const int64_t w_dims[4], Geometry* geometry);

// The part of the padded input that a block of output rows reads.
inline int64_t WindowRows(const Geometry& g, int64_t out_rows) {
  return (out_rows - 1) * g.stride_height + (g.kernel_height - 1) * g.dilation_height + 1;
}

inline int64_t WindowColumns(const Geometry& g) {
  return (g.out_width - 1) * g.stride_width + (g.kernel_width - 1) * g.dilation_width + 1;
}

}  // namespace addersr::convolution
