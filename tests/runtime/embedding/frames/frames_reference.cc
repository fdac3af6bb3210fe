#include "frames_reference.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <random>

#include "custom_ops/image/image.h"

namespace addersr::test {
namespace {

using Colour = std::array<int, 3>;

// a / 2^bits rounded down, without a shift.
int64_t Down(int64_t a, int bits) {
  return static_cast<int64_t>(std::floor(std::ldexp(static_cast<double>(a), -bits)));
}

// Pixel (row, column) of a plane of rows x columns, enlarged: the steps D and E of LumaToRgb.
template <class Value>
int64_t Cubic(const Value& value, int64_t rows, int64_t columns, int scale, int64_t row,
              int64_t column) {
  const int16_t* const filter = image::CubicFilter(scale);
  int64_t sum = 1 << 13;
  for (int64_t j = 0; j < 5; ++j) {
    int64_t inner = 1 << 13;
    for (int64_t i = 0; i < 5; ++i) {
      inner += filter[row % scale * 5 + i] *
               value(std::clamp<int64_t>(row / scale + i - 2, 0, rows - 1),
                     std::clamp<int64_t>(column / scale + j - 2, 0, columns - 1));
    }
    sum += filter[column % scale * 5 + j] * Down(inner, 14);
  }
  return Down(sum, 14);
}

// A picture by pixels.
class Pixels {
 public:
  explicit Pixels(const Picture& picture) : p_(picture) {}

  int At(int plane, int64_t row, int64_t at) const {
    const PlaneSize size = SizeOfPlane(p_.format, p_.width, p_.height, plane);
    return p_.planes[plane].at(static_cast<size_t>(row * size.row + at));
  }
  // U (0) or V (1) of a sample.
  int Chroma(int which, int64_t row, int64_t column) const {
    return p_.format == ADDERSR_NV12 ? At(1, row, 2 * column + which) : At(1 + which, row, column);
  }
  // 64 times the sample less 128, enlarged.
  int64_t EnlargedChroma(int which, int scale, int64_t row, int64_t column) const {
    return Cubic([&](int64_t r, int64_t c) { return 64 * (Chroma(which, r, c) - 128); },
                 (p_.height + 1) / 2, (p_.width + 1) / 2, scale, row, column);
  }
  int64_t EnlargedAlpha(int scale, int64_t row, int64_t column) const {
    return Cubic([&](int64_t r, int64_t c) { return 64 * (At(0, r, 4 * c + 3) - 128); }, p_.height,
                 p_.width, scale, row, column);
  }
  Colour Rgb(int64_t row, int64_t column) const {
    switch (p_.format) {
      case ADDERSR_RGB:
        return {At(0, row, 3 * column), At(0, row, 3 * column + 1), At(0, row, 3 * column + 2)};
      case ADDERSR_BGR:
        return {At(0, row, 3 * column + 2), At(0, row, 3 * column + 1), At(0, row, 3 * column)};
      case ADDERSR_RGBA:
        return {At(0, row, 4 * column), At(0, row, 4 * column + 1), At(0, row, 4 * column + 2)};
      case ADDERSR_GRAY:
        return {At(0, row, column), At(0, row, column), At(0, row, column)};
    }
    const int64_t y = 9539 * 64 * (At(0, row, column) - 16);
    const int64_t u = EnlargedChroma(0, 2, row, column), v = EnlargedChroma(1, 2, row, column);
    const auto level = [&](int64_t sum) {
      return static_cast<int>(std::clamp<int64_t>(Down(sum + (1 << 18), 19), 0, 255));
    };
    return {level(y + 13075 * v), level(y - 3209 * u - 6660 * v), level(y + 16525 * u)};
  }
  // The chroma of RGB according to LumaToRgb, enlarged.
  int64_t ColourDifference(int which, int scale, int64_t row, int64_t column) const {
    return Cubic(
        [&](int64_t r, int64_t c) {
          const Colour rgb = Rgb(r, c);
          return which == 0 ? Down(-9798 * rgb[0] - 19235 * rgb[1] + 29033 * rgb[2] + 256, 9)
                            : Down(22971 * rgb[0] - 19235 * rgb[1] - 3736 * rgb[2] + 256, 9);
        },
        p_.height, p_.width, scale, row, column);
  }

