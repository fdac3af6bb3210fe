#include "embedding_harness.h"

namespace addersr::test {
namespace {

template <class T>
std::vector<T> Repeat(const std::vector<T>& values, int64_t planes, int64_t channels, int64_t width,
                      int64_t height, int64_t scale) {
  std::vector<T> large;
  for (int64_t plane = 0; plane < planes; ++plane) {
    for (int64_t row = 0; row < height * scale; ++row) {
      for (int64_t column = 0; column < width * scale; ++column) {
        const int64_t at = (plane * height + row / scale) * width + column / scale;
        const auto from = values.begin() + at * channels;
        large.insert(large.end(), from, from + channels);
      }
    }
  }
  return large;
}

}  // namespace

Tensor Repeated(const Tensor& input, NetworkKind kind, int64_t width, int64_t height, int scale) {
  const int64_t planes = kind == NetworkKind::kRgb ? 3 : 1;
  Tensor output;
  if (kind == NetworkKind::kPicture) {
    output.bytes = Repeat(input.bytes, 1, 3, width, height, scale);
  } else {
    output.floats = Repeat(input.floats, planes, 1, width, height, scale);
  }
  return output;
}

}  // namespace addersr::test
