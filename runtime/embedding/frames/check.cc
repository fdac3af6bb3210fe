#include "custom_ops/image/image.h"
#include "runtime/embedding/frames/frames.h"
#include "runtime/embedding/frames/layout.h"

namespace addersr::embedding {
namespace {

std::string Size(int64_t width, int64_t height) {
  return std::to_string(width) + " x " + std::to_string(height);
}

// Where the bytes of a plane lie.
struct Extent {
  uintptr_t begin, end;
  uintptr_t row, stride;  // bytes

  // Whether a byte may belong to both. Of planes in the gaps of each other's rows this knows only
  // those of equal stride: two parts of one picture, side by side.
  bool Overlaps(const Extent& other) const {
    if (end <= other.begin || other.end <= begin) return false;
    if (stride != other.stride) return true;
    const uintptr_t behind = other.begin >= begin
                                 ? (other.begin - begin) % stride
                                 : (stride - (begin - other.begin) % stride) % stride;
    return behind < row || behind + other.row > stride;
  }
};

// Checks one plane; `which` is "input" or "output". Right frames cost no allocation.
std::string CheckPlane(const char* which, const addersr_frame& frame, int plane, Extent* extent) {
  const auto name = [&] {
    return "plane " + std::to_string(plane) + " of the " + which + " frame";
  };
  if (frame.planes[plane] == nullptr) return "Expected memory for " + name() + ", got null.";
  // Neither overflows: a width is below 2^31.
  const int64_t row = int64_t{PlaneWidth(frame, plane)} * PixelBytes(frame.format, plane);
  const int32_t rows = PlaneHeight(frame, plane);
  const ptrdiff_t stride = frame.strides[plane];
  if (stride < row) {
    return "Expected a stride of at least " + std::to_string(row) + " bytes for " + name() +
           ", whose rows have so many, got " + std::to_string(stride) + ".";
  }
  ptrdiff_t bytes;
  const auto begin = reinterpret_cast<uintptr_t>(frame.planes[plane]);
  uintptr_t end;
  if (__builtin_mul_overflow(stride, rows - 1, &bytes) ||
      __builtin_add_overflow(bytes, row, &bytes) || __builtin_add_overflow(begin, bytes, &end)) {
    return "Expected " + name() + " to fit into memory, got " + std::to_string(stride) +
           " bytes for each of " + std::to_string(rows) + " rows.";
  }
  *extent = {begin, end, static_cast<uintptr_t>(row), static_cast<uintptr_t>(stride)};
  return {};
}

std::string CheckSizes(const addersr_frame& input, const addersr_frame& output, int scale) {
  for (const addersr_frame* frame : {&input, &output}) {
    if (frame->width >= 1 && frame->height >= 1) continue;
    return std::string("Expected frames of at least 1 x 1 pixels, got an ") +
           (frame == &input ? "input" : "output") + " of " + Size(frame->width, frame->height) +
           ".";
  }
  const int64_t width = int64_t{input.width} * scale, height = int64_t{input.height} * scale;
  if (output.width != width || output.height != height) {
    return "Expected an output of " + Size(width, height) + " pixels, " + std::to_string(scale) +
           " times the input's " + Size(input.width, input.height) + ", got " +
           Size(output.width, output.height) + ".";
  }
  // The largest tensor that a frame may become: three floats a pixel.
  ptrdiff_t bytes;
  if (__builtin_mul_overflow(width, height, &bytes) ||
      __builtin_mul_overflow(bytes, ptrdiff_t{3 * sizeof(float)}, &bytes)) {
    return "Expected frames that fit into memory, got an output of " + Size(width, height) +
           " pixels.";
  }
  return {};
}

}  // namespace

std::string CheckFrames(const addersr_frame* input, const addersr_frame* output, int scale) {
  if (input == nullptr || output == nullptr) {
    return std::string("Expected an input and an output frame, got null for the ") +
           (input == nullptr ? "input." : "output.");
  }
  if (!IsFormat(input->format)) {
    return "Expected a format of addersr_format (1 to 6), got " + std::to_string(input->format) +
           " for the input frame.";
  }
  if (output->format != input->format) {
    return "Expected the output frame to have the input's format, " +
           std::to_string(input->format) + ", got " + std::to_string(output->format) + ".";
  }
  std::string error = CheckSizes(*input, *output, scale);
  if (!error.empty()) return error;
  Extent read[3], written[3];
  const int planes = PlaneCount(input->format);
  for (int plane = 0; plane < planes; ++plane) {
    error = CheckPlane("input", *input, plane, &read[plane]);
    if (error.empty()) error = CheckPlane("output", *output, plane, &written[plane]);
    if (!error.empty()) return error;
  }
  for (int i = 0; i < planes; ++i) {
    for (int o = 0; o < planes; ++o) {
      if (!read[i].Overlaps(written[o])) continue;
      return "Expected an output frame with memory of its own, but its plane " + std::to_string(o) +
             " overlaps plane " + std::to_string(i) + " of the input.";
    }
  }
  // So that the items, which cannot fail, find a kernel.
  if (image::SelectKernel(&error) == nullptr) return error;
  return {};
}

int32_t Margin(int32_t format, NetworkKind kind, int32_t halo) {
  // A sample of chroma is the mean of 2 x 2 pixels, the last of which may belong to the next tile.
  return halo + (kind != NetworkKind::kLuma && IsSubsampled(format) ? 1 : 0);
}

}  // namespace addersr::embedding
