// Cuts a call into work items and runs a kernel over the rows of one item.
#include <algorithm>

#include "custom_ops/adder_conv/adder_conv.h"
#include "custom_ops/adder_conv/kernel.h"
#include "custom_ops/adder_conv/packed_epilogue.h"
#include "custom_ops/adder_conv/staging.h"
#include "custom_ops/adder_conv/window.h"

namespace addersr::adder_conv {
namespace {

// Enough rows to amortise the input rows that neighbouring items share, few enough to occupy
// threads.
constexpr int64_t kRowsPerItem = 16;

int64_t RowsPerItem(const Geometry& g) { return std::min(kRowsPerItem, g.out_height); }

int64_t Blocks(const Geometry& g) {
  const int64_t rows = RowsPerItem(g);
  return (g.out_height + rows - 1) / rows;
}

// Rows that the ring holds. Of planes more than one output row needs, unless they are large: each
// plane is a stream of its own, and several rows of it come out of memory faster together.
int64_t RingRows(const Job& job) {
  const Geometry& g = *job.geometry;
  if (job.layout == Layout::kChannelsLast) return WindowRows(g, 1);
  constexpr int64_t kMoreRows = 5;
  constexpr int64_t kMoreFloats = int64_t{1} << 17;
  const int64_t row = WindowColumns(g) * g.in_channels;
  return WindowRows(g, 1) + std::min(kMoreRows, kMoreFloats / row);
}

// Each part of scratch starts on a cache line.
int64_t Aligned(int64_t floats) { return (floats + 15) / 16 * 16; }

// Kernels write and read whole vectors: only then can they work on the tensors themselves.
bool IsDirect(const Job& job) {
  return job.layout == Layout::kChannelsLast &&
         job.geometry->out_channels % job.filter->kernel().lanes == 0;
}

bool IsNeutral(const Residual& residual) { return !residual.is_whole && *residual.data == 0.0F; }

// The memory of one item. Without `scratch` it only counts.
struct Parts {
  Parts(const Job& job, float* scratch) : memory(scratch) {
    const Geometry& g = *job.geometry;
    outputs = PaddedOutputs(job.filter->kernel(), g.out_channels);
    const int64_t staged = IsDirect(job) ? 0 : g.out_width * outputs;
    const int64_t ring = RingRows(job) * WindowColumns(g);
    rows = reinterpret_cast<const float**>(
        Take(g.kernel_height * static_cast<int64_t>(sizeof(const float*) / sizeof(float))));
    offsets = Take(outputs);
    x_sums = Take(g.out_width);
    row = Take(staged);
    if (job.epilogue != nullptr) {
      z = Take(std::max(staged, outputs));
      r = Take(std::max(staged, outputs));
    }
    channel_sums = Take(ring);
    window = Take(ring * g.in_channels);
  }

  int64_t outputs;      // of a pixel of a staged row
  const float** rows;   // of the task: kernel_height
  float* offsets;       // of the task
  float* x_sums;        // of the task
  float* row;           // y, where the kernel cannot write to the tensor
  float* z = nullptr;   // as y, or one value for all pixels of the row
  float* r = nullptr;   // as z
  float* channel_sums;  // of the window
  float* window;        // the ring of padded input rows
  int64_t used = 0;     // floats

 private:
  float* Take(int64_t floats) {
    float* part = memory == nullptr ? nullptr : memory + used;
    used += Aligned(floats);
    return part;
  }