 private:
  const Picture& p_;
};

bool IsLumaFormat(int32_t format) {
  return format == ADDERSR_GRAY || format == ADDERSR_NV12 || format == ADDERSR_I420;
}

uint8_t Level(float unit) {
  if (std::isnan(unit)) return 0;
  return static_cast<uint8_t>(std::nearbyint(std::clamp(unit * 255.0F, 0.0F, 255.0F)));
}

Colour JoinLuma(float y, int64_t u, int64_t v) {
  if (std::isnan(y)) y = -2.0F;
  y = std::min(std::max(y, -2.0F), 3.0F);
  const float product = y * static_cast<float>(65025.0 / 219.0);
  const float full = product - static_cast<float>(4080.0 / 219.0);
  const int64_t sums[] = {32768 * v, -6364 * u - 16691 * v, 32768 * u};
  Colour rgb;
  for (size_t c = 0; c < 3; ++c) {
    const float colour = full + static_cast<float>(sums[c]) * 0x1p-21F;
    rgb[c] = static_cast<int>(std::nearbyint(std::min(std::max(colour, 0.0F), 255.0F)));
  }
  return rgb;
}

int Sample(int64_t enlarged) {
  return static_cast<int>(std::clamp<int64_t>(Down(enlarged + 32, 6) + 128, 0, 255));
}

// The network's output by pixels.
struct Output {
  NetworkKind kind;
  int64_t width, height;
  const Tensor& tensor;

  float Float(int64_t plane, int64_t row, int64_t column) const {
    return tensor.floats.at(static_cast<size_t>((plane * height + row) * width + column));
  }
  Colour Rgb(int64_t row, int64_t column) const {
    Colour rgb;
    for (size_t c = 0; c < 3; ++c) {
      const auto plane = static_cast<int64_t>(c);
      rgb[c] = kind == NetworkKind::kRgb
                   ? Level(Float(plane, row, column))
                   : tensor.bytes.at(static_cast<size_t>(3 * (row * width + column) + plane));
    }
    return rgb;
  }
  int Gray(int64_t row, int64_t column) const {
    if (kind == NetworkKind::kRgb) {
      const float sum = Float(0, row, column) + Float(1, row, column) + Float(2, row, column);
      return Level(sum / 3.0F);
    }
    const Colour rgb = Rgb(row, column);
    return static_cast<int>(std::lround((rgb[0] + rgb[1] + rgb[2]) / 3.0));
  }
  // U (0) or V (1) of the mean of four pixels; at the edges they are replicated.
  int Chroma(int which, int64_t row, int64_t column) const {
    std::array<int64_t, 3> sum = {0, 0, 0};
    for (const int64_t r : {2 * row, std::min(2 * row + 1, height - 1)}) {
      for (const int64_t c : {2 * column, std::min(2 * column + 1, width - 1)}) {
        const Colour rgb = Rgb(r, c);
        for (size_t i = 0; i < 3; ++i) sum[i] += rgb[i];
      }
    }
    const int64_t chroma = which == 0 ? 28784 * sum[2] - 9714 * sum[0] - 19070 * sum[1]
                                      : 28784 * sum[0] - 24103 * sum[1] - 4681 * sum[2];
    return static_cast<int>(128 + Down(chroma + (1 << 17), 18));
  }
};

}  // namespace

PlaneSize SizeOfPlane(int32_t format, int32_t width, int32_t height, int plane) {
  const int64_t half_width = (int64_t{width} + 1) / 2, half_height = (int64_t{height} + 1) / 2;
  switch (format) {
    case ADDERSR_RGB:
    case ADDERSR_BGR:
      return plane == 0 ? PlaneSize{3 * int64_t{width}, height} : PlaneSize{0, 0};
    case ADDERSR_RGBA:
      return plane == 0 ? PlaneSize{4 * int64_t{width}, height} : PlaneSize{0, 0};
    case ADDERSR_GRAY:
      return plane == 0 ? PlaneSize{width, height} : PlaneSize{0, 0};
    case ADDERSR_NV12:
      if (plane == 2) return {0, 0};
      return plane == 0 ? PlaneSize{width, height} : PlaneSize{2 * half_width, half_height};
    default:
      return plane == 0 ? PlaneSize{width, height} : PlaneSize{half_width, half_height};
  }
}

Picture RandomPicture(int32_t format, int32_t width, int32_t height, uint32_t seed) {
  std::mt19937 random(seed);
  // Half of the values are extreme, so that chroma reaches its limits.
  std::uniform_int_distribution<int> level(-128, 383);
  Picture picture{format, width, height, {}};
  for (int p = 0; p < 3; ++p) {
    const PlaneSize size = SizeOfPlane(format, width, height, p);
    picture.planes[p].resize(static_cast<size_t>(size.row * size.rows));
    for (uint8_t& value : picture.planes[p]) {
      value = static_cast<uint8_t>(std::clamp(level(random), 0, 255));
    }
  }
  return picture;
}

bool operator==(const Tensor& a, const Tensor& b) {
  return a.bytes == b.bytes && a.floats.size() == b.floats.size() &&
         (a.floats.empty() ||
          std::memcmp(a.floats.data(), b.floats.data(), a.floats.size() * sizeof(float)) == 0);
}

Tensor ReferenceInput(const Picture& picture, NetworkKind kind) {
  const Pixels pixels(picture);
  const int planes = kind == NetworkKind::kRgb ? 3 : 1;
  Tensor tensor;
  for (int plane = 0; plane < planes; ++plane) {
    for (int64_t row = 0; row < picture.height; ++row) {
      for (int64_t column = 0; column < picture.width; ++column) {
        if (kind == NetworkKind::kLuma && IsLumaFormat(picture.format)) {
          tensor.floats.push_back(static_cast<float>(pixels.At(0, row, column)) / 255.0F);
          continue;
        }
        const Colour rgb = pixels.Rgb(row, column);
        if (kind == NetworkKind::kPicture) {
          for (const int value : rgb) tensor.bytes.push_back(static_cast<uint8_t>(value));
        } else if (kind == NetworkKind::kRgb) {
          tensor.floats.push_back(static_cast<float>(rgb[static_cast<size_t>(plane)]) / 255.0F);
        } else {
          const int sum = 299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2];
          const float product = static_cast<float>(sum) * static_cast<float>(219.0 / 65025000.0);
          tensor.floats.push_back(product + static_cast<float>(16.0 / 255.0));
        }
      }
    }
  }
  return tensor;
}

