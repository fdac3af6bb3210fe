#include "custom_ops/adder_conv/staging.h"

#include <algorithm>

#include "custom_ops/convolution/transpose.h"

namespace addersr::adder_conv {

int64_t RowOffset(const Geometry& g, Layout layout, int64_t image, int64_t group, int64_t row) {
  if (layout == Layout::kChannelsLast) {
    return ((image * g.out_height + row) * g.out_width * g.groups + group) * g.out_channels;
  }
  return ((image * g.groups + group) * g.out_channels * g.out_height + row) * g.out_width;
}

void StoreRow(const Geometry& g, Layout layout, const float* row, int64_t row_step, float* tensor) {
  if (layout == Layout::kChannelsFirst) {
    convolution::PixelsToPlanes(row, row_step, g.out_channels, g.out_width, tensor,
                                g.out_height * g.out_width);
    return;
  }
  for (int64_t x = 0; x < g.out_width; ++x) {
    std::copy_n(row + x * row_step, g.out_channels, tensor + x * g.groups * g.out_channels);
  }
}

void LoadRow(const Geometry& g, Layout layout, const float* tensor, float* row, int64_t row_step) {
  if (layout == Layout::kChannelsFirst) {
    convolution::PlanesToPixels(tensor, g.out_height * g.out_width, g.out_channels, g.out_width,
                                row, row_step);
    return;
  }
  for (int64_t x = 0; x < g.out_width; ++x) {
    std::copy_n(tensor + x * g.groups * g.out_channels, g.out_channels, row + x * row_step);
  }
}

}  // namespace addersr::adder_conv
