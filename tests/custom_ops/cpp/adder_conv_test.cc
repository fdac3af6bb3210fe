// The contract of AdderConv's kernels (custom_ops/adder_conv/adder_conv.h), for every kernel that
// this CPU runs.
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "adder_conv_harness.h"
#include "comparison.h"

namespace addersr::test {
namespace {

using adder_conv::Kernel;

std::string Compare(const AdderConvProblem& problem, const std::vector<float>& y) {
  return test::Compare(problem.truth, y, problem.tolerance);
}

// The part of the truth that RunRow computes, in its order.
AdderConvProblem FirstRow(AdderConvProblem problem) {
  const convolution::Geometry& g = problem.geometry;
  std::vector<double> row;
  for (int64_t p = 0; p < g.out_width; ++p) {
    for (int64_t o = 0; o < g.out_channels; ++o) {
      row.push_back(problem.truth[static_cast<size_t>(o * g.out_height * g.out_width + p)]);
    }
  }
  problem.truth = row;
  return problem;
}

void CheckAllKernels(const ConvolutionCase& one, uint32_t seed) {
  SCOPED_TRACE(testing::Message() << one << ", seed " << seed);
  const AdderConvProblem problem(one, seed);
  const std::vector<float> first = problem.Run(*SupportedKernels().front(), Side::kEnd);
  for (const Kernel* kernel : SupportedKernels()) {
    for (const Side side : kSides) {
      const std::vector<float> y = problem.Run(*kernel, side);
      EXPECT_EQ(Compare(problem, y), "") << kernel->name;
      EXPECT_TRUE(BitEqual(y, first)) << kernel->name << " differs from the first kernel";
      if (problem.geometry.batch > 0 && problem.geometry.in_height > 0) {
        const AdderConvProblem row = FirstRow(problem);
        EXPECT_EQ(Compare(row, row.RunRow(*kernel, side)), "") << kernel->name << " alone";
      }
    }
  }
}

class AdderConvTest : public testing::TestWithParam<ConvolutionCase> {};
INSTANTIATE_TEST_SUITE_P(Cases, AdderConvTest, testing::ValuesIn(ConvolutionCases()),
                         [](const auto& info) { return info.param.name; });

TEST_P(AdderConvTest, AllKernelsMatchTheReference) { CheckAllKernels(GetParam(), 1); }

TEST(AdderConvRandomTest, AllKernelsMatchTheReference) {
  const int count = RandomCaseCount();
  ASSERT_GT(count, 0);
  for (int i = 0; i < count && !testing::Test::HasFailure(); ++i) {
    const uint32_t seed = 1000 + static_cast<uint32_t>(i);
    std::mt19937 random(seed);
    CheckAllKernels(RandomConvolutionCase(&random), seed);
  }
}

TEST(AdderConvRandomTest, AnOffsetOfXAndWStaysWithinTheTolerance) {
  // The max form keeps the common offset of x and w in its sums.
  AdderConvProblem problem({"offset", {1, 16, 5, 7}, {17, 16, 3, 3}}, 5);
  for (float& value : problem.x) value += 100.0F;
  for (float& weight : problem.w) weight += 100.0F;
  for (const Kernel* kernel : SupportedKernels()) {
    const std::vector<float> y = problem.Run(*kernel, Side::kEnd);
    AdderConvProblem wider = problem;
    wider.tolerance *= 104.0 / 3.0;  // max|x| + max|w| grew from 6 to 206
    EXPECT_EQ(Compare(wider, y), "") << kernel->name;
  }
}

TEST(AdderConvSpecialTest, KernelsAgreeOnZerosOfBothSignsAndTinyAndLargeValues) {
  const float special[] = {0.0F, -0.0F, 1e-40F, -1e-40F, 1.0F, -1.0F, 1e30F, -1e30F};
  AdderConvProblem problem({"special", {1, 17, 5, 13}, {29, 17, 3, 3}}, 7);
  std::mt19937 random(7);
  for (std::vector<float>* values : {&problem.x, &problem.w, &problem.bias}) {
    for (float& value : *values) value = special[Uniform(&random, 0, 7)];
  }
  for (const bool large : {true, false}) {
    if (!large) {  // beside them the tiny ones vanish
      for (std::vector<float>* values : {&problem.x, &problem.w, &problem.bias}) {
        for (float& value : *values) value = std::abs(value) < 1.0F ? value : -0.0F;
      }
    }
    const std::vector<float> first = problem.Run(*SupportedKernels().front(), Side::kEnd);
    for (const Kernel* kernel : SupportedKernels()) {
      EXPECT_TRUE(BitEqual(problem.Run(*kernel, Side::kEnd), first)) << kernel->name;
    }
  }
}

// From here on: mistakes, each of which the tests above must notice.

const ConvolutionCase kPlain = {"plain", {1, 8, 20, 10}, {16, 8, 3, 3}};
const Kernel& Portable() {
  static const Kernel& portable = *SupportedKernels().back();
  return portable;
}

// The portable kernel, bent: `mistake` runs after it.
template <void (*mistake)(const adder_conv::RowTask&)>
Kernel Bent() {
  Kernel kernel{"portable", "bent", Portable().lanes, nullptr, Portable().calls};
  kernel.row = [](const adder_conv::RowTask& task) {
    Portable().row(task);
    mistake(task);
  };
  return kernel;
}

void DropATap(const adder_conv::RowTask& t) { t.y[0] += std::abs(t.x[0][0] - t.panels[0]); }
void ForgetAValue(const adder_conv::RowTask& t) { t.y[t.y_step + 1] = std::nanf(""); }
void ChangeTheLastBit(const adder_conv::RowTask& t) { t.y[2] = std::nextafter(t.y[2], 0.0F); }
void Allocate(const adder_conv::RowTask& t) { t.y[0] += *std::make_unique<volatile float>(0.0F); }
void Read(const float* from) {
  const volatile float kept = *from;
  static_cast<void>(kept);
}
int64_t Panels(const adder_conv::RowTask& t) {
  return t.y_step * t.channels * t.kernel_height * t.kernel_width;
}
void ReadBehindThePanels(const adder_conv::RowTask& t) { Read(t.panels + Panels(t)); }
void ReadBeforeThePanels(const adder_conv::RowTask& t) { Read(t.panels - 1); }
void ReadBehindTheSums(const adder_conv::RowTask& t) { Read(t.x_sums + t.pixels); }
void ReadBehindTheOffsets(const adder_conv::RowTask& t) { Read(t.offsets + t.y_step); }
void ReadBeforeX(const adder_conv::RowTask& t) { Read(t.x[0] - 1); }
void WriteBehindY(const adder_conv::RowTask& t) { t.y[t.pixels * t.y_step] = 0.0F; }

TEST(MistakesTest, ADroppedTapAndAMissingValueShow) {
  const AdderConvProblem problem(kPlain, 3);
  EXPECT_EQ(Compare(problem, problem.Run(Portable(), Side::kEnd)), "");
  EXPECT_NE(Compare(problem, problem.Run(Bent<DropATap>(), Side::kEnd)), "");
  EXPECT_NE(Compare(problem, problem.Run(Bent<ForgetAValue>(), Side::kEnd)), "");
  const AdderConvProblem row = FirstRow(problem);
  EXPECT_EQ(Compare(row, row.RunRow(Portable(), Side::kEnd)), "");
  EXPECT_NE(Compare(row, row.RunRow(Bent<DropATap>(), Side::kEnd)), "");
}

TEST(MistakesTest, OneOtherBitShows) {
  const AdderConvProblem problem(kPlain, 3);
  const std::vector<float> right = problem.Run(Portable(), Side::kEnd);
  EXPECT_TRUE(BitEqual(right, problem.Run(Portable(), Side::kBegin)));
  EXPECT_FALSE(BitEqual(right, problem.Run(Bent<ChangeTheLastBit>(), Side::kEnd)));
}

TEST(MistakesTest, AnAllocationShows) {
  static const AdderConvProblem problem(kPlain, 3);
  EXPECT_NONFATAL_FAILURE(problem.Run(Bent<Allocate>(), Side::kEnd), "bent allocates");
}

TEST(MistakesDeathTest, OneFloatTooFarDies) {
  const AdderConvProblem problem(kPlain, 3);
  EXPECT_DEATH(problem.RunRow(Bent<ReadBehindThePanels>(), Side::kEnd), "");
  EXPECT_DEATH(problem.RunRow(Bent<ReadBeforeThePanels>(), Side::kBegin), "");
  EXPECT_DEATH(problem.RunRow(Bent<ReadBehindTheSums>(), Side::kEnd), "");
  EXPECT_DEATH(problem.RunRow(Bent<ReadBehindTheOffsets>(), Side::kEnd), "");
  EXPECT_DEATH(problem.RunRow(Bent<ReadBeforeX>(), Side::kBegin), "");
  EXPECT_DEATH(problem.RunRow(Bent<WriteBehindY>(), Side::kEnd), "");
}

TEST(MistakesDeathTest, ABufferThatIsOneFloatShortKills) {
  // Every kernel touches the last float of every buffer of this case, so the sizes are exact.
  const AdderConvProblem problem(kPlain, 3);
  for (const Kernel* kernel : SupportedKernels()) {
    SCOPED_TRACE(kernel->name);
    EXPECT_DEATH(problem.Run(*kernel, Side::kEnd, {1, 0, 0, 0, 0}), "");
    EXPECT_DEATH(problem.Run(*kernel, Side::kEnd, {0, 1, 0, 0, 0}), "");
    EXPECT_DEATH(problem.Run(*kernel, Side::kEnd, {0, 0, 1, 0, 0}), "");
    EXPECT_DEATH(problem.Run(*kernel, Side::kEnd, {0, 0, 0, 16, 0}), "");  // a cache line
    EXPECT_DEATH(problem.RunRow(*kernel, Side::kEnd, {0, 0, 0, 0, 1}), "");
    EXPECT_DEATH(problem.RunRow(*kernel, Side::kEnd, {1, 0, 0, 0, 0}), "");
    EXPECT_DEATH(problem.RunRow(*kernel, Side::kEnd, {0, 0, 1, 0, 0}), "");
  }
}

}  // namespace
}  // namespace addersr::test
