// The loops over the pixels of a row. Nothing overlaps.
#pragma once

#include <cstdint>

namespace addersr::embedding {

// BGR to RGB, and back.
void SwapRedAndBlue(const uint8_t* from, int64_t pixels, uint8_t* to);
void RgbaToRgb(const uint8_t* rgba, int64_t pixels, uint8_t* rgb);
void GrayToRgb(const uint8_t* gray, int64_t pixels, uint8_t* rgb);
// The mean of three colours, rounded.
void RgbToGray(const uint8_t* rgb, int64_t pixels, uint8_t* gray);

// Bytes to units of 255.
void ToUnits(const uint8_t* bytes, int64_t pixels, float* units);
void RgbToPlanes(const uint8_t* rgb, int64_t pixels, float* red, float* green, float* blue);

// Units of 255 to bytes: rounded to nearest, ties to even, and limited. What is not a number
// becomes 0.
void ToBytes(const float* units, int64_t pixels, uint8_t* bytes);
void PlanesToRgb(const float* red, const float* green, const float* blue, int64_t pixels,
                 uint8_t* rgb);
// The mean of three planes.
void PlanesToGray(const float* red, const float* green, const float* blue, int64_t pixels,
                  uint8_t* gray);

// Pairs of enlarged samples (enlarged_rows.h), made bytes.
void JoinAlpha(const uint8_t* rgb, const int32_t* pairs, int64_t pixels, uint8_t* rgba);
void PairsToNv12(const int32_t* pairs, int64_t samples, uint8_t* uv);
void PairsToPlanes(const int32_t* pairs, int64_t samples, uint8_t* u, uint8_t* v);

// BT.601 of limited range. Chroma comes in pairs, and goes as the mean of two rows of pixels, of
// which the last may stand for itself and the one behind it; step is the bytes between the samples.
void LimitedRangeToRgb(const uint8_t* luma, const int32_t* pairs, int64_t pixels, uint8_t* rgb);
void RgbToLimitedLuma(const uint8_t* rgb, int64_t pixels, uint8_t* luma);
void RgbToLimitedChroma(const uint8_t* upper, const uint8_t* lower, int64_t pixels, uint8_t* u,
                        uint8_t* v, int64_t step);

}  // namespace addersr::embedding
