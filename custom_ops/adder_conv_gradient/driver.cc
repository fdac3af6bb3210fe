// Packs the tensors of one image and group channels-last and runs a kernel over its rows.
#include <algorithm>
#include <vector>

#include "custom_ops/adder_conv_gradient/adder_conv_gradient.h"
#include "custom_ops/adder_conv_gradient/kernel.h"
#include "custom_ops/isa/at_or_below.h"

namespace addersr::adder_conv_gradient {

#define ADDERSR_GRADIENT_KERNEL(isa) extern const Kernel kernel_##isa;
#include "custom_ops/adder_conv_gradient/kernels.inc"
#undef ADDERSR_GRADIENT_KERNEL

namespace {

using convolution::Geometry;

const Kernel* const kKernels[] = {
#define ADDERSR_GRADIENT_KERNEL(isa) &kernel_##isa,
#include "custom_ops/adder_conv_gradient/kernels.inc"
#undef ADDERSR_GRADIENT_KERNEL
};

// dY with a zero between neighbours for every stride step, and zeros around: as if stride were 1.
struct Window {
  explicit Window(const Geometry& g)
      : before_rows((g.kernel_height - 1) * g.dilation_height),
        before_columns((g.kernel_width - 1) * g.dilation_width),
        rows(before_rows + g.pad_top + g.in_height),
        columns(before_columns + g.pad_left + g.in_width),
        values(static_cast<size_t>(rows * columns * g.out_channels)) {}

  void Fill(const Geometry& g, const float* dy) {
    const int64_t plane = g.out_height * g.out_width;
    for (int64_t y = 0; y < g.out_height; ++y) {
      const int64_t row = before_rows + y * g.stride_height;
      if (row >= rows) break;
      float* to = values.data() + (row * columns + before_columns) * g.out_channels;
      const int64_t width =
          std::min(g.out_width, (columns - before_columns + g.stride_width - 1) / g.stride_width);
      for (int64_t o = 0; o < g.out_channels; ++o) {
        const float* from = dy + o * plane + y * g.out_width;
        for (int64_t x = 0; x < width; ++x) to[x * g.stride_width * g.out_channels + o] = from[x];
      }
    }
  }

  int64_t before_rows, before_columns, rows, columns;
  std::vector<float> values;
};

std::vector<float> Pack(const Geometry& g, int lanes, const float* w) {
  const int64_t window = g.kernel_height * g.kernel_width;
  const int64_t blocks = (g.in_channels + lanes - 1) / lanes;
  std::vector<float> panels(static_cast<size_t>(blocks * window * g.out_channels * lanes));
  for (int64_t o = 0; o < g.out_channels; ++o) {
    for (int64_t c = 0; c < g.in_channels; ++c) {
      const float* filter = w + (o * g.in_channels + c) * window;
      float* panel = panels.data() + c / lanes * window * g.out_channels * lanes + c % lanes;
      for (int64_t tap = 0; tap < window; ++tap) {
        panel[(tap * g.out_channels + o) * lanes] = filter[tap];
      }
    }
  }
  return panels;
}

}  // namespace

void InputGradient(const Geometry& g, const char* isa, const float* dy, const float* x,
                   const float* w, float* dx, int64_t first_image, int64_t images) {
  const Kernel& kernel = isa::AtOrBelow(kKernels, isa);
  const int64_t channels = (g.in_channels + kernel.lanes - 1) / kernel.lanes * kernel.lanes;
  const int64_t plane = g.in_height * g.in_width;
  Window window(g);
  std::vector<float> x_row(static_cast<size_t>(g.in_width * channels));
  std::vector<float> dx_row(x_row.size());

  RowTask task{};
  task.outputs = g.out_channels;
  task.tap_row_step = g.dilation_height * window.columns * g.out_channels;
  task.tap_column_step = g.dilation_width * g.out_channels;
  task.kernel_height = g.kernel_height;
  task.kernel_width = g.kernel_width;
  task.x = x_row.data();
  task.dx = dx_row.data();
  task.pixels = g.in_width;
  task.channels = channels;

  for (int64_t group = 0; group < g.groups; ++group) {
    const std::vector<float> panels = Pack(g, kernel.lanes, w + group * g.out_channels * g.taps());
    task.panels = panels.data();
    for (int64_t n = first_image; n < first_image + images; ++n) {
      const int64_t image = n * g.groups + group;
      window.Fill(g, dy + image * g.out_channels * g.out_height * g.out_width);
      for (int64_t y = 0; y < g.in_height; ++y) {
        const float* source = x + image * g.in_channels * plane + y * g.in_width;
        for (int64_t c = 0; c < g.in_channels; ++c) {
          for (int64_t i = 0; i < g.in_width; ++i) x_row[i * channels + c] = source[c * plane + i];
        }
        task.dy = window.values.data() + ((window.before_rows + g.pad_top + y) * window.columns +
                                          window.before_columns + g.pad_left) *
                                             g.out_channels;
        kernel.row(task);
        float* to = dx + image * g.in_channels * plane + y * g.in_width;
        for (int64_t c = 0; c < g.in_channels; ++c) {
          for (int64_t i = 0; i < g.in_width; ++i) to[c * plane + i] = dx_row[i * channels + c];
        }
      }
    }
  }
}

}  // namespace addersr::adder_conv_gradient
