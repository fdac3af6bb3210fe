// From the input frame to the network's input.
#include <cstring>

#include "runtime/embedding/frames/frames.h"
#include "runtime/embedding/frames/scratch.h"
#include "runtime/embedding/frames/sources.h"

namespace addersr::embedding {
namespace {

void ReadLuma(const TileJob& job, const Band& band, const ItemScratch& scratch) {
  const addersr_frame& frame = *job.input;
  const Region& s = job.source;
  const bool luma = frame.format == ADDERSR_GRAY || IsSubsampled(frame.format);
  for (int64_t row = band.first; row < band.end; ++row) {
    float* const to = static_cast<float*>(job.network_input) + (row - s.top) * s.width;
    if (luma) {
      ToUnits(Row(frame, 0, row) + s.left, s.width, to);
    } else {
      Kernel().luma(RgbPixels(frame, row, s.left, s.width, scratch.rgb(0)), s.width, to);
    }
  }
}

// Rows of RGB pixels, for the two kinds of networks that take them.
class ColourInput {
 public:
  ColourInput(const TileJob& job, uint8_t* buffer) : job_(job), buffer_(buffer) {}

  // Where the pixels of a row may be prepared.
  uint8_t* Buffer(int64_t row) const {
    return job_.kind == NetworkKind::kPicture
               ? static_cast<uint8_t*>(job_.network_input) + 3 * Pixel(row)
               : buffer_;
  }
  void Put(int64_t row, const uint8_t* rgb) const {
    const int64_t width = job_.source.width;
    if (job_.kind == NetworkKind::kPicture) {
      uint8_t* const to = Buffer(row);
      if (rgb != to) std::memcpy(to, rgb, static_cast<size_t>(3 * width));
      return;
    }
    float* const red = static_cast<float*>(job_.network_input) + Pixel(row);
    const int64_t plane = width * job_.source.height;
    RgbToPlanes(rgb, width, red, red + plane, red + 2 * plane);
  }

 private:
  int64_t Pixel(int64_t row) const { return (row - job_.source.top) * job_.source.width; }

  const TileJob& job_;
  uint8_t* buffer_;
};

void ReadColours(const TileJob& job, const Band& band, const ItemScratch& scratch) {
  const addersr_frame& frame = *job.input;
  const Region& s = job.source;
  const ColourInput input(job, scratch.rgb(0));
  if (!IsSubsampled(frame.format)) {
    for (int64_t row = band.first; row < band.end; ++row) {
      input.Put(row, RgbPixels(frame, row, s.left, s.width, input.Buffer(row)));
    }
    return;
  }
  EnlargedChroma chroma(frame, s.left, int64_t{s.left} + s.width, 2, scratch.chroma());
  for (int64_t row = band.first; row < band.end; ++row) {
    uint8_t* const rgb = input.Buffer(row);
    LimitedRangeToRgb(Row(frame, 0, row) + s.left, chroma.Row(row), s.width, rgb);
    input.Put(row, rgb);
  }
}

}  // namespace

size_t ScratchBytes(int32_t format, NetworkKind kind, int scale, int32_t width, int32_t height) {
  return static_cast<size_t>(Bands::MostItems(width, height)) *
         ScratchSlot(format, kind, scale, width).size;
}

int ReadItems(const TileJob& job) { return Bands(job.source).count(); }

void ReadItem(const TileJob& job, int item) noexcept {
  const Band band = Bands(job.source)[item];
  const ItemScratch scratch(job, item);
  if (job.kind == NetworkKind::kLuma) {
    ReadLuma(job, band, scratch);
  } else {
    ReadColours(job, band, scratch);
  }
}

}  // namespace addersr::embedding