Picture ReferenceOutput(const Picture& picture, NetworkKind kind, int scale, const Tensor& tensor) {
  const int32_t width = picture.width * scale, height = picture.height * scale;
  const int32_t format = picture.format;
  const Pixels pixels(picture);
  const Output output{kind, width, height, tensor};
  const bool luma = kind == NetworkKind::kLuma;
  Picture large{format, width, height, {}};
  const auto put = [&](int plane, int value) {
    large.planes[plane].push_back(static_cast<uint8_t>(value));
  };
  for (int64_t row = 0; row < height; ++row) {
    for (int64_t column = 0; column < width; ++column) {
      if (luma && IsLumaFormat(format)) {
        put(0, Level(output.Float(0, row, column)));
        continue;
      }
      if (format == ADDERSR_GRAY) {
        put(0, output.Gray(row, column));
        continue;
      }
      Colour rgb = luma ? JoinLuma(output.Float(0, row, column),
                                   pixels.ColourDifference(0, scale, row, column),
                                   pixels.ColourDifference(1, scale, row, column))
                        : output.Rgb(row, column);
      if (format == ADDERSR_NV12 || format == ADDERSR_I420) {
        const int64_t sum = 16829 * rgb[0] + 33039 * rgb[1] + 6416 * rgb[2];
        put(0, static_cast<int>(16 + Down(sum + (1 << 15), 16)));
        continue;
      }
      if (format == ADDERSR_BGR) std::swap(rgb[0], rgb[2]);
      for (const int value : rgb) put(0, value);
      if (format == ADDERSR_RGBA) put(0, Sample(pixels.EnlargedAlpha(scale, row, column)));
    }
  }
  if (format != ADDERSR_NV12 && format != ADDERSR_I420) return large;
  for (int64_t row = 0; row < (height + 1) / 2; ++row) {
    for (int64_t column = 0; column < (width + 1) / 2; ++column) {
      for (int which = 0; which < 2; ++which) {
        put(format == ADDERSR_NV12 ? 1 : 1 + which,
            luma ? Sample(pixels.EnlargedChroma(which, scale, row, column))
                 : output.Chroma(which, row, column));
      }
    }
  }
  return large;
}

}  // namespace addersr::test
