// From the network's output to the output frame.
#include <algorithm>
#include <cstring>

#include "runtime/embedding/frames/frames.h"
#include "runtime/embedding/frames/scratch.h"
#include "runtime/embedding/frames/sources.h"

namespace addersr::embedding {
namespace {

// The part of the output frame that an item writes, in pixels of it.
struct Part {
  int64_t left, right, top, bottom;

  Part(const TileJob& job, const Band& band)
      : left(int64_t{job.inside.left} * job.scale),
        right(left + int64_t{job.inside.width} * job.scale),
        top(int64_t{band.first} * job.scale),
        bottom(int64_t{band.end} * job.scale) {}

  int64_t width() const { return right - left; }
};

// The network's output by pixels of the output frame.
class NetworkOutput {
 public:
  explicit NetworkOutput(const TileJob& job)
      : kind_(job.kind),
        data_(job.network_output),
        left_(int64_t{job.source.left} * job.scale),
        top_(int64_t{job.source.top} * job.scale),
        width_(int64_t{job.source.width} * job.scale),
        plane_(width_ * job.source.height * job.scale) {}

  // kLuma
  const float* Luma(int64_t row, int64_t column) const { return Plane(0, row, column); }
  // kRgb and kPicture: some pixels, where they lie or in `buffer`.
  const uint8_t* Rgb(int64_t row, int64_t column, int64_t pixels, uint8_t* buffer) const {
    if (kind_ == NetworkKind::kPicture) return Picture(row, column);
    PlanesToRgb(Plane(0, row, column), Plane(1, row, column), Plane(2, row, column), pixels,
                buffer);
    return buffer;
  }
  void Gray(int64_t row, int64_t column, int64_t pixels, uint8_t* gray) const {
    if (kind_ == NetworkKind::kPicture) {
      RgbToGray(Picture(row, column), pixels, gray);
    } else {
      PlanesToGray(Plane(0, row, column), Plane(1, row, column), Plane(2, row, column), pixels,
                   gray);
    }
  }

 private:
  int64_t Pixel(int64_t row, int64_t column) const {
    return (row - top_) * width_ + column - left_;
  }
  const float* Plane(int64_t plane, int64_t row, int64_t column) const {
    return static_cast<const float*>(data_) + plane * plane_ + Pixel(row, column);
  }
  const uint8_t* Picture(int64_t row, int64_t column) const {
    return static_cast<const uint8_t*>(data_) + 3 * Pixel(row, column);
  }

  NetworkKind kind_;
  const void* data_;
  int64_t left_, top_, width_, plane_;
};

// Rows of RGB on their way into an RGB, BGR or RGBA frame.
class ColourOutput {
 public:
  ColourOutput(const TileJob& job, const Part& part, const ItemScratch& scratch)
      : frame_(*job.output),
        part_(part),
        buffer_(scratch.rgb(1)),
        alpha_(Kernel(), job.input->width, job.input->height, job.inside.left,
               job.inside.left + job.inside.width, job.scale, scratch.alpha(),
               LoadAlpha{*job.input}) {}

  // Where the pixels of a row may be prepared.
  uint8_t* Buffer(int64_t row) const {
    return frame_.format == ADDERSR_RGB ? Row(frame_, 0, row) + 3 * part_.left : buffer_;
  }
  // Rows come in order.
  void Put(int64_t row, const uint8_t* rgb) {
    uint8_t* const to = Row(frame_, 0, row) + PixelBytes(frame_.format, 0) * part_.left;
    if (frame_.format == ADDERSR_BGR) {
      SwapRedAndBlue(rgb, part_.width(), to);
    } else if (frame_.format == ADDERSR_RGBA) {
      JoinAlpha(rgb, alpha_.Row(row), part_.width(), to);
    } else if (rgb != to) {
      std::memcpy(to, rgb, static_cast<size_t>(3 * part_.width()));
    }
  }

 private:
  const addersr_frame& frame_;
  const Part& part_;
  uint8_t* buffer_;
  EnlargedRows<LoadAlpha> alpha_;
};

// The samples of chroma that belong to a part: those whose first pixel does.
struct ChromaPart {
  int64_t left, right, top, bottom;

  explicit ChromaPart(const Part& part)
      : left(Half(part.left)),
        right(Half(part.right)),
        top(Half(part.top)),
        bottom(Half(part.bottom)) {}

