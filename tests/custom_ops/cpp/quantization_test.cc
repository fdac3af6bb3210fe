// The contract of the ops that quantise (custom_ops/quantization/quantization.h), for every kernel
// that this CPU runs: exact results, and nothing touched outside the buffers.
#include "quantization_harness.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <memory>

#include "comparison.h"
#include "convolution_cases.h"

namespace addersr::test {
namespace {

using quantization::Kernel;
using quantization::Shape;

// Results must have the same bits as the truth, also of floats.
template <class Problem>
void CheckAllKernels(const Problem& problem) {
  const Shape& s = problem.shape;
  SCOPED_TRACE(testing::Message() << s.batch << "x" << s.height << "x" << s.width << "x"
                                  << s.channels << ", " << problem.multiplier.size() << " factors");
  for (const Kernel* kernel : SupportedQuantizationKernels()) {
    for (const Side side : kSides) {
      EXPECT_TRUE(BitEqual(problem.truth, problem.Run(*kernel, side))) << kernel->name;
    }
  }
}

template <class T>
void CheckQuantize(const Shape& shape, bool per_channel, uint32_t seed) {
  for (const int less : {0, 3}) {
    const QuantizeProblem<T> problem(shape, requantization::kMaxBits<T> - less, per_channel, seed);
    CheckAllKernels(problem);
    if (problem.x.empty()) continue;
    for (const Kernel* kernel : SupportedQuantizationKernels()) {
      for (const Side side : kSides) {
        EXPECT_TRUE(BitEqual(problem.truth, problem.RunLoop(*kernel, side))) << kernel->name;
      }
    }
  }
}

template <class X, class Y>
void CheckRequantize(const Shape& shape, bool per_channel, uint32_t seed) {
  for (const int less : {0, 3}) {
    CheckAllKernels(
        RequantizeProblem<X, Y>(shape, requantization::kMaxBits<Y> - less, per_channel, seed));
  }
}

// All ops and types. The channels of Dequantize are those of the shape times the area of a block.
void CheckShape(const Shape& shape, uint32_t seed) {
  for (const bool per_channel : {false, true}) {
    CheckQuantize<uint8_t>(shape, per_channel, seed);
    CheckQuantize<int16_t>(shape, per_channel, seed);
    CheckRequantize<uint8_t, uint8_t>(shape, per_channel, seed);
    CheckRequantize<uint8_t, int16_t>(shape, per_channel, seed);
    CheckRequantize<int16_t, uint8_t>(shape, per_channel, seed);
    CheckRequantize<int16_t, int16_t>(shape, per_channel, seed);
    for (const int64_t block : {1, 2, 3, 4}) {
      SCOPED_TRACE(testing::Message() << "blocksize " << block);
      const bool anchors = (block + (per_channel ? 1 : 0)) % 2 == 0;
      Shape blocks = shape;
      blocks.channels *= block * block;
      CheckAllKernels(DequantizeProblem<uint8_t>(blocks, block, per_channel, anchors, seed));
      CheckAllKernels(DequantizeProblem<int16_t>(blocks, block, per_channel, !anchors, seed));
    }
  }
}

// Around the widths of vectors, the chunks of 128 pixels, and more than one item.
TEST(QuantizationTest, AllKernelsEqualTheReference) {
  for (const Shape& shape : {Shape{1, 1, 1, 1},
                             {1, 1, 127, 1},
                             {1, 2, 128, 2},
                             {1, 1, 129, 3},
                             {2, 3, 33, 4},
                             {1, 2, 300, 5},
                             {2, 5, 7, 17},
                             {1, 1, 9, 33},
                             {3, 40, 70, 3},
                             {1, 1, 5, 16}}) {
    CheckShape(shape, 1);
  }
}

TEST(QuantizationTest, EmptyTensorsHaveNoItems) {
  for (const Shape& shape :
       {Shape{0, 3, 4, 5}, {1, 0, 4, 5}, {1, 3, 0, 5}, {1, 3, 4, 0}, {0, 0, 0, 0}}) {
    EXPECT_EQ(quantization::ItemCount(shape), 0);
    CheckShape(shape, 1);
  }
}

// Every number of values that can be left over, with every number of channels in a pattern.
TEST(QuantizationTest, LoopsOfEveryLength) {
  for (const int64_t channels : {1, 2, 3, 4, 5, 7, 16}) {
    const QuantizeProblem<uint8_t> problem({1, 1, 40, channels}, 8, true, 3);
    for (const Kernel* kernel : SupportedQuantizationKernels()) {
      for (size_t less = 0; less < 40; ++less) {
        const std::vector<uint8_t> expected(problem.truth.begin(),
                                            problem.truth.end() - static_cast<int64_t>(less));
        EXPECT_TRUE(BitEqual(expected, problem.RunLoop(*kernel, Side::kEnd, less)))
            << kernel->name << ", " << channels << " channels, " << expected.size() << " values";
      }
    }
  }
}

TEST(QuantizationRandomTest, AllKernelsEqualTheReference) {
  // A shape here is dozens of calls.
  const int count = RandomCaseCount() / 10;
  ASSERT_GT(count, 0);
  for (int i = 0; i < count && !testing::Test::HasFailure(); ++i) {
    const uint32_t seed = 1000 + static_cast<uint32_t>(i);
    std::mt19937 random(seed);
    CheckShape({Uniform(&random, 1, 2), Uniform(&random, 1, 4), Uniform(&random, 1, 150),
                Uniform(&random, 1, 6)},
               seed);
  }
}

TEST(QuantizationLimitsTest, FactorsThatLeaveFloatSaturate) {
  QuantizeProblem<int16_t> quantize({1, 3, 50, 4}, 16, true, 1);
  quantize.multiplier = {0x1p64F, -0x1p64F, 0.0F, 1e-45F};
  quantize.zero_point = {-32768, 32767, 0, 5};
  quantize.Solve();
  CheckAllKernels(quantize);
  RequantizeProblem<int16_t, uint8_t> requantize({1, 3, 50, 4}, 8, true, 1);
  requantize.multiplier = {0x1p64F, -0x1p64F, 0.0F, 1e-45F};
  requantize.x_zero_point = {-32768, 32767, 0, 5};
  requantize.y_zero_point = {0, 255, 128, 1};
  requantize.Solve();
  CheckAllKernels(requantize);
}

// From here on: mistakes, each of which the tests above must notice.

const Shape kShape = {1, 2, 160, 4};

const Kernel& Portable() {
  static const Kernel& portable = *SupportedQuantizationKernels().back();
  return portable;
}

// The portable kernel, bent: `mistake` runs after it.
template <void (*mistake)(const float* x, int64_t count, uint8_t* y)>
Kernel Bent() {
  Kernel kernel = Portable();
  kernel.name = "bent";
  kernel.quantize_uint8 = [](const float* x, int64_t count, const quantization::Pattern& pattern,
                             uint8_t* y) {
    Portable().quantize_uint8(x, count, pattern, y);
    mistake(x, count, y);
  };
  return kernel;
}

void Nothing(const float*, int64_t, uint8_t*) {}
void ChangeAValue(const float*, int64_t count, uint8_t* y) { y[count - 1] ^= 1; }
void Allocate(const float*, int64_t, uint8_t* y) { y[0] += *std::make_unique<volatile uint8_t>(0); }
void WriteBehindY(const float*, int64_t count, uint8_t* y) { y[count] = 0; }
void ReadBehindX(const float* x, int64_t count, uint8_t*) {
  const volatile float kept = x[count];
  static_cast<void>(kept);
}

TEST(QuantizationMistakesTest, AnotherValueShows) {
  const QuantizeProblem<uint8_t> problem(kShape, 8, true, 3);
  EXPECT_TRUE(BitEqual(problem.truth, problem.Run(Bent<Nothing>(), Side::kEnd)));
  EXPECT_FALSE(BitEqual(problem.truth, problem.Run(Bent<ChangeAValue>(), Side::kEnd)));
}

TEST(QuantizationMistakesTest, AnAllocationShows) {
  static const QuantizeProblem<uint8_t> problem(kShape, 8, true, 3);
  EXPECT_NONFATAL_FAILURE(problem.Run(Bent<Allocate>(), Side::kEnd), "bent allocates");
}

TEST(QuantizationMistakesDeathTest, OneValueTooFarDies) {
  const QuantizeProblem<uint8_t> problem(kShape, 8, true, 3);
  EXPECT_DEATH(problem.Run(Bent<WriteBehindY>(), Side::kEnd), "");
  EXPECT_DEATH(problem.RunLoop(Bent<WriteBehindY>(), Side::kEnd, 3), "");
  EXPECT_DEATH(problem.RunLoop(Bent<ReadBehindX>(), Side::kEnd, 3), "");
}

// Every kernel touches the last value of every buffer, so the sizes are exact.
TEST(QuantizationMistakesDeathTest, ABufferThatIsOneValueShortKills) {
  const QuantizeProblem<uint8_t> quantize(kShape, 8, true, 3);
  const DequantizeProblem<int16_t> dequantize(kShape, 2, true, true, 3);
  const RequantizeProblem<uint8_t, int16_t> requantize(kShape, 11, true, 3);
  for (const Kernel* kernel : SupportedQuantizationKernels()) {
    SCOPED_TRACE(kernel->name);
    EXPECT_DEATH(quantize.Run(*kernel, Side::kEnd, {1, 0, 0, 0}), "");
    EXPECT_DEATH(quantize.Run(*kernel, Side::kEnd, {0, 1, 0, 0}), "");
    EXPECT_DEATH(quantize.Run(*kernel, Side::kEnd, {0, 0, 64, 0}), "");
    EXPECT_DEATH(quantize.RunLoop(*kernel, Side::kEnd, 0, 1), "");
    EXPECT_DEATH(dequantize.Run(*kernel, Side::kEnd, {1, 0, 0, 0}), "");
    EXPECT_DEATH(dequantize.Run(*kernel, Side::kEnd, {0, 1, 0, 0}), "");
    EXPECT_DEATH(dequantize.Run(*kernel, Side::kEnd, {0, 0, 0, 1}), "");
    EXPECT_DEATH(requantize.Run(*kernel, Side::kEnd, {1, 0, 0, 0}), "");
    EXPECT_DEATH(requantize.Run(*kernel, Side::kEnd, {0, 1, 0, 0}), "");
  }
}

}  // namespace
}  // namespace addersr::test
