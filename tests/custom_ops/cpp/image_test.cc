// The contract of the ops on pictures (custom_ops/image/image.h), for every kernel that this CPU
// runs: exact results, and nothing touched outside the buffers.
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <memory>

#include "comparison.h"
#include "convolution_cases.h"
#include "image_harness.h"

namespace addersr::test {
namespace {

using image::Kernel;
using image::Shape;

void CheckAllKernels(const PictureProblem& problem) {
  const Shape& s = problem.shape;
  SCOPED_TRACE(testing::Message() << s.batch << "x" << s.height << "x" << s.width << ", times "
                                  << problem.scale);
  for (const Kernel* kernel : SupportedImageKernels()) {
    for (const Side side : kSides) {
      EXPECT_TRUE(BitEqual(problem.true_luma, problem.Luma(*kernel, side))) << kernel->name;
      EXPECT_TRUE(BitEqual(problem.true_rgb, problem.Rgb(*kernel, side))) << kernel->name;
    }
  }
}

// Around the widths of vectors, the parts of a row, and more than one item.
TEST(ImageTest, AllKernelsEqualTheReference) {
  for (const Shape& shape : {Shape{1, 1, 1},
                             {1, 2, 2},
                             {2, 3, 15},
                             {1, 5, 16},
                             {1, 4, 33},
                             {1, 2, 255},
                             {1, 3, 256},
                             {1, 2, 271},
                             {3, 24, 9},
                             {1, 6, 2}}) {
    for (const int64_t scale : {1, 2, 3, 4, 7}) CheckAllKernels(PictureProblem(shape, scale, 1));
  }
  CheckAllKernels(PictureProblem({2, 25, 601}, 2, 1));
}

TEST(ImageTest, EmptyPicturesHaveNoItems) {
  for (const Shape& shape : {Shape{0, 3, 4}, {1, 0, 4}, {1, 3, 0}, {0, 0, 0}}) {
    EXPECT_EQ(image::ItemCount(shape), 0);
    CheckAllKernels(PictureProblem(shape, 2, 1));
  }
}

// Every number of pixels that can be left over behind the last vector.
TEST(ImageTest, LoopsOfEveryLength) {
  PictureProblem problem({1, 1, 80}, 1, 3);
  problem.filter = {0, 0, 16384, 0, 0};  // so that chroma stays what it is
  problem.Solve();
  for (const Kernel* kernel : SupportedImageKernels()) {
    for (int64_t pixels = 0; pixels <= 80; ++pixels) {
      for (const Side side : kSides) {
        const std::vector<float> luma(problem.true_luma.begin(),
                                      problem.true_luma.begin() + pixels);
        const std::vector<uint8_t> rgb(problem.true_rgb.begin(),
                                       problem.true_rgb.begin() + 3 * pixels);
        EXPECT_TRUE(BitEqual(luma, LumaLoop(*kernel, problem, pixels, side)))
            << kernel->name << ", " << pixels << " pixels";
        EXPECT_TRUE(BitEqual(rgb, JoinLoop(*kernel, problem, pixels, side)))
            << kernel->name << ", " << pixels << " pixels";
      }
    }
  }
}

TEST(ImageRandomTest, AllKernelsEqualTheReference) {
  // A shape here is several calls of larger tensors than those of a layer.
  const int count = RandomCaseCount() / 3;
  ASSERT_GT(count, 0);
  for (int i = 0; i < count && !testing::Test::HasFailure(); ++i) {
    const uint32_t seed = 1000 + static_cast<uint32_t>(i);
    std::mt19937 random(seed);
    const Shape shape{Uniform(&random, 1, 2), Uniform(&random, 1, 9), Uniform(&random, 1, 60)};
    CheckAllKernels(PictureProblem(shape, Uniform(&random, 1, 8), seed));
  }
}

// The colours with the largest chroma, and weights that add all of it up.
TEST(ImageLimitsTest, TheLargestChromaStaysInInt16) {
  for (const int sign : {1, 0}) {
    PictureProblem problem({1, 5, 37}, 2, 1);
    problem.filter = {-2048, 20480, -2048, 0, 0, 0, 0, -2048, 20480, -2048};
    for (size_t i = 0; i < problem.x.size() / 3; ++i) {
      const bool odd = (i / 37 + i % 37) % 2 == 1;
      const bool blue = odd == (sign == 1);
      problem.x[3 * i] = problem.x[3 * i + 1] = blue ? 0 : 255;
      problem.x[3 * i + 2] = blue ? 255 : 0;
    }
    problem.Solve();
    CheckAllKernels(problem);
  }
}

TEST(ImageLimitsTest, AWrongFilterIsASentence) {
  const std::vector<int16_t> right(8 * 5 + 5, 0);
  EXPECT_EQ(image::CheckFilter("A test", right.data(), 0),
            "A test expects filter of 1 to 8 rows, got 0.");
  EXPECT_EQ(image::CheckFilter("A test", right.data(), 9),
            "A test expects filter of 1 to 8 rows, got 9.");
  EXPECT_EQ(image::CheckFilter("A test", right.data(), 1),
            "A test expects each row of filter to sum up to 16384, got 0 in row 0.");
  const std::vector<int16_t> large = {0, 0, 16384, 0, 0, -32768, 16384, 0, 16384, 16384};
  EXPECT_EQ(image::CheckFilter("A test", large.data(), 2),
            "A test expects the magnitudes of each row of filter to sum up to 24576 at most, got "
            "81920 in row 1.");
}

// From here on: mistakes, each of which the tests above must notice.

// So wide that the last part of a row fills whole vectors, and so high that all of the scratch
// memory is used.
const Shape kShape = {1, 5, 272};

const Kernel& Portable() {
  static const Kernel& portable = *SupportedImageKernels().back();
  return portable;
}

// The portable kernel, bent: `mistake` runs after its last step.
template <void (*mistake)(const float* y, int64_t pixels, uint8_t* rgb)>
Kernel Bent() {
  Kernel kernel = Portable();
  kernel.name = "bent";
  kernel.join = [](const float* y, const int32_t* pairs, int64_t pixels, uint8_t* rgb) {
    Portable().join(y, pairs, pixels, rgb);
    mistake(y, pixels, rgb);
  };
  return kernel;
}

void Nothing(const float*, int64_t, uint8_t*) {}
void ChangeAValue(const float*, int64_t pixels, uint8_t* rgb) { rgb[3 * pixels - 1] ^= 1; }
void Allocate(const float*, int64_t, uint8_t* rgb) {
  rgb[0] += *std::make_unique<volatile uint8_t>(0);
}
void WriteBehindZ(const float*, int64_t pixels, uint8_t* rgb) { rgb[3 * pixels] = 0; }
void ReadBehindY(const float* y, int64_t pixels, uint8_t*) {
  const volatile float kept = y[pixels];
  static_cast<void>(kept);
}

TEST(ImageMistakesTest, AnotherValueShows) {
  const PictureProblem problem(kShape, 2, 3);
  EXPECT_TRUE(BitEqual(problem.true_rgb, problem.Rgb(Bent<Nothing>(), Side::kEnd)));
  EXPECT_FALSE(BitEqual(problem.true_rgb, problem.Rgb(Bent<ChangeAValue>(), Side::kEnd)));
}

TEST(ImageMistakesTest, AnotherRoundingOfChromaShows) {
  PictureProblem problem(kShape, 2, 3);
  Kernel kernel = Portable();
  kernel.filter = [](const int32_t* const* arrays, const int16_t* weights, int64_t pixels,
                     int32_t* pairs) {
    Portable().filter(arrays, weights, pixels, pairs);
    for (int64_t i = 0; i < pixels; ++i) pairs[i] ^= 1;
  };
  EXPECT_FALSE(BitEqual(problem.true_rgb, problem.Rgb(kernel, Side::kEnd)));
}

TEST(ImageMistakesTest, AnAllocationShows) {
  static const PictureProblem problem(kShape, 2, 3);
  EXPECT_NONFATAL_FAILURE(problem.Rgb(Bent<Allocate>(), Side::kEnd), "bent allocates");
}

TEST(ImageMistakesDeathTest, OneValueTooFarDies) {
  const PictureProblem problem(kShape, 2, 3);
  EXPECT_DEATH(problem.Rgb(Bent<WriteBehindZ>(), Side::kEnd), "");
  EXPECT_DEATH(problem.Rgb(Bent<ReadBehindY>(), Side::kEnd), "");
}

// Every kernel touches the last value of every buffer, so the sizes are exact.
TEST(ImageMistakesDeathTest, ABufferThatIsOneValueShortKills) {
  const PictureProblem problem(kShape, 2, 3);
  for (const Kernel* kernel : SupportedImageKernels()) {
    SCOPED_TRACE(kernel->name);
    EXPECT_DEATH(problem.Luma(*kernel, Side::kEnd, {1, 0, 0, 0}), "");
    EXPECT_DEATH(problem.Luma(*kernel, Side::kEnd, {0, 1, 0, 0}), "");
    EXPECT_DEATH(problem.Rgb(*kernel, Side::kEnd, {1, 0, 0, 0}), "");
    EXPECT_DEATH(problem.Rgb(*kernel, Side::kEnd, {0, 1, 0, 0}), "");
    EXPECT_DEATH(problem.Rgb(*kernel, Side::kEnd, {0, 0, 1, 0}), "");
    EXPECT_DEATH(problem.Rgb(*kernel, Side::kEnd, {0, 0, 0, 4}), "");
  }
}

}  // namespace
}  // namespace addersr::test
