#include "orientation.h"

#include <cstring>
#include <string_view>

namespace addersr::tool {
namespace {

constexpr uint16_t kOrientationTag = 0x0112;
constexpr uint16_t kShort = 3;
constexpr size_t kEntryBytes = 12;

// Numbers of a TIFF structure, which says itself in which order their bytes are.
class Tiff {
 public:
  Tiff(const uint8_t* bytes, size_t size) : bytes_(bytes), size_(size) {
    const std::string_view start(reinterpret_cast<const char*>(bytes), size < 4 ? 0 : 4);
    little_ = start == std::string_view("II\x2a\0", 4);
    valid_ = little_ || start == std::string_view("MM\0\x2a", 4);
  }

  bool valid() const { return valid_; }
  bool Has(size_t offset, size_t count) const { return offset <= size_ && count <= size_ - offset; }
  uint32_t Number(size_t offset, size_t count) const {
    uint32_t value = 0;
    for (size_t i = 0; i < count; ++i) {
      const size_t at = little_ ? count - 1 - i : i;
      value = value << 8 | bytes_[offset + at];
    }
    return value;
  }

 private:
  const uint8_t* bytes_;
  size_t size_;
  bool little_ = false;
  bool valid_ = false;
};

}  // namespace

int ReadOrientation(const uint8_t* bytes, size_t size) {
  const Tiff tiff(bytes, size);
  if (!tiff.valid() || !tiff.Has(4, 4)) return 1;
  const size_t directory = tiff.Number(4, 4);
  if (!tiff.Has(directory, 2)) return 1;
  const size_t entries = tiff.Number(directory, 2);
  for (size_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + i * kEntryBytes;
    if (!tiff.Has(entry, kEntryBytes)) return 1;
    if (tiff.Number(entry, 2) != kOrientationTag) continue;
    const uint32_t value = tiff.Number(entry + 8, 2);
    const bool known = tiff.Number(entry + 2, 2) == kShort && value >= 1 && value <= 8;
    return known ? static_cast<int>(value) : 1;
  }
  return 1;
}

int ReadJpegOrientation(const uint8_t* jpeg, size_t size) {
  constexpr uint8_t kMarker = 0xFF, kStartOfScan = 0xDA, kApplication1 = 0xE1;
  constexpr std::string_view kExif("Exif\0\0", 6);
  // Segments: FF, marker, length of two bytes (which it counts itself), content.
  size_t at = 2;
  while (at + 4 <= size && jpeg[at] == kMarker && jpeg[at + 1] != kStartOfScan) {
    const size_t length = static_cast<size_t>(jpeg[at + 2]) << 8 | jpeg[at + 3];
    if (length < 2 || length > size - at - 2) return 1;
    const std::string_view content(reinterpret_cast<const char*>(jpeg) + at + 4, length - 2);
    if (jpeg[at + 1] == kApplication1 && content.substr(0, kExif.size()) == kExif) {
      return ReadOrientation(jpeg + at + 4 + kExif.size(), content.size() - kExif.size());
    }
    at += 2 + length;
  }
  return 1;
}

Frame Upright(const Frame& frame, int orientation) {
  // From 5 on rows and columns are exchanged; the rest are mirrors of what is stored.
  const bool exchanged = orientation >= 5;
  const bool from_right =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_below =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const int32_t width = frame.width(), height = frame.height();
  Frame turned(frame.format(), exchanged ? height : width, exchanged ? width : height);
  const size_t pixel = RowBytes(frame.format(), 0, 1);
  uint8_t* to = turned.data();
  for (int32_t y = 0; y < turned.height(); ++y) {
    for (int32_t x = 0; x < turned.width(); ++x) {
      const int32_t column = exchanged ? y : x, row = exchanged ? x : y;
      const auto from_x = static_cast<size_t>(from_right ? width - 1 - column : column);
      const auto from_y = static_cast<size_t>(from_below ? height - 1 - row : row);
      std::memcpy(to, frame.data() + (from_y * static_cast<size_t>(width) + from_x) * pixel, pixel);
      to += pixel;
    }
  }
  return turned;
}

}  // namespace addersr::tool
