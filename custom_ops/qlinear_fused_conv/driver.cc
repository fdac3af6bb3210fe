// Cuts a call into work items and runs a kernel over the rows of one item.
#include <algorithm>

#include "custom_ops/convolution/items.h"
#include "custom_ops/convolution/window.h"
#include "custom_ops/qlinear_fused_conv/qlinear_fused_conv.h"
#include "custom_ops/qlinear_fused_conv/runs.h"

namespace addersr::qlinear_fused_conv {
namespace {

using convolution::WindowColumns;
using convolution::WindowRows;

// Pixels that all panels of the filter visit before the next ones: their input stays in L1.
constexpr int64_t kChunk = 48;

convolution::Items ItemsOf(const Geometry& g) { return {g, g.in_channels}; }

// The parts of an item's scratch, each on a cache line of its own.
template <class T>
struct Parts {
  int64_t z_term, r_term, window, end;  // in bytes
  int64_t beyond;                       // values behind the window that a step may read

  Parts(const Geometry& g, const Kernel<T>& kernel) {
    const auto after = [](int64_t at, int64_t count, size_t size) {
      return at + (count * static_cast<int64_t>(size) + 63) / 64 * 64;
    };
    const int64_t outputs = (g.out_channels + kernel.lanes - 1) / kernel.lanes * kernel.lanes;
    const int64_t pixels = WindowRows(g, ItemsOf(g).rows()) * WindowColumns(g);
    beyond = int64_t{kernel.channels} * kernel.spread;
    z_term = 0;
    r_term = after(z_term, outputs, sizeof(float));
    window = after(r_term, outputs, sizeof(int32_t));
    end = after(window, pixels * g.in_channels + beyond, sizeof(int16_t));
  }
};

}  // namespace

int64_t ItemCount(const Geometry& g) { return ItemsOf(g).count(); }

template <class T>
size_t ScratchBytes(const Geometry& g, const Kernel<T>& kernel) {
  return static_cast<size_t>(Parts<T>(g, kernel).end);
}

template <class X, class T>
void RunItem(const Job<X, T>& job, int64_t item, void* scratch) noexcept {
  const Geometry& g = *job.geometry;
  const PackedLayer<T>& layer = *job.layer;
  const Kernel<T>& kernel = layer.kernel();
  const requantization::Requantization<T>& q = layer.requantization().constants();
  const auto [image, group, first, rows] = ItemsOf(g)[item];

  const Parts<T> parts(g, kernel);
  char* const memory = static_cast<char*>(scratch);
  auto* const window = reinterpret_cast<int16_t*>(memory + parts.window);
  const int64_t columns = WindowColumns(g);
  const int64_t channels = g.in_channels;
  const int64_t outputs = layer.requantization().padded_outputs();
  const X* const from = job.x + image * g.in_height * g.in_width * g.groups * channels;
  convolution::PackWindow(g, layer.padding(group), channels, group, from,
                          first * g.stride_height - g.pad_top, WindowRows(g, rows), window);
  std::fill_n(window + WindowRows(g, rows) * columns * channels, parts.beyond, int16_t{0});

  const Runs runs(g);
  RowTask<T> task{};
  task.pixel_step = g.stride_width * channels;
  task.tap_row_step = g.dilation_height * columns * channels;
  task.tap_column_step = g.dilation_width * channels;
  task.run = runs.values;
  task.run_rows = runs.rows;
  task.run_columns = runs.columns;
  task.weights = layer.weights(group);
  task.panels = layer.panels().data();
  task.panel_count = static_cast<int64_t>(layer.panels().size());
  task.layer = &q;
  task.first_output = group * outputs;
  task.outputs = g.out_channels;
  task.pixel_outputs = g.groups * g.out_channels;
  if (job.z_is_one) {
    auto* const term = reinterpret_cast<float*>(memory + parts.z_term);
    task.z_term = requantization::ZTerm(q, task.first_output, outputs, *job.z, term);
  }
  if (job.r_is_one) {
    auto* const term = reinterpret_cast<int32_t*>(memory + parts.r_term);
    task.r_term = requantization::RTerm(q, task.first_output, outputs, *job.r, term);
  }
  for (int64_t r = 0; r < rows; ++r) {
    const int16_t* const top = window + r * g.stride_height * columns * channels;
    const int64_t row = (image * g.out_height + first + r) * g.out_width;
    for (int64_t x = 0; x < g.out_width; x += kChunk) {
      task.x = top + x * task.pixel_step;
      task.pixels = std::min(kChunk, g.out_width - x);
      const int64_t at = (row + x) * task.pixel_outputs + group * g.out_channels;
      task.z = job.z_is_one ? nullptr : job.z + at;
      task.r = job.r_is_one ? nullptr : job.r + at;
      task.y = job.y + at;
      kernel.row(task);
    }
  }
}

template size_t ScratchBytes(const Geometry&, const Kernel<uint8_t>&);
template size_t ScratchBytes(const Geometry&, const Kernel<int16_t>&);
template void RunItem(const Job<uint8_t, uint8_t>&, int64_t, void*) noexcept;
template void RunItem(const Job<uint8_t, int16_t>&, int64_t, void*) noexcept;
template void RunItem(const Job<int16_t, uint8_t>&, int64_t, void*) noexcept;
template void RunItem(const Job<int16_t, int16_t>&, int64_t, void*) noexcept;

}  // namespace addersr::qlinear_fused_conv
