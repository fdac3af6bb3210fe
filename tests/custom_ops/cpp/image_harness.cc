#include "image_harness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "allocations.h"
#include "convolution_cases.h"
#include "custom_ops/isa/isa.h"

namespace addersr::image {
#define ADDERSR_IMAGE_KERNEL(isa, name) extern const Kernel kernel_##name;
#include "custom_ops/image/kernels.inc"
#undef ADDERSR_IMAGE_KERNEL
}  // namespace addersr::image

namespace addersr::test {
namespace {

using image::Kernel;
using image::kTaps;
using image::Shape;

// One plane of chroma, an int32 per pixel.
using Plane = std::vector<int32_t>;

// a / 2^bits rounded down, without a shift.
int32_t Down(int64_t a, int bits) {
  return static_cast<int32_t>(std::floor(std::ldexp(static_cast<double>(a), -bits)));
}

// Five weights that sum up to 2^14, and their magnitudes to 3·2^13 in every second row.
std::vector<int16_t> RandomFilter(std::mt19937* random, int64_t scale) {
  std::vector<int16_t> filter;
  for (int64_t p = 0; p < scale; ++p) {
    const int64_t over = p % 2 == 0 ? 4096 : Uniform(random, 0, 4096);
    const int64_t part = Uniform(random, 0, 16384);
    std::vector<int16_t> row = {static_cast<int16_t>(16384 + over - part),
                                static_cast<int16_t>(-over), static_cast<int16_t>(part), 0, 0};
    std::shuffle(row.begin(), row.end(), *random);
    filter.insert(filter.end(), row.begin(), row.end());
  }
  return filter;
}

// `values` is [rows, columns]; the rows become `scale` times as many.
Plane EnlargeRows(const Plane& values, int64_t rows, int64_t columns, int64_t scale,
                  const std::vector<int16_t>& filter) {
  Plane out;
  for (int64_t row = 0; row < rows * scale; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      int64_t sum = 1 << 13;
      for (int64_t k = 0; k < kTaps; ++k) {
        const int64_t from = std::clamp<int64_t>(row / scale + k - 2, 0, rows - 1);
        sum += filter[static_cast<size_t>(row % scale * kTaps + k)] *
               values[static_cast<size_t>(from * columns + column)];
      }
      out.push_back(Down(sum, 14));
    }
  }
  return out;
}

Plane Transposed(const Plane& values, int64_t rows, int64_t columns) {
  Plane out(values.size());
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      out[static_cast<size_t>(j * rows + i)] = values[static_cast<size_t>(i * columns + j)];
    }
  }
  return out;
}

// The specification's last step.
void Join(float y, int32_t u, int32_t v, uint8_t* rgb) {
  if (std::isnan(y)) y = -2.0F;
  y = std::min(std::max(y, -2.0F), 3.0F);
  const float product = y * static_cast<float>(65025.0 / 219.0);
  const float full = product - static_cast<float>(4080.0 / 219.0);
  const int32_t sums[] = {32768 * v, -6364 * u - 16691 * v, 32768 * u};
  for (int c = 0; c < 3; ++c) {
    const float colour = full + static_cast<float>(sums[c]) * 0x1p-21F;
    rgb[c] = static_cast<uint8_t>(std::nearbyint(std::min(std::max(colour, 0.0F), 255.0F)));
  }
}

int32_t PairOf(int32_t u, int32_t v) { return static_cast<int32_t>(v * 65536 + (u & 0xffff)); }

int32_t Weighted(const uint8_t* rgb, int32_t red, int32_t green, int32_t blue) {
  return red * rgb[0] + green * rgb[1] + blue * rgb[2];
}

int32_t U(const uint8_t* rgb) { return Down(Weighted(rgb, -9798, -19235, 29033) + 256, 9); }
int32_t V(const uint8_t* rgb) { return Down(Weighted(rgb, 22971, -19235, -3736) + 256, 9); }

// Runs all items, in reverse order for Side::kBegin, and expects no allocation.
template <class Item>
void RunItems(const Kernel& kernel, const Shape& shape, Side side, const Item& item) {
  const int64_t items = image::ItemCount(shape);
  const uint64_t before = Allocations();
  for (int64_t i = 0; i < items; ++i) item(side == Side::kEnd ? i : items - 1 - i);
  EXPECT_EQ(Allocations(), before) << kernel.name << " allocates";
}

}  // namespace

