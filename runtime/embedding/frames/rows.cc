// Three bytes beside each other are what compilers make no vectors of. So pixels with which there
// is more to do pass through a buffer on the stack, in which each is one integer: red in its lowest
// byte, then green, then blue.
#include "runtime/embedding/frames/rows.h"

#include <algorithm>
#include <cstring>

#include "runtime/embedding/frames/enlarged_rows.h"

namespace addersr::embedding {
namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a pixel's first byte is its lowest");

constexpr int64_t kChunk = 256;

// Calls run(first pixel, pixels) for parts of a row.
template <class Run>
void ForChunks(int64_t pixels, const Run& run) {
  for (int64_t first = 0; first < pixels; first += kChunk) {
    run(first, std::min(kChunk, pixels - first));
  }
}

// The highest byte is anything.
void Unpack(const uint8_t* rgb, int64_t pixels, uint32_t* packed) {
  for (int64_t i = 0; i + 1 < pixels; ++i) std::memcpy(&packed[i], rgb + 3 * i, 4);
  std::memcpy(&packed[pixels - 1], rgb + 3 * (pixels - 1), 3);
}

// Each pixel overwrites a byte of the next one, which comes later.
void Pack(const uint32_t* packed, int64_t pixels, uint8_t* rgb) {
  for (int64_t i = 0; i + 1 < pixels; ++i) std::memcpy(rgb + 3 * i, &packed[i], 4);
  std::memcpy(rgb + 3 * (pixels - 1), &packed[pixels - 1], 3);
}

uint32_t Red(uint32_t packed) { return packed & 0xff; }
uint32_t Green(uint32_t packed) { return packed >> 8 & 0xff; }
uint32_t Blue(uint32_t packed) { return packed >> 16 & 0xff; }
uint32_t Packed(uint32_t red, uint32_t green, uint32_t blue) {
  return red | green << 8 | blue << 16;
}

// RGB out of what of(i) gives for the pixel i.
template <class Of>
void MakeRgb(int64_t pixels, uint8_t* rgb, const Of& of) {
  uint32_t packed[kChunk];
  ForChunks(pixels, [&](int64_t first, int64_t count) {
    for (int64_t i = 0; i < count; ++i) packed[i] = of(first + i);
    Pack(packed, count, rgb + 3 * first);
  });
}

float Unit(uint32_t byte) { return static_cast<float>(static_cast<int32_t>(byte)) / 255.0F; }

uint32_t Level(float unit) {
  float level = unit * 255.0F;
  level = level > 0.0F ? level : 0.0F;  // also where it is not a number
  level = level < 255.0F ? level : 255.0F;
  // Floats from 2^23 on are integers, whose lowest bits are the number that was added.
  level += 0x1p23F;
  uint32_t bits;
  std::memcpy(&bits, &level, sizeof bits);
  return bits & 0xff;
}

uint32_t Limited(int32_t level) { return static_cast<uint32_t>(std::clamp(level, 0, 255)); }

}  // namespace

void SwapRedAndBlue(const uint8_t* from, int64_t pixels, uint8_t* to) {
  for (int64_t i = 0; i < pixels; ++i) {
    to[3 * i] = from[3 * i + 2];
    to[3 * i + 1] = from[3 * i + 1];
    to[3 * i + 2] = from[3 * i];
  }
}

void RgbaToRgb(const uint8_t* rgba, int64_t pixels, uint8_t* rgb) {
  MakeRgb(pixels, rgb, [&](int64_t i) {
    uint32_t pixel;
    std::memcpy(&pixel, rgba + 4 * i, sizeof pixel);
    return pixel;
  });
}

void GrayToRgb(const uint8_t* gray, int64_t pixels, uint8_t* rgb) {
  MakeRgb(pixels, rgb, [&](int64_t i) { return Packed(gray[i], gray[i], gray[i]); });
}

void RgbToGray(const uint8_t* rgb, int64_t pixels, uint8_t* gray) {
  for (int64_t i = 0; i < pixels; ++i) {
    gray[i] = static_cast<uint8_t>((rgb[3 * i] + rgb[3 * i + 1] + rgb[3 * i + 2] + 1) / 3);
  }
}

void ToUnits(const uint8_t* bytes, int64_t pixels, float* units) {
  for (int64_t i = 0; i < pixels; ++i) units[i] = Unit(bytes[i]);
}

void RgbToPlanes(const uint8_t* rgb, int64_t pixels, float* red, float* green, float* blue) {
  uint32_t packed[kChunk] = {};
  ForChunks(pixels, [&](int64_t first, int64_t count) {
    Unpack(rgb + 3 * first, count, packed);
    for (int64_t i = 0; i < count; ++i) {
      red[first + i] = Unit(Red(packed[i]));
      green[first + i] = Unit(Green(packed[i]));
      blue[first + i] = Unit(Blue(packed[i]));
    }
  });
}

void ToBytes(const float* units, int64_t pixels, uint8_t* bytes) {
  for (int64_t i = 0; i < pixels; ++i) bytes[i] = static_cast<uint8_t>(Level(units[i]));
}

void PlanesToRgb(const float* red, const float* green, const float* blue, int64_t pixels,
                 uint8_t* rgb) {
  MakeRgb(pixels, rgb,
          [&](int64_t i) { return Packed(Level(red[i]), Level(green[i]), Level(blue[i])); });
}

void PlanesToGray(const float* red, const float* green, const float* blue, int64_t pixels,
                  uint8_t* gray) {
  for (int64_t i = 0; i < pixels; ++i) {
    gray[i] = static_cast<uint8_t>(Level((red[i] + green[i] + blue[i]) / 3.0F));
  }
}

void JoinAlpha(const uint8_t* rgb, const int32_t* pairs, int64_t pixels, uint8_t* rgba) {
  uint32_t alpha[kChunk];
  ForChunks(pixels, [&](int64_t first, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      alpha[i] = uint32_t{Sample(LowerOfPair(pairs[first + i]))} << 24;
    }
    const auto join = [&](int64_t i, size_t bytes) {
      uint32_t pixel = 0;
      std::memcpy(&pixel, rgb + 3 * (first + i), bytes);
      pixel = (pixel & 0xffffff) | alpha[i];
      std::memcpy(rgba + 4 * (first + i), &pixel, sizeof pixel);
    };
    for (int64_t i = 0; i + 1 < count; ++i) join(i, 4);
    join(count - 1, 3);
  });
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
  MakeRgb(pixels, rgb, [&](int64_t i) {
    const int32_t y = 9539 * 64 * (luma[i] - 16) + (1 << 18);
    const int32_t u = LowerOfPair(pairs[i]), v = UpperOfPair(pairs[i]);
    return Packed(Limited((y + 13075 * v) >> 19), Limited((y - 3209 * u - 6660 * v) >> 19),
                  Limited((y + 16525 * u) >> 19));
  });
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
