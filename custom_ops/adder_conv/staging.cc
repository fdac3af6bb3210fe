#include "custom_ops/adder_conv/staging.h"

#include <algorithm>

namespace addersr::adder_conv {
namespace {

// Calls copy(place in the tensor's row, place in the staged row) for all values, in blocks of
// pixels whose channels stay in L1 meanwhile.
template <typename Copy>
void ForEachValue(const Geometry& g, Layout layout, int64_t row_step, const Copy& copy) {
  if (layout == Layout::kChannelsLast) {
    const int64_t step = g.groups * g.out_channels;
    for (int64_t x = 0; x < g.out_width; ++x) {
      for (int64_t o = 0; o < g.out_channels; ++o) copy(x * step + o, x * row_step + o);
    }
    return;
  }
  const int64_t plane = g.out_height * g.out_width;
  constexpr int64_t kBlock = 16;
  for (int64_t x = 0; x < g.out_width; x += kBlock) {
    const int64_t stop = std::min(g.out_width, x + kBlock);
    for (int64_t o = 0; o < g.out_channels; ++o) {
      for (int64_t i = x; i < stop; ++i) copy(o * plane + i, i * row_step + o);
    }
  }
}

}  // namespace

int64_t RowOffset(const Geometry& g, Layout layout, int64_t image, int64_t group, int64_t row) {
  if (layout == Layout::kChannelsLast) {
    return ((image * g.out_height + row) * g.out_width * g.groups + group) * g.out_channels;
  }
  return ((image * g.groups + group) * g.out_channels * g.out_height + row) * g.out_width;
}

void StoreRow(const Geometry& g, Layout layout, const float* row, int64_t row_step, float* tensor) {
  ForEachValue(g, layout, row_step, [=](int64_t to, int64_t from) { tensor[to] = row[from]; });
}

void LoadRow(const Geometry& g, Layout layout, const float* tensor, float* row, int64_t row_step) {
  ForEachValue(g, layout, row_step, [=](int64_t from, int64_t to) { row[to] = tensor[from]; });
}

}  // namespace addersr::adder_conv
