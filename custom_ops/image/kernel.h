// What a kernel is: the arithmetic of both ops on a row, or a part of one.
#pragma once

#include <atomic>
#include <cstdint>

namespace addersr::image {

// Chroma travels in pairs: U in the lower 16 bits of an int32, V in the upper ones.
//
// Arrays of pairs are scratch memory: they begin at a pixel anywhere in it, and may be read and
// written up to the next multiple of kMostLanes pixels behind that.
constexpr int64_t kMostLanes = 16;
constexpr int kTaps = 5;

struct Kernel {
  const char* isa;
  const char* name;
  // Luma / 255 of RGB pixels.
  void (*luma)(const uint8_t* rgb, int64_t pixels, float* y);
  // Chroma of RGB pixels.
  void (*chroma)(const uint8_t* rgb, int64_t pixels, int32_t* pairs);
  // Each of `pixels` pairs is what the weights make of the pairs at the same place of five arrays:
  // neighbouring rows, or one row shifted.
  void (*filter)(const int32_t* const* arrays, const int16_t* weights, int64_t pixels,
                 int32_t* pairs);
  // The pixels of `scale` phases in turns; those of phase p begin at p·step. Writes what there is.
  void (*interleave)(const int32_t* phases, int64_t step, int64_t scale, int64_t pixels,
                     int32_t* pairs);
  // RGB of luma and chroma.
  void (*join)(const float* y, const int32_t* pairs, int64_t pixels, uint8_t* rgb);
  std::atomic<uint64_t>* calls;
};

}  // namespace addersr::image
