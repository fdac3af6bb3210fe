// Rows of output pixels between a tensor and the channels-last rows that kernels work on.
#pragma once

#include "custom_ops/adder_conv/adder_conv.h"

namespace addersr::adder_conv {

// Where row `row` of one image and group begins in a tensor of the shape of Y.
int64_t RowOffset(const Geometry& g, Layout layout, int64_t image, int64_t group, int64_t row);

// Between one row of the tensor, from RowOffset on, and `row` [out_width][row_step].
void StoreRow(const Geometry& g, Layout layout, const float* row, int64_t row_step, float* tensor);
void LoadRow(const Geometry& g, Layout layout, const float* tensor, float* row, int64_t row_step);

}  // namespace addersr::adder_conv
