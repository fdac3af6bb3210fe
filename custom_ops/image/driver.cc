// Cuts a call into work items, and a row into parts that stay in L1.
#include <algorithm>

#include "custom_ops/image/image.h"

namespace addersr::image {
namespace {

// Pixels of X that an item has at least, so that it is worth its start.
constexpr int64_t kItemPixels = 8192;
// Rows, so that the chroma of those above and below it, which are computed again, costs little.
constexpr int64_t kItemRows = 16;
// Pixels of X whose chroma is enlarged along the row at a time.
constexpr int64_t kChunk = 256;
static_assert(kChunk % kMostLanes == 0);
// Replicated pixels at either end of a row.
constexpr int64_t kMargin = kTaps / 2;

int64_t RowsPerItem(const Shape& s) {
  return kItemRows + kItemPixels / std::max<int64_t>(1, s.width);
}

// Rows [first, end) of all images together.
struct Rows {
  int64_t first, end;

  Rows(const Shape& s, int64_t item)
      : first(item * RowsPerItem(s)), end(std::min(s.batch * s.height, first + RowsPerItem(s))) {}
};

int64_t RoundUp(int64_t pixels) { return (pixels + kMostLanes - 1) / kMostLanes * kMostLanes; }

// The parts of an item's scratch memory, in pairs. Each begins at a multiple of kMostLanes.
struct Buffers {
  int64_t row;     // one row of X
  int64_t phases;  // [s, kChunk]
  int64_t pixels;  // those, one after the other
  int64_t wide;    // a row of the output's height, with its margins
  int64_t ring;    // kTaps rows of X
  int64_t size;

  Buffers(const Shape& shape, int64_t scale)
      : row(RoundUp(shape.width)),
        phases(0),
        pixels(phases + scale * kChunk),
        wide(pixels + scale * kChunk + kMostLanes),
        // The last chunk's vectors begin at up to four pixels behind a multiple of kMostLanes.
        ring(wide + row + kMostLanes),
        size(ring + kTaps * row) {}
};
static_assert(2 * kMargin <= kMostLanes);

// The chroma of those rows of one image that an output row needs.
class Ring {
 public:
  Ring(const RgbJob& job, const Buffers& buffers, int32_t* ring)
      : job_(job), row_(buffers.row), ring_(ring) {}

  // The rows around `line` of `image`; lines come in order.
  void MoveTo(int64_t image, int64_t line, const int32_t* (&rows)[kTaps]) {
    if (image != image_) next_ = std::max<int64_t>(0, line - kMargin);
    image_ = image;
    const Shape& s = job_.shape;
    for (; next_ <= std::min(line + kMargin, s.height - 1); ++next_) {
      job_.kernel->chroma(job_.x + (image * s.height + next_) * s.width * 3, s.width, Slot(next_));
    }
    for (int64_t k = 0; k < kTaps; ++k) {
      rows[k] = Slot(std::clamp<int64_t>(line + k - kMargin, 0, s.height - 1));
    }
  }

 private:
  int32_t* Slot(int64_t line) const { return ring_ + line % kTaps * row_; }

  const RgbJob& job_;
  int64_t row_;
  int32_t* ring_;
  int64_t image_ = -1, next_ = 0;  // the first line of the image that is not in the ring yet
};

// Enlarges a row of chroma, which has margins, and joins it with a row of luma.
void RunRow(const RgbJob& job, const int32_t* wide, const float* y, int32_t* phases,
            int32_t* pixels, uint8_t* z) {
  const Kernel& kernel = *job.kernel;
  for (int64_t first = 0; first < job.shape.width; first += kChunk) {
    const int64_t count = std::min(kChunk, job.shape.width - first);
    const int32_t* shifted[kTaps];
    for (int k = 0; k < kTaps; ++k) shifted[k] = wide + first + k;
    for (int64_t p = 0; p < job.scale; ++p) {
      kernel.filter(shifted, job.filter + p * kTaps, count, phases + p * kChunk);
    }
    kernel.interleave(phases, kChunk, job.scale, count, pixels);
    kernel.join(y + first * job.scale, pixels, count * job.scale, z + first * job.scale * 3);
  }
}

}  // namespace

int64_t ItemCount(const Shape& s) {
  if (s.width == 0) return 0;
  return (s.batch * s.height + RowsPerItem(s) - 1) / RowsPerItem(s);
}

size_t ScratchBytes(const Shape& s, int64_t scale) {
  return static_cast<size_t>(Buffers(s, scale).size) * sizeof(int32_t);
}

void RunItem(const LumaJob& job, int64_t item) noexcept {
  const Rows rows(job.shape, item);
  const int64_t width = job.shape.width, first = rows.first * width;
  job.kernel->luma(job.x + first * 3, (rows.end - rows.first) * width, job.y + first);
}

void RunItem(const RgbJob& job, int64_t item, void* scratch) noexcept {
  const Shape& s = job.shape;
  const Buffers buffers(s, job.scale);
  auto* const pairs = static_cast<int32_t*>(scratch);
  Ring ring(job, buffers, pairs + buffers.ring);
  int32_t* const wide = pairs + buffers.wide;
  const Rows rows(s, item);
  for (int64_t row = rows.first; row < rows.end; ++row) {
    const int32_t* lines[kTaps];
    ring.MoveTo(row / s.height, row % s.height, lines);
    for (int64_t p = 0; p < job.scale; ++p) {
      int32_t* const inside = wide + kMargin;
      job.kernel->filter(lines, job.filter + p * kTaps, s.width, inside);
      std::fill_n(wide, kMargin, inside[0]);
      std::fill_n(inside + s.width, kMargin, inside[s.width - 1]);
      const int64_t out = (row * job.scale + p) * s.width * job.scale;
      RunRow(job, wide, job.y + out, pairs + buffers.phases, pairs + buffers.pixels,
             job.z + out * 3);
    }
  }
}

}  // namespace addersr::image