  float* memory;
};

// Per output pixel of a row: the sum of the channel sums over its taps.
void SumTaps(const Geometry& g, const float* channel_sums, int64_t ring, int64_t first_row,
             float* x_sums) {
  const int64_t columns = WindowColumns(g);
  std::fill_n(x_sums, g.out_width, 0.0F);
  for (int64_t row = 0; row < g.kernel_height; ++row) {
    const int64_t slot = (first_row + row * g.dilation_height) % ring;
    for (int64_t column = 0; column < g.kernel_width; ++column) {
      const float* sums = channel_sums + slot * columns + column * g.dilation_width;
      for (int64_t x = 0; x < g.out_width; ++x) x_sums[x] += sums[x * g.stride_width];
    }
  }
}

// A residual in the form of the task: where it begins, and the floats between pixels.
struct Source {
  const float* data;
  int64_t step;
};

Source Prepare(const Job& job, const Residual& residual, int64_t offset, const Parts& parts,
               float* staged) {
  if (!residual.is_whole) return {staged, 0};  // filled once per item
  const Geometry& g = *job.geometry;
  if (IsDirect(job)) return {residual.data + offset, g.groups * g.out_channels};
  LoadRow(g, job.layout, residual.data + offset, staged, parts.outputs);
  return {staged, parts.outputs};
}

}  // namespace

int64_t ItemCount(const Geometry& g) { return g.batch * g.groups * Blocks(g); }

size_t ScratchFloats(const Job& job) { return static_cast<size_t>(Parts(job, nullptr).used); }

void RunItem(const Job& job, int64_t item, float* scratch) noexcept {
  const Geometry& g = *job.geometry;
  const Kernel& kernel = job.filter->kernel();
  const int64_t blocks = Blocks(g);
  const int64_t first = item % blocks * RowsPerItem(g);
  const int64_t stop = std::min(first + RowsPerItem(g), g.out_height);
  const int64_t group = item / blocks % g.groups;
  const int64_t image = item / blocks / g.groups;
  const int64_t columns = WindowColumns(g);
  const int64_t ring = RingRows(job);
  const Parts parts(job, scratch);
  const bool direct = IsDirect(job);

  std::fill_n(parts.offsets, parts.outputs, 0.0F);
  for (int64_t o = 0; o < g.out_channels; ++o) {
    parts.offsets[o] = job.filter->sums(group)[o];
    if (job.bias != nullptr) {
      parts.offsets[o] = job.bias[group * g.out_channels + o] + parts.offsets[o];
    }
  }
  Epilogue epilogue{};
  if (job.epilogue != nullptr) {
    epilogue = job.epilogue->OfGroup(group);
    if (!job.z.is_whole) std::fill_n(parts.z, parts.outputs, *job.z.data);
    if (!job.r.is_whole) std::fill_n(parts.r, parts.outputs, *job.r.data);
  }

  RowTask task{};
  task.x = parts.rows;
  task.pixel_step = g.stride_width * g.in_channels;
  task.tap_column_step = g.dilation_width * g.in_channels;
  task.channels = g.in_channels;
  task.kernel_height = g.kernel_height;
  task.kernel_width = g.kernel_width;
  if (g.dilation_width == 1) {
    // The taps of a kernel row lie side by side: one long loop in place of short ones.
    task.channels *= g.kernel_width;
    task.kernel_width = 1;
  }
  task.panels = job.filter->panels(group);
  task.offsets = parts.offsets;
  task.x_sums = parts.x_sums;
  task.epilogue = job.epilogue == nullptr ? nullptr : &epilogue;
  task.pixels = g.out_width;
  task.outputs = g.out_channels;
  task.y_step = direct ? g.groups * g.out_channels : parts.outputs;

  const int64_t pixels = g.in_height * g.in_width;
  const float* x = job.x + (job.layout == Layout::kChannelsLast
                                ? (image * pixels * g.groups + group) * g.in_channels
                                : (image * g.groups + group) * g.in_channels * pixels);
  // Rows of the padded input are counted from the first one that the item reads.
  const int64_t origin = first * g.stride_height - g.pad_top;
  int64_t packed = 0;
  for (int64_t out = first; out < stop; ++out) {
    const int64_t begin = (out - first) * g.stride_height;
    packed = std::max(packed, begin);
    const int64_t full = packed < begin + WindowRows(g, 1)
                             ? std::min(begin + ring, WindowRows(g, stop - first))
                             : packed;
    for (; packed < full; ++packed) {
      const int64_t slot = packed % ring;
      PackRow(g, job.layout, x, origin + packed, parts.window + slot * columns * g.in_channels,
              parts.channel_sums + slot * columns);
    }
    for (int64_t k = 0; k < g.kernel_height; ++k) {
      const int64_t slot = (begin + k * g.dilation_height) % ring;
      parts.rows[k] = parts.window + slot * columns * g.in_channels;
    }
    SumTaps(g, parts.channel_sums, ring, begin, parts.x_sums);
    const int64_t offset = RowOffset(g, job.layout, image, group, out);
    if (job.epilogue != nullptr && !IsNeutral(job.z)) {
      const Source z = Prepare(job, job.z, offset, parts, parts.z);
      epilogue.z = z.data;
      epilogue.z_step = z.step;
    }
    if (job.epilogue != nullptr && !IsNeutral(job.r)) {
      const Source r = Prepare(job, job.r, offset, parts, parts.r);
      epilogue.r = r.data;
      epilogue.r_step = r.step;
    }
    task.y = direct ? job.y + offset : parts.row;
    kernel.row(task);
    if (!direct) StoreRow(g, job.layout, parts.row, parts.outputs, job.y + offset);
  }
}

}  // namespace addersr::adder_conv
