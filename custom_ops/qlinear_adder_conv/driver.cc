// Cuts a call into work items and runs a kernel over the rows of one item.
#include <algorithm>

#include "custom_ops/convolution/items.h"
#include "custom_ops/convolution/window.h"
#include "custom_ops/qlinear_adder_conv/qlinear_adder_conv.h"
#include "custom_ops/qlinear_adder_conv/window.h"

namespace addersr::qlinear_adder_conv {
namespace {

using convolution::WindowColumns;
using convolution::WindowRows;

// Pixels that all panels of the filter visit before the next ones: their input stays in L1.
constexpr int64_t kChunk = 48;
// The most channels that any kernel takes in one step.
constexpr int64_t kMostChannels = 8;

convolution::Items ItemsOf(const Geometry& g) { return {g, g.in_channels + kMostChannels}; }

// The parts of an item's scratch, each on a cache line of its own.
template <class T>
struct Parts {
  int64_t z_term, r_term, x_sums, channel_sums, window, end;  // in bytes

  Parts(const Geometry& g, const Kernel<T>& kernel) {
    const auto after = [](int64_t at, int64_t count, size_t size) {
      return at + (count * static_cast<int64_t>(size) + 63) / 64 * 64;
    };
    const int64_t outputs = (g.out_channels + kernel.lanes - 1) / kernel.lanes * kernel.lanes;
    const int64_t channels =
        (g.in_channels + kernel.channels - 1) / kernel.channels * kernel.channels;
    const int64_t pixels = WindowRows(g, ItemsOf(g).rows()) * WindowColumns(g);
    z_term = 0;
    r_term = after(z_term, outputs, sizeof(float));
    x_sums = after(r_term, outputs, sizeof(int32_t));
    channel_sums = after(x_sums, kernel.max_form ? g.out_width : 0, sizeof(int32_t));
    window = after(channel_sums, kernel.max_form ? pixels : 0, sizeof(int32_t));
    end = after(window, pixels * channels, sizeof(T));
  }
};

// The values of a tap between two flushes: equal parts, since short ones cost as much as long ones.
int64_t Segment(int64_t values, int64_t capacity, int64_t step) {
  if (capacity == 0) return values;
  const int64_t parts = (values + capacity - 1) / capacity;
  const int64_t steps = values / step;
  return (steps + parts - 1) / parts * step;
}

}  // namespace

int64_t ItemCount(const Geometry& g) { return ItemsOf(g).count(); }

template <class T>
size_t ScratchBytes(const Geometry& g, const Kernel<T>& kernel) {
  return static_cast<size_t>(Parts<T>(g, kernel).end);
}

template <class T>
void RunItem(const Job<T>& job, int64_t item, void* scratch) noexcept {
  const Geometry& g = *job.geometry;
  const PackedLayer<T>& layer = *job.layer;
  const Kernel<T>& kernel = layer.kernel();
  const requantization::Requantization<T>& q = layer.requantization();
  const auto [image, group, first, rows] = ItemsOf(g)[item];

  const Parts<T> parts(g, kernel);
  char* const memory = static_cast<char*>(scratch);
  auto* const window = reinterpret_cast<T*>(memory + parts.window);
  auto* const channel_sums = reinterpret_cast<int32_t*>(memory + parts.channel_sums);
  auto* const x_sums = reinterpret_cast<int32_t*>(memory + parts.x_sums);
  const int64_t columns = WindowColumns(g);
  const int64_t channels = layer.padded_channels();
  const int64_t outputs = layer.padded_outputs();
  const T* from = job.x + image * g.in_height * g.in_width * g.groups * g.in_channels;
  convolution::PackWindow(g, layer.padding(group), channels, group, from,
                          first * g.stride_height - g.pad_top, WindowRows(g, rows), window);
  if (kernel.max_form) {
    kernel.sum_channels(window, WindowRows(g, rows) * columns, channels, channel_sums);
  }

  RowTask<T> task{};
  task.pixel_step = g.stride_width * channels;
  task.tap_row_step = g.dilation_height * columns * channels;
  task.tap_column_step = g.dilation_width * channels;
  task.channels = channels;
  task.kernel_height = g.kernel_height;
  task.kernel_width = g.kernel_width;
  if (g.dilation_width == 1) {  // the taps of a row are neighbours in memory: one long tap
    task.channels *= g.kernel_width;
    task.kernel_width = 1;
  }
  task.segment = Segment(task.channels, layer.flush_steps() * kernel.channels, kernel.channels);
  task.flush_steps = layer.flush_steps();
  task.layer = &q;
  task.first_output = group * outputs;
  task.panels = layer.panels(group);
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
    const int64_t top = r * g.stride_height * columns;
    if (kernel.max_form) SumTaps(g, channel_sums + top, x_sums);
    const int64_t row = (image * g.out_height + first + r) * g.out_width;
    for (int64_t x = 0; x < g.out_width; x += kChunk) {
      task.x = window + top * channels + x * task.pixel_step;
      task.x_sums = kernel.max_form ? x_sums + x : nullptr;
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
template void RunItem(const Job<uint8_t>&, int64_t, void*) noexcept;
template void RunItem(const Job<int16_t>&, int64_t, void*) noexcept;

}  // namespace addersr::qlinear_adder_conv
