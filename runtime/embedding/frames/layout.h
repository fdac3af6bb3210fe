// What the formats are made of.
#pragma once

#include <cstdint>

#include "runtime/embedding/include/addersr.h"

namespace addersr::embedding {

inline bool IsFormat(int32_t format) { return format >= ADDERSR_RGB && format <= ADDERSR_I420; }

// Whether luma and chroma lie in planes of their own, chroma at half the size.
inline bool IsSubsampled(int32_t format) {
  return format == ADDERSR_NV12 || format == ADDERSR_I420;
}

inline int PlaneCount(int32_t format) {
  if (format == ADDERSR_NV12) return 2;
  return format == ADDERSR_I420 ? 3 : 1;
}

// Bytes of a pixel (of a pair of U and V, for example) of a plane.
inline int PixelBytes(int32_t format, int plane) {
  switch (format) {
    case ADDERSR_RGB:
    case ADDERSR_BGR:
      return 3;
    case ADDERSR_RGBA:
      return 4;
    case ADDERSR_NV12:
      return plane == 0 ? 1 : 2;
    default:
      return 1;
  }
}

// Half of a size or position, upwards: the chroma samples that begin before that pixel.
template <class Int>
constexpr Int Half(Int pixels) {
  return pixels / 2 + pixels % 2;
}

inline int32_t PlaneWidth(const addersr_frame& frame, int plane) {
  return plane == 0 ? frame.width : Half(frame.width);
}
inline int32_t PlaneHeight(const addersr_frame& frame, int plane) {
  return plane == 0 ? frame.height : Half(frame.height);
}

inline uint8_t* Row(const addersr_frame& frame, int plane, int64_t row) {
  return frame.planes[plane] + static_cast<ptrdiff_t>(row) * frame.strides[plane];
}

}  // namespace addersr::embedding
