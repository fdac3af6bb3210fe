// Cuts a call into work items and runs a kernel over the rows of one item.
#include <algorithm>

#include "custom_ops/adder_conv/adder_conv.h"
#include "custom_ops/adder_conv/kernel.h"
#include "custom_ops/adder_conv/window.h"

namespace addersr::adder_conv {
namespace {

// Enough rows to amortise the overlap of neighbouring windows, few enough to share among threads.
constexpr int64_t kRowsPerItem = 16;
// With a large stride or many channels an item takes fewer rows, to keep scratch small.
constexpr int64_t kWindowFloats = int64_t{1} << 21;

int64_t RowsPerItem(const Geometry& g) {
  int64_t rows = std::min(kRowsPerItem, g.out_height);
  while (rows > 1 && WindowRows(g, rows) * WindowColumns(g) * g.in_channels > kWindowFloats) {
    rows /= 2;
  }
  return rows;
}

int64_t Blocks(const Geometry& g) {
  const int64_t rows = RowsPerItem(g);
  return (g.out_height + rows - 1) / rows;
}

// Each part of scratch starts on a vector boundary.
int64_t Aligned(int64_t floats) { return (floats + 7) / 8 * 8; }

// From channels-last rows of a kernel to one row of each NCHW plane.
void StoreRow(const Geometry& g, const float* row, int64_t row_step, float* y) {
  const int64_t plane = g.out_height * g.out_width;
  constexpr int64_t kBlock = 16;
  for (int64_t x = 0; x < g.out_width; x += kBlock) {
    const int64_t stop = std::min(g.out_width, x + kBlock);
    for (int64_t o = 0; o < g.out_channels; ++o) {
      float* to = y + o * plane;
      for (int64_t i = x; i < stop; ++i) to[i] = row[i * row_step + o];
    }
  }
}

// Per output pixel of a row: the sum of the channel sums over its taps.
void SumTaps(const Geometry& g, const float* channel_sums, float* x_sums) {
  const int64_t columns = WindowColumns(g);
  std::fill_n(x_sums, g.out_width, 0.0F);
  for (int64_t row = 0; row < g.kernel_height; ++row) {
    for (int64_t column = 0; column < g.kernel_width; ++column) {
      const float* sums =
          channel_sums + row * g.dilation_height * columns + column * g.dilation_width;
      for (int64_t x = 0; x < g.out_width; ++x) x_sums[x] += sums[x * g.stride_width];
    }
  }
}

}  // namespace

int64_t ItemCount(const Geometry& g) { return g.batch * g.groups * Blocks(g); }

size_t ScratchFloats(const Geometry& g, const Kernel& kernel) {
  const int64_t outputs = PaddedOutputs(kernel, g.out_channels);
  const int64_t window = WindowRows(g, RowsPerItem(g)) * WindowColumns(g);
  return static_cast<size_t>(Aligned(outputs) + Aligned(g.out_width) +
                             Aligned(g.out_width * outputs) + Aligned(window) +
                             Aligned(window * g.in_channels));
}

void RunItem(const Job& job, int64_t item, float* scratch) noexcept {
  const Geometry& g = *job.geometry;
  const Kernel& kernel = job.filter->kernel();
  const int64_t blocks = Blocks(g);
  const int64_t rows_per_item = RowsPerItem(g);
  const int64_t first = item % blocks * rows_per_item;
  const int64_t rows = std::min(rows_per_item, g.out_height - first);
  const int64_t group = item / blocks % g.groups;
  const int64_t image = item / blocks / g.groups * g.groups + group;  // of batch x groups

  const int64_t outputs = PaddedOutputs(kernel, g.out_channels);
  const int64_t columns = WindowColumns(g);
  const int64_t window_pixels = WindowRows(g, rows_per_item) * columns;
  float* offsets = scratch;
  float* x_sums = offsets + Aligned(outputs);
  float* row = x_sums + Aligned(g.out_width);
  float* channel_sums = row + Aligned(g.out_width * outputs);
  float* window = channel_sums + Aligned(window_pixels);

  std::fill_n(offsets, outputs, 0.0F);
  for (int64_t o = 0; o < g.out_channels; ++o) {
    offsets[o] = job.bias[group * g.out_channels + o] + job.filter->sums(group)[o];
  }
  PackWindow(g, job.x + image * g.in_channels * g.in_height * g.in_width,
             first * g.stride_height - g.pad_top, WindowRows(g, rows), window, channel_sums);

  RowTask task{};
  task.pixel_step = g.stride_width * g.in_channels;
  task.tap_row_step = g.dilation_height * columns * g.in_channels;
  task.tap_column_step = g.dilation_width * g.in_channels;
  task.channels = g.in_channels;
  task.kernel_height = g.kernel_height;
  task.kernel_width = g.kernel_width;
  task.panels = job.filter->panels(group);
  task.offsets = offsets;
  task.x_sums = x_sums;
  task.pixels = g.out_width;
  task.outputs = g.out_channels;
  task.y = row;
  task.y_step = outputs;

  float* y = job.y + image * g.out_channels * g.out_height * g.out_width + first * g.out_width;
  for (int64_t r = 0; r < rows; ++r) {
    task.x = window + r * g.stride_height * columns * g.in_channels;
    SumTaps(g, channel_sums + r * g.stride_height * columns, x_sums);
    kernel.row(task);
    StoreRow(g, row, outputs, y + r * g.out_width);
  }
}

}  // namespace addersr::adder_conv
