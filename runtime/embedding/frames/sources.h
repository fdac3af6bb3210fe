// Rows of the input frame in the forms that both directions need.
#pragma once

#include <cstdint>

#include "custom_ops/image/image.h"
#include "runtime/embedding/frames/enlarged_rows.h"
#include "runtime/embedding/frames/frames.h"
#include "runtime/embedding/frames/layout.h"
#include "runtime/embedding/frames/rows.h"

namespace addersr::embedding {

// There is one once CheckFrames has passed.
const image::Kernel& Kernel();

// Some pixels of a row as RGB: of an RGB frame where they lie, of another in `buffer`. Not for NV12
// and I420.
const uint8_t* RgbPixels(const addersr_frame& frame, int64_t row, int64_t first, int64_t pixels,
                         uint8_t* buffer);

// For EnlargedRows: chroma of RGB, BGR or RGBA, which passes through a buffer of RGB.
struct LoadRgbChroma {
  const addersr_frame& frame;
  uint8_t* buffer;
  void operator()(int64_t row, int64_t first, int64_t columns, int32_t* pairs) const {
    Kernel().chroma(RgbPixels(frame, row, first, columns, buffer), columns, pairs);
  }
};

// The chroma planes of NV12 or I420.
struct LoadSamples {
  const addersr_frame& frame;
  void operator()(int64_t row, int64_t first, int64_t columns, int32_t* pairs) const {
    const bool nv12 = frame.format == ADDERSR_NV12;
    const int64_t step = nv12 ? 2 : 1;
    const uint8_t* const u = Row(frame, 1, row) + first * step;
    const uint8_t* const v = nv12 ? u + 1 : Row(frame, 2, row) + first;
    for (int64_t i = 0; i < columns; ++i) pairs[i] = PairOfSamples(u[i * step], v[i * step]);
  }
};

// Alpha of RGBA, in the lower half of the pairs.
struct LoadAlpha {
  const addersr_frame& frame;
  void operator()(int64_t row, int64_t first, int64_t columns, int32_t* pairs) const {
    const uint8_t* const rgba = Row(frame, 0, row) + 4 * first;
    for (int64_t i = 0; i < columns; ++i) pairs[i] = PairOfSamples(rgba[4 * i + 3], 128);
  }
};

// The chroma of an NV12 or I420 frame enlarged by `scale`, of which the samples [first, end) of
// every row are asked for.
class EnlargedChroma {
 public:
  EnlargedChroma(const addersr_frame& frame, int64_t first, int64_t end, int64_t scale,
                 int32_t* memory)
      : skipped_(first % scale),
        rows_(Kernel(), PlaneWidth(frame, 1), PlaneHeight(frame, 1), first / scale,
              (end - 1) / scale + 1, scale, memory, LoadSamples{frame}) {}

  // From the sample `first` on.
  const int32_t* Row(int64_t y) { return rows_.Row(y) + skipped_; }

 private:
  int64_t skipped_;
  EnlargedRows<LoadSamples> rows_;
};

}  // namespace addersr::embedding