  bool empty() const { return left == right || top == bottom; }
};

void WriteLumaColours(const TileJob& job, const Part& part, const ItemScratch& scratch) {
  const NetworkOutput network(job);
  const addersr_frame& input = *job.input;
  const Region& inside = job.inside;
  EnlargedRows<LoadRgbChroma> chroma(Kernel(), input.width, input.height, inside.left,
                                     inside.left + inside.width, job.scale, scratch.chroma(),
                                     LoadRgbChroma{input, scratch.rgb(0)});
  ColourOutput output(job, part, scratch);
  for (int64_t row = part.top; row < part.bottom; ++row) {
    uint8_t* const rgb = output.Buffer(row);
    Kernel().join(network.Luma(row, part.left), chroma.Row(row), part.width(), rgb);
    output.Put(row, rgb);
  }
}

void WriteLumaPlane(const TileJob& job, const Part& part) {
  const NetworkOutput network(job);
  for (int64_t row = part.top; row < part.bottom; ++row) {
    ToBytes(network.Luma(row, part.left), part.width(), Row(*job.output, 0, row) + part.left);
  }
}

void WriteEnlargedChroma(const TileJob& job, const Part& part, const ItemScratch& scratch) {
  const ChromaPart samples(part);
  if (samples.empty()) return;
  const addersr_frame& frame = *job.output;
  EnlargedChroma chroma(*job.input, samples.left, samples.right, job.scale, scratch.chroma());
  const int64_t count = samples.right - samples.left;
  for (int64_t row = samples.top; row < samples.bottom; ++row) {
    const int32_t* const pairs = chroma.Row(row);
    if (frame.format == ADDERSR_NV12) {
      PairsToNv12(pairs, count, Row(frame, 1, row) + 2 * samples.left);
    } else {
      PairsToPlanes(pairs, count, Row(frame, 1, row) + samples.left,
                    Row(frame, 2, row) + samples.left);
    }
  }
}

void WriteColours(const TileJob& job, const Part& part, const ItemScratch& scratch) {
  const NetworkOutput network(job);
  ColourOutput output(job, part, scratch);
  for (int64_t row = part.top; row < part.bottom; ++row) {
    output.Put(row, network.Rgb(row, part.left, part.width(), output.Buffer(row)));
  }
}

void WriteGray(const TileJob& job, const Part& part) {
  const NetworkOutput network(job);
  for (int64_t row = part.top; row < part.bottom; ++row) {
    network.Gray(row, part.left, part.width(), Row(*job.output, 0, row) + part.left);
  }
}

// Rows of RGB, each of which is made once: a row of pixels is needed for luma and for chroma.
class RgbRows {
 public:
  RgbRows(const NetworkOutput& network, const ItemScratch& scratch, int64_t left, int64_t right)
      : network_(network), scratch_(scratch), left_(left), pixels_(right - left) {}

  // Of successive calls no two are more than a row apart.
  const uint8_t* operator()(int64_t row) {
    const int slot = static_cast<int>(row % 2);
    if (held_[slot] != row) {
      rows_[slot] = network_.Rgb(row, left_, pixels_, scratch_.rgb(slot));
      held_[slot] = row;
    }
    return rows_[slot];
  }

 private:
  const NetworkOutput& network_;
  const ItemScratch& scratch_;
  int64_t left_, pixels_;
  int64_t held_[2] = {-1, -1};
  const uint8_t* rows_[2] = {};
};

void WriteLimitedRange(const TileJob& job, const Part& part, const ItemScratch& scratch) {
  const NetworkOutput network(job);
  const addersr_frame& frame = *job.output;
  const ChromaPart samples(part);
  // The last sample's second pixel may lie beyond the part, which Margin provides for.
  const int64_t right = std::min<int64_t>(2 * samples.right, frame.width);
  const int64_t skipped = 2 * samples.left - part.left;
  const bool nv12 = frame.format == ADDERSR_NV12;
  RgbRows rows(network, scratch, part.left, std::max(right, part.right));
  for (int64_t row = part.top; row < part.bottom; ++row) {
    const uint8_t* const upper = rows(row);
    RgbToLimitedLuma(upper, part.width(), Row(frame, 0, row) + part.left);
    if (row % 2 != 0) continue;
    const uint8_t* const lower = rows(std::min<int64_t>(row + 1, frame.height - 1));
    uint8_t* const u = Row(frame, 1, row / 2) + samples.left * PixelBytes(frame.format, 1);
    uint8_t* const v = nv12 ? u + 1 : Row(frame, 2, row / 2) + samples.left;
    RgbToLimitedChroma(upper + 3 * skipped, lower + 3 * skipped, right - part.left - skipped, u, v,
                       nv12 ? 2 : 1);
  }
}

}  // namespace

int WriteItems(const TileJob& job) { return Bands(job.inside).count(); }

void WriteItem(const TileJob& job, int item) noexcept {
  const Part part(job, Bands(job.inside)[item]);
  const ItemScratch scratch(job, item);
  const bool luma = job.kind == NetworkKind::kLuma;
  if (IsSubsampled(job.output->format)) {
    if (luma) {
      WriteLumaPlane(job, part);
      WriteEnlargedChroma(job, part, scratch);
    } else {
      WriteLimitedRange(job, part, scratch);
    }
  } else if (job.output->format == ADDERSR_GRAY) {
    if (luma) {
      WriteLumaPlane(job, part);
    } else {
      WriteGray(job, part);
    }
  } else if (luma) {
    WriteLumaColours(job, part, scratch);
  } else {
    WriteColours(job, part, scratch);
  }
}

}  // namespace addersr::embedding
