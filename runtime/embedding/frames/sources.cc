#include "runtime/embedding/frames/sources.h"

#include <string>

namespace addersr::embedding {

const image::Kernel& Kernel() {
  static const image::Kernel* const kernel = [] {
    std::string error;
    return image::SelectKernel(&error);
  }();
  return *kernel;
}

const uint8_t* RgbPixels(const addersr_frame& frame, int64_t row, int64_t first, int64_t pixels,
                         uint8_t* buffer) {
  const uint8_t* const from = Row(frame, 0, row) + first * PixelBytes(frame.format, 0);
  switch (frame.format) {
    case ADDERSR_BGR:
      SwapRedAndBlue(from, pixels, buffer);
      return buffer;
    case ADDERSR_RGBA:
      RgbaToRgb(from, pixels, buffer);
      return buffer;
    case ADDERSR_GRAY:
      GrayToRgb(from, pixels, buffer);
      return buffer;
    default:
      return from;
  }
}

}  // namespace addersr::embedding
