#include "runtime/embedding/frames/rows.h"

#include <algorithm>
#include <cstring>

#include "runtime/embedding/frames/enlarged_rows.h"

namespace addersr::embedding {
namespace {

// In a form that compilers make vectors of without SSE4.1.
uint8_t ToByte(float unit) {
  float level = unit * 255.0F;
  level = level > 0.0F ? level : 0.0F;  // also where it is not a number
  level = level < 255.0F ? level : 255.0F;
  // Floats from 2^23 on are integers, whose lowest bits are the number that was added.
  level += 0x1p23F;
  uint32_t bits;
  std::memcpy(&bits, &level, sizeof bits);
  return static_cast<uint8_t>(bits);
}

uint8_t Limited(int32_t level) { return static_cast<uint8_t>(std::clamp(level, 0, 255)); }

}  // namespace

void SwapRedAndBlue(const uint8_t* from, int64_t pixels, uint8_t* to) {
  for (int64_t i = 0; i < pixels; ++i) {
    to[3 * i] = from[3 * i + 2];
    to[3 * i + 1] = from[3 * i + 1];
    to[3 * i + 2] = from[3 * i];
  }
}

void RgbaToRgb(const uint8_t* rgba, int64_t pixels, uint8_t* rgb) {
  for (int64_t i = 0; i < pixels; ++i) {
    for (int64_t c = 0; c < 3; ++c) rgb[3 * i + c] = rgba[4 * i + c];
  }
}

void GrayToRgb(const uint8_t* gray, int64_t pixels, uint8_t* rgb) {
  for (int64_t i = 0; i < pixels; ++i) {
    for (int64_t c = 0; c < 3; ++c) rgb[3 * i + c] = gray[i];
  }
}

void RgbToGray(const uint8_t* rgb, int64_t pixels, uint8_t* gray) {
  for (int64_t i = 0; i < pixels; ++i) {
    gray[i] = static_cast<uint8_t>((rgb[3 * i] + rgb[3 * i + 1] + rgb[3 * i + 2] + 1) / 3);
  }
}

void ToUnits(const uint8_t* bytes, int64_t pixels, float* units) {
  for (int64_t i = 0; i < pixels; ++i) units[i] = static_cast<float>(bytes[i]) / 255.0F;
}

void RgbToPlanes(const uint8_t* rgb, int64_t pixels, float* red, float* green, float* blue) {
  for (int64_t i = 0; i < pixels; ++i) {
    red[i] = static_cast<float>(rgb[3 * i]) / 255.0F;
    green[i] = static_cast<float>(rgb[3 * i + 1]) / 255.0F;
    blue[i] = static_cast<float>(rgb[3 * i + 2]) / 255.0F;
  }
}

void ToBytes(const float* units, int64_t pixels, uint8_t* bytes) {
  for (int64_t i = 0; i < pixels; ++i) bytes[i] = ToByte(units[i]);
}

void PlanesToRgb(const float* red, const float* green, const float* blue, int64_t pixels,
                 uint8_t* rgb) {
  for (int64_t i = 0; i < pixels; ++i) {
    rgb[3 * i] = ToByte(red[i]);
    rgb[3 * i + 1] = ToByte(green[i]);
    rgb[3 * i + 2] = ToByte(blue[i]);
  }
}

void PlanesToGray(const float* red, const float* green, const float* blue, int64_t pixels,
                  uint8_t* gray) {
  for (int64_t i = 0; i < pixels; ++i) gray[i] = ToByte((red[i] + green[i] + blue[i]) / 3.0F);
}

void JoinAlpha(const uint8_t* rgb, const int32_t* pairs, int64_t pixels, uint8_t* rgba) {
  for (int64_t i = 0; i < pixels; ++i) {
    for (int64_t c = 0; c < 3; ++c) rgba[4 * i + c] = rgb[3 * i + c];
    rgba[4 * i + 3] = Sample(LowerOfPair(pairs[i]));
  }
}

void PairsToNv12(const int32_t* pairs, int64_t samples, uint8_t* uv) {
  for (int64_t i = 0; i < samples; ++i) {
    uv[2 * i] = Sample(LowerOfPair(pairs[i]));
    uv[2 * i + 1] = Sample(UpperOfPair(pairs[i]));
  }
}

void PairsToPlanes(const int32_t* pairs, int64_t samples, uint8_t* u, uint8_t* v) {
  for (int64_t i = 0; i < samples; ++i) u[i] = Sample(LowerOfPair(pairs[i]));
  for (int64_t i = 0; i < samples; ++i) v[i] = Sample(UpperOfPair(pairs[i]));
}

void LimitedRangeToRgb(const uint8_t* luma, const int32_t* pairs, int64_t pixels, uint8_t* rgb) {
  for (int64_t i = 0; i < pixels; ++i) {
    const int32_t y = 9539 * 64 * (luma[i] - 16) + (1 << 18);
    const int32_t u = LowerOfPair(pairs[i]), v = UpperOfPair(pairs[i]);
    rgb[3 * i] = Limited((y + 13075 * v) >> 19);
    rgb[3 * i + 1] = Limited((y - 3209 * u - 6660 * v) >> 19);
    rgb[3 * i + 2] = Limited((y + 16525 * u) >> 19);
  }
}

void RgbToLimitedLuma(const uint8_t* rgb, int64_t pixels, uint8_t* luma) {
  for (int64_t i = 0; i < pixels; ++i) {
    const int32_t sum = 16829 * rgb[3 * i] + 33039 * rgb[3 * i + 1] + 6416 * rgb[3 * i + 2];
    luma[i] = static_cast<uint8_t>((sum + (16 << 16) + (1 << 15)) >> 16);
  }
}

void RgbToLimitedChroma(const uint8_t* upper, const uint8_t* lower, int64_t pixels, uint8_t* u,
                        uint8_t* v, int64_t step) {
  for (int64_t i = 0; i < pixels; i += 2) {
    const int64_t left = 3 * i, right = 3 * std::min(i + 1, pixels - 1);
    const auto sum = [&](int64_t c) {
      return upper[left + c] + upper[right + c] + lower[left + c] + lower[right + c];
    };
    const int32_t red = sum(0), green = sum(1), blue = sum(2);
    constexpr int32_t kMiddle = (128 << 18) + (1 << 17);
    u[i / 2 * step] =
        static_cast<uint8_t>((28784 * blue - 9714 * red - 19070 * green + kMiddle) >> 18);
    v[i / 2 * step] =
        static_cast<uint8_t>((28784 * red - 24103 * green - 4681 * blue + kMiddle) >> 18);
  }
}

}  // namespace addersr::embedding
