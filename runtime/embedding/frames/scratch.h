// What the items of a tile keep in scratch memory, each in a slot of its own.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "runtime/embedding/frames/bands.h"
#include "runtime/embedding/frames/enlarged_rows.h"
#include "runtime/embedding/frames/layout.h"

namespace addersr::embedding {

// The parts of a slot, in bytes, for tiles whose source is at most so wide.
class ScratchSlot {
 public:
  ScratchSlot(int32_t format, NetworkKind kind, int scale, int32_t width) {
    const bool subsampled = IsSubsampled(format);
    // Chroma that is enlarged by `scale` on its way out, or by 2 on its way in.
    const bool chroma = subsampled || (kind == NetworkKind::kLuma && format != ADDERSR_GRAY);
    const int64_t by = kind == NetworkKind::kLuma ? scale : 2;
    // The columns that a part of a row of samples touches.
    const int64_t columns = subsampled ? width / 2 + 2 : width;
    alpha = chroma ? PairBytes(columns, by) : 0;
    rgb = alpha + (format == ADDERSR_RGBA ? PairBytes(width, scale) : 0);
    // A row of a plane with the filter's margins, or two rows of a tile with the pixels behind.
    const int64_t wide = int64_t{width} * scale + 1;
    const int64_t pixels = std::max<int64_t>(width + 2 * EnlargedRowsMemory::kMargin, wide);
    rgb_row = RoundUp(3 * pixels);
    size = rgb + 2 * rgb_row;
  }

  static constexpr size_t chroma = 0;  // EnlargedRowsMemory
  size_t alpha;                        // EnlargedRowsMemory
  size_t rgb;                          // two rows
  size_t rgb_row;
  size_t size;

 private:
  static size_t RoundUp(int64_t bytes) { return static_cast<size_t>((bytes + 63) / 64 * 64); }
  static size_t PairBytes(int64_t columns, int64_t scale) {
    return RoundUp(EnlargedRowsMemory(columns, scale).size * int64_t{sizeof(int32_t)});
  }
};

// The slot of one item.
class ItemScratch {
 public:
  ItemScratch(const TileJob& job, int item)
      : parts_(job.input->format, job.kind, job.scale, job.source.width),
        begin_(static_cast<char*>(job.scratch) + static_cast<size_t>(item) * parts_.size) {}

  int32_t* chroma() const { return reinterpret_cast<int32_t*>(begin_ + ScratchSlot::chroma); }
  int32_t* alpha() const { return reinterpret_cast<int32_t*>(begin_ + parts_.alpha); }
  uint8_t* rgb(int row) const {
    return reinterpret_cast<uint8_t*>(begin_ + parts_.rgb +
                                      static_cast<size_t>(row) * parts_.rgb_row);
  }

 private:
  ScratchSlot parts_;
  char* begin_;
};

}  // namespace addersr::embedding
