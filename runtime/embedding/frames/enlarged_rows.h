// Rows of a plane of pairs (custom_ops/image/kernel.h), enlarged by the cubic filter: the steps D
// and E of LumaToRgb, for some columns of a plane, read from the whole plane.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "custom_ops/image/image.h"

namespace addersr::embedding {

// Samples travel through the filter less 128, in units of 1/64.
inline int32_t PairOfSamples(uint8_t u, uint8_t v) {
  const auto centred = [](uint8_t sample) { return static_cast<uint32_t>((sample - 128) * 64); };
  return static_cast<int32_t>(centred(v) << 16 | (centred(u) & 0xffff));
}
inline int32_t LowerOfPair(int32_t pair) { return static_cast<int16_t>(pair & 0xffff); }
inline int32_t UpperOfPair(int32_t pair) { return pair >> 16; }
inline uint8_t Sample(int32_t enlarged) {
  return static_cast<uint8_t>(std::clamp(((enlarged + 32) >> 6) + 128, 0, 255));
}

// Scratch memory for `columns` columns, in pairs.
class EnlargedRowsMemory {
 public:
  EnlargedRowsMemory(int64_t columns, int64_t scale)
      : row(RoundUp(columns + 2 * kMargin)),
        wide(image::kTaps * row),
        // Vectors of the last chunk begin up to four pixels behind a multiple of kMostLanes.
        phases(wide + row + image::kMostLanes),
        pixels(phases + scale * kChunk),
        // Who reads a part of a row may begin anywhere in it.
        size(pixels + scale * RoundUp(columns) + image::kMostLanes) {}

  static constexpr int64_t kMargin = image::kTaps / 2;
  static constexpr int64_t kChunk = 256;

  int64_t row;     // kTaps rows with their margins
  int64_t wide;    // a row of the output's height
  int64_t phases;  // [scale, kChunk]
  int64_t pixels;  // the result
  int64_t size;

 private:
  static int64_t RoundUp(int64_t pairs) {
    return (pairs + image::kMostLanes - 1) / image::kMostLanes * image::kMostLanes;
  }
};

// load(row, first column, columns, pairs) reads a part of a row of the plane; it may write up to
// the next multiple of kMostLanes pairs.
template <class Load>
class EnlargedRows {
 public:
  // Columns [left, right) of a plane of width x height. `memory`: EnlargedRowsMemory::size.
  EnlargedRows(const image::Kernel& kernel, int64_t width, int64_t height, int64_t left,
               int64_t right, int64_t scale, int32_t* memory, const Load& load)
      : kernel_(kernel),
        height_(height),
        columns_(right - left),
        before_(std::min(left, kMargin)),
        loaded_(before_ + columns_ + std::min(width - right, kMargin)),
        first_(left - before_),
        scale_(scale),
        filter_(image::CubicFilter(scale)),
        parts_(columns_, scale),
        memory_(memory),
        load_(load) {}

  // Row y of the enlarged plane, from column left · scale on. The y of successive calls may not
  // fall. Valid until the next call.
  const int32_t* Row(int64_t y) {
    const int64_t line = y / scale_;
    const int32_t* lines[image::kTaps];
    MoveTo(line, lines);
    int32_t* const wide = memory_ + parts_.wide;
    int32_t* const inside = wide + kMargin - before_;
    kernel_.filter(lines, filter_ + y % scale_ * image::kTaps, loaded_, inside);
    std::fill(wide, inside, inside[0]);
    std::fill(inside + loaded_, wide + columns_ + 2 * kMargin, inside[loaded_ - 1]);
    int32_t* const phases = memory_ + parts_.phases;
    int32_t* const pixels = memory_ + parts_.pixels;
    for (int64_t first = 0; first < columns_; first += kChunk) {
      const int64_t count = std::min(kChunk, columns_ - first);
      const int32_t* shifted[image::kTaps];
      for (int k = 0; k < image::kTaps; ++k) shifted[k] = wide + first + k;
      for (int64_t p = 0; p < scale_; ++p) {
        kernel_.filter(shifted, filter_ + p * image::kTaps, count, phases + p * kChunk);
      }
      kernel_.interleave(phases, kChunk, scale_, count, pixels + first * scale_);
    }
    return pixels;
  }

 private:
  static constexpr int64_t kMargin = EnlargedRowsMemory::kMargin;
  static constexpr int64_t kChunk = EnlargedRowsMemory::kChunk;

  // The rows around `line`, the outermost replicated.
  void MoveTo(int64_t line, const int32_t* (&lines)[image::kTaps]) {
    next_ = std::max({next_, line - kMargin, int64_t{0}});
    for (; next_ <= std::min(line + kMargin, height_ - 1); ++next_) {
      load_(next_, first_, loaded_, Slot(next_));
    }
    for (int64_t k = 0; k < image::kTaps; ++k) {
      lines[k] = Slot(std::clamp<int64_t>(line + k - kMargin, 0, height_ - 1));
    }
  }
  int32_t* Slot(int64_t line) const { return memory_ + line % image::kTaps * parts_.row; }

  const image::Kernel& kernel_;
  int64_t height_, columns_;
  int64_t before_, loaded_, first_;  // what is read: with its margins, where the plane has them
  int64_t scale_;
  const int16_t* filter_;
  EnlargedRowsMemory parts_;
  int32_t* memory_;
  Load load_;
  int64_t next_ = 0;  // the first row that was not read yet
};

}  // namespace addersr::embedding