std::vector<const Kernel*> SupportedImageKernels() {
  std::vector<const Kernel*> list;
#define ADDERSR_IMAGE_KERNEL(isa_name, name) \
  if (isa::Supported(#isa_name)) list.push_back(&image::kernel_##name);
#include "custom_ops/image/kernels.inc"
#undef ADDERSR_IMAGE_KERNEL
  return list;
}

PictureProblem::PictureProblem(const Shape& of, int64_t of_scale, uint32_t seed)
    : shape(of), scale(of_scale) {
  std::mt19937 random(seed);
  filter = RandomFilter(&random, scale);
  x.resize(static_cast<size_t>(3 * shape.batch * shape.height * shape.width));
  for (uint8_t& value : x) {
    // Half of the values are extreme, so that chroma reaches its limits.
    const int64_t level = Uniform(&random, -128, 383);
    value = static_cast<uint8_t>(std::clamp<int64_t>(level, 0, 255));
  }
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float rare[] = {std::nanf(""), -std::nanf(""), kInfinity, -kInfinity, 3e38F,
                        -3e38F,        -0.0F,          1e-45F,    -2.0F,      3.0F};
  y.resize(x.size() / 3 * static_cast<size_t>(scale * scale));
  FillUniform(&random, 0.6, &y);
  for (float& value : y) {
    value += 0.5F;
    if (Uniform(&random, 0, 9) == 0) value = rare[Uniform(&random, 0, 9)];
  }
  Solve();
}

void PictureProblem::Solve() {
  true_luma.clear();
  for (size_t i = 0; i < x.size(); i += 3) {
    const float product =
        static_cast<float>(Weighted(&x[i], 299, 587, 114)) * static_cast<float>(219.0 / 65025000.0);
    true_luma.push_back(product + static_cast<float>(16.0 / 255.0));
  }
  true_rgb.resize(3 * y.size());
  const int64_t height = shape.height * scale, width = shape.width * scale;
  for (int64_t image = 0; image < shape.batch; ++image) {
    Plane planes[2];
    for (int64_t i = 0; i < shape.height * shape.width; ++i) {
      const uint8_t* const pixel =
          &x[static_cast<size_t>(3 * (image * shape.height * shape.width + i))];
      planes[0].push_back(U(pixel));
      planes[1].push_back(V(pixel));
    }
    for (Plane& plane : planes) {
      plane = EnlargeRows(plane, shape.height, shape.width, scale, filter);
      plane = Transposed(plane, height, shape.width);
      plane = EnlargeRows(plane, shape.width, height, scale, filter);
      plane = Transposed(plane, width, height);
    }
    for (int64_t i = 0; i < height * width; ++i) {
      const auto at = static_cast<size_t>(image * height * width + i);
      const auto in_plane = static_cast<size_t>(i);
      Join(y[at], planes[0][in_plane], planes[1][in_plane], &true_rgb[3 * at]);
    }
  }
}

std::vector<float> PictureProblem::Luma(const Kernel& kernel, Side side,
                                        MissingInPicture missing) const {
  const GuardedBuffer<uint8_t> guarded_x(x, side, missing.x);
  GuardedBuffer<float> out(x.size() / 3 - missing.y, side);
  const image::LumaJob job{&kernel, shape, guarded_x.data(), out.data()};
  RunItems(kernel, shape, side, [&](int64_t item) { image::RunItem(job, item); });
  return {out.begin(), out.end()};
}

std::vector<uint8_t> PictureProblem::Rgb(const Kernel& kernel, Side side,
                                         MissingInPicture missing) const {
  EXPECT_EQ(image::CheckFilter("A test", filter.data(), scale), "");
  const GuardedBuffer<uint8_t> guarded_x(x, side, missing.x);
  const GuardedBuffer<float> guarded_y(y, side, missing.y);
  const GuardedBuffer<int16_t> guarded_filter(filter, side);
  GuardedBuffer<uint8_t> z(3 * y.size() - missing.z, side);
  GuardedBuffer<char> scratch(image::ScratchBytes(shape, scale) - missing.scratch, side);
  const image::RgbJob job{
      &kernel, shape, scale, guarded_y.data(), guarded_x.data(), guarded_filter.data(), z.data()};
  RunItems(kernel, shape, side, [&](int64_t item) { image::RunItem(job, item, scratch.data()); });
  return {z.begin(), z.end()};
}

std::vector<float> LumaLoop(const Kernel& kernel, const PictureProblem& problem, int64_t pixels,
                            Side side) {
  const GuardedBuffer<uint8_t> x(problem.x, side,
                                 problem.x.size() - static_cast<size_t>(3 * pixels));
  GuardedBuffer<float> out(static_cast<size_t>(pixels), side);
  kernel.luma(x.data(), pixels, out.data());
  return {out.begin(), out.end()};
}

std::vector<uint8_t> JoinLoop(const Kernel& kernel, const PictureProblem& problem, int64_t pixels,
                              Side side) {
  const auto count = static_cast<size_t>(pixels);
  const GuardedBuffer<uint8_t> x(problem.x, side, problem.x.size() - 3 * count);
  const GuardedBuffer<float> y(problem.y, side, problem.y.size() - count);
  // Written as exactly as pixels are, and read up to a multiple of the most lanes.
  const size_t lanes = image::kMostLanes;
  GuardedBuffer<int32_t> exact(count, side), pairs((count + lanes - 1) / lanes * lanes, side);
  kernel.chroma(x.data(), pixels, exact.data());
  for (size_t i = 0; i < count; ++i) {
    EXPECT_EQ(exact[i], PairOf(U(&problem.x[3 * i]), V(&problem.x[3 * i]))) << kernel.name;
    pairs[i] = exact[i];
  }
  GuardedBuffer<uint8_t> z(3 * count, side);
  kernel.join(y.data(), pairs.data(), pixels, z.data());
  return {z.begin(), z.end()};
}

}  // namespace addersr::test
