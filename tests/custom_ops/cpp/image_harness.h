// The only place of these tests that calls the ops on pictures: every buffer is exactly as large as
// the contract says and lies at a guard page.
#pragma once

#include <vector>

#include "custom_ops/image/image.h"
#include "guarded_buffer.h"

namespace addersr::test {

// Every kernel of kernels.inc that this CPU runs; the portable one is the last.
std::vector<const image::Kernel*> SupportedImageKernels();

// Buffers with fewer elements than the contract asks for, to show that the guard pages notice.
struct MissingInPicture {
  size_t x = 0, y = 0, z = 0, scratch = 0;
};

// A picture, luma and a filter; what is right according to the specification, in scalar C++.
struct PictureProblem {
  PictureProblem(const image::Shape& shape, int64_t scale, uint32_t seed);
  void Solve();  // computes what is right again, after a change

  // RgbToLuma's and LumaToRgb's output.
  std::vector<float> Luma(const image::Kernel& kernel, Side side,
                          MissingInPicture missing = {}) const;
  std::vector<uint8_t> Rgb(const image::Kernel& kernel, Side side,
                           MissingInPicture missing = {}) const;

  image::Shape shape;
  int64_t scale;
  std::vector<uint8_t> x;       // [N, H, W, 3]
  std::vector<float> y;         // [N, 1, s·H, s·W]
  std::vector<int16_t> filter;  // [s, 5]
  std::vector<float> true_luma;
  std::vector<uint8_t> true_rgb;
};

// The loops alone, on the first pixels of a problem of scale 1 and one row, as many as asked for.
std::vector<float> LumaLoop(const image::Kernel& kernel, const PictureProblem& problem,
                            int64_t pixels, Side side);
std::vector<uint8_t> JoinLoop(const image::Kernel& kernel, const PictureProblem& problem,
                              int64_t pixels, Side side);

}  // namespace addersr::test
