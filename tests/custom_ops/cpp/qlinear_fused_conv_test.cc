// The contract of QLinearFusedConv's kernels (qlinear_fused_conv.h), for every kernel of both types
// of output that this CPU runs: exact results, and nothing touched outside the buffers.
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "comparison.h"
#include "custom_ops/requantization/range.h"
#include "kernel_mistakes.h"
#include "qlinear_fused_conv_harness.h"

namespace addersr::test {
namespace {

using qlinear_fused_conv::Kernel;
using qlinear_fused_conv::RowTask;

template <class X, class T>
void CheckAllKernels(const ConvolutionCase& one, const RequantizationKind& kind, int x_bits,
                     uint32_t seed) {
  SCOPED_TRACE(testing::Message() << one << ", " << kind.name << ", seed " << seed);
  const ConvProblem<X, T> problem(one, kind, x_bits, seed);
  const bool has_row = problem.geometry.batch > 0;
  const std::vector<const Kernel<T>*> kernels = SupportedConvKernels<T>();
  // The portable kernel is the last; it reads nothing beyond a run.
  const std::vector<T> row =
      has_row ? problem.RunRow(*kernels.back(), Side::kEnd) : std::vector<T>();
  for (const Kernel<T>* kernel : kernels) {
    for (const Side side : kSides) {
      EXPECT_EQ(Compare(problem.truth, problem.Run(*kernel, side), 0.0), "") << kernel->name;
      if (!has_row) continue;
      EXPECT_TRUE(BitEqual(row, problem.RunRow(*kernel, side))) << kernel->name << " alone";
    }
  }
}

// Every pair of types; every kind of table, residuals and parameters for each type of output.
constexpr int kKinds = 6;
void CheckKind(const ConvolutionCase& one, int kind, uint32_t seed) {
  constexpr auto kNone = Residuals::kNone, kValues = Residuals::kValues,
                 kTensors = Residuals::kTensors;
  switch (kind) {
    case 0:
      return CheckAllKernels<uint8_t, uint8_t>(one, {"plain", 8, false, kNone, false}, 8, seed);
    case 1:
      return CheckAllKernels<uint8_t, uint8_t>(one, {"everything", 8, true, kTensors, true}, 8,
                                               seed);
    case 2:
      return CheckAllKernels<uint8_t, int16_t>(one, {"wide", 16, false, kValues, true}, 7, seed);
    case 3:
      return CheckAllKernels<int16_t, uint8_t>(one, {"lookup", 6, true, kNone, true}, 12, seed);
    case 4:
      return CheckAllKernels<int16_t, int16_t>(one, {"residuals", 12, false, kTensors, true}, 16,
                                               seed);
    default:
      return CheckAllKernels<int16_t, int16_t>(one, {"shared", 11, true, kValues, false}, 11, seed);
  }
}

class QLinearFusedConvTest : public testing::TestWithParam<ConvolutionCase> {};
INSTANTIATE_TEST_SUITE_P(Cases, QLinearFusedConvTest, testing::ValuesIn(ConvolutionCases()),
                         [](const auto& info) { return info.param.name; });

TEST_P(QLinearFusedConvTest, AllKernelsEqualTheReference) {
  for (int kind = 0; kind < kKinds; ++kind) CheckKind(GetParam(), kind, 1);
}

// Few outputs of runs of many lengths: the lanes of a vector share the taps of an output.
TEST(QLinearFusedConvSpreadTest, AllKernelsEqualTheReference) {
  for (const int64_t outputs : {1, 2, 3, 4, 6, 8, 18, 20}) {
    for (const int64_t channels : {1, 2, 3, 5, 8, 13}) {
      for (const int64_t dilation : {1, 2}) {
        ConvolutionCase one{"spread", {1, channels, 5, 9}, {outputs, channels, 2, 3}};
        one.attributes.dilations[1] = dilation;
        CheckAllKernels<uint8_t, int16_t>(one, {"tail", 12, false, Residuals::kNone, true}, 8, 5);
      }
    }
  }
}

TEST(QLinearFusedConvRandomTest, AllKernelsEqualTheReference) {
  const int count = RandomCaseCount();
  ASSERT_GT(count, 0);
  for (int i = 0; i < count && !testing::Test::HasFailure(); ++i) {
    const uint32_t seed = 1000 + static_cast<uint32_t>(i);
    std::mt19937 random(seed);
    const ConvolutionCase one = RandomConvolutionCase(&random);
    CheckKind(one, i % kKinds, seed);
    CheckKind(one, (i + 1) % kKinds, seed);
  }
}

// Fills the filters of alternating signs with weights that sum to the most that Check allows, and
// all inputs with one value, so that sums reach both ends of their range.
template <class X, class T>
void CheckLargestSums(const ConvolutionCase& one, int x_bits) {
  const RequantizationKind kind = {"largest", 8, false, Residuals::kNone, true};
  const auto range = requantization::DataRange<X>(x_bits);
  ConvProblem<X, T> problem(one, kind, x_bits, 1);
  problem.TellSumsApart();
  const int64_t taps = problem.geometry.taps();
  const int64_t most = (requantization::kMaxSum - 1) / (range.high - range.low);
  for (size_t i = 0; i < problem.w.size(); ++i) {
    const int64_t o = static_cast<int64_t>(i) / taps, tap = static_cast<int64_t>(i) % taps;
    const int64_t weight = most / taps + (tap < most % taps ? 1 : 0);
    problem.w[i] = static_cast<int16_t>(o % 2 == 0 ? weight : -weight);
  }
  for (const auto& [value, zero_point] : {std::pair{range.low, range.high},
                                          {range.high, range.low},
                                          {range.low, range.low},
                                          {range.high, range.high}}) {
    problem.x.assign(problem.x.size(), static_cast<X>(value));
    problem.x_zero_point.assign(problem.x_zero_point.size(), static_cast<X>(zero_point));
    for (size_t o = 0; o < problem.offset.size(); ++o) {
      const int64_t sum = (value - zero_point) * (o % 2 == 0 ? most : -most);
      problem.offset[o] =
          static_cast<int32_t>(std::min<int64_t>(50 - sum, requantization::kMaxSum));
    }
    problem.Solve();
    for (const Kernel<T>* kernel : SupportedConvKernels<T>()) {
      EXPECT_EQ(Compare(problem.truth, problem.Run(*kernel, Side::kEnd), 0.0), "")
          << kernel->name << ", " << x_bits << " bits, " << value << " and " << zero_point;
    }
    // Another sum would show: every value is that of its own D.
    problem.offset[0] += problem.offset[0] == requantization::kMaxSum ? -1 : 1;
    EXPECT_NE(Compare(problem.truth, problem.Run(*SupportedConvKernels<T>()[0], Side::kEnd), 0.0),
              "");
  }
}

TEST(QLinearFusedConvLimitsTest, TheLargestSumsAreExact) {
  const ConvolutionCase many = {"many_taps", {1, 1500, 3, 5}, {9, 1500, 3, 3}};
  const ConvolutionCase few = {"few_taps", {1, 15, 3, 9}, {9, 15, 3, 3}};
  const ConvolutionCase pair = {"one_pair", {1, 2, 1, 9}, {3, 2, 1, 1}};
  const ConvolutionCase single = {"one_tap", {1, 1, 1, 9}, {3, 1, 1, 1}};
  CheckLargestSums<uint8_t, uint8_t>(many, 8);
  CheckLargestSums<uint8_t, int16_t>(many, 8);
  for (const ConvolutionCase& one : {few, pair, single}) {
    CheckLargestSums<int16_t, uint8_t>(one, 16);
    CheckLargestSums<int16_t, int16_t>(one, 16);
  }
  CheckLargestSums<int16_t, int16_t>(few, 12);
}

// Kernels may leave out clamping where nothing can leave int32: here everything does. What is added
// afterwards decides how they clamp.
TEST(QLinearFusedConvLimitsTest, FactorsThatLeaveInt32Saturate) {
  for (const Residuals residuals : {Residuals::kNone, Residuals::kTensors}) {
    ConvProblem<uint8_t, int16_t> problem({"steep", {1, 3, 4, 9}, {17, 3, 3, 3}},
                                          {"steep", 16, false, residuals, true}, 8, 1);
    const auto huge = [](bool positive) { return positive ? 0x1p64F : -0x1p64F; };
    for (size_t i = 0; i < problem.multiplier.size(); ++i) {
      problem.multiplier[i] = huge(i % 2 == 0);
      problem.bias[i] = huge(i % 3 == 0);
      if (!problem.adds()) continue;
      problem.z_multiplier[i] = huge(i % 5 == 0);
      problem.r_multiplier[i] = huge(i % 7 == 0);
    }
    problem.Solve();
    for (const Kernel<int16_t>* kernel : SupportedConvKernels<int16_t>()) {
      EXPECT_EQ(Compare(problem.truth, problem.Run(*kernel, Side::kEnd), 0.0), "") << kernel->name;
    }
  }
}

// From here on: mistakes, each of which the tests above must notice.

const ConvolutionCase kPlain = {"plain", {1, 8, 6, 10}, {16, 8, 3, 3}};
const RequantizationKind kEverything = {"everything", 8, true, Residuals::kTensors, true};
const Kernel<uint8_t>& Portable() {
  static const Kernel<uint8_t>& portable = *SupportedConvKernels<uint8_t>().back();
  return portable;
}

template <auto mistake>
Kernel<uint8_t> Bent() {
  return test::Bent<RowTask<uint8_t>, Portable, mistake>();
}
void ReadBeforeX(const RowTask<uint8_t>& t) { Read(t.x - 1); }
void ReadBehindThePanels(const RowTask<uint8_t>& t) { Read(t.panels + t.panel_count); }

TEST(QLinearFusedConvMistakesTest, AnotherValueShows) {
  const ConvProblem<uint8_t, uint8_t> problem(kPlain, kEverything, 8, 3);
  EXPECT_EQ(Compare(problem.truth, problem.Run(Portable(), Side::kEnd), 0.0), "");
  EXPECT_NE(Compare(problem.truth, problem.Run(Bent<ChangeAValue>(), Side::kEnd), 0.0), "");
}

TEST(QLinearFusedConvMistakesTest, AnAllocationShows) {
  static const ConvProblem<uint8_t, uint8_t> problem(kPlain, kEverything, 8, 3);
  EXPECT_NONFATAL_FAILURE(problem.Run(Bent<Allocate>(), Side::kEnd), "bent allocates");
}

TEST(QLinearFusedConvMistakesDeathTest, OneValueTooFarDies) {
  const ConvProblem<uint8_t, uint8_t> problem(kPlain, kEverything, 8, 3);
  EXPECT_DEATH(problem.RunRow(Bent<ReadBehindTheOffsets>(), Side::kEnd), "");
  EXPECT_DEATH(problem.RunRow(Bent<ReadBehindThePanels>(), Side::kEnd), "");
  EXPECT_DEATH(problem.RunRow(Bent<ReadBehindZ>(), Side::kEnd), "");
  EXPECT_DEATH(problem.RunRow(Bent<ReadBeforeX>(), Side::kBegin), "");
  EXPECT_DEATH(problem.RunRow(Bent<WriteBehindY>(), Side::kEnd), "");
}

template <class X, class T>
void CheckSizes(int x_bits) {
  // Every kernel touches the last value of every buffer of this case, so the sizes are exact.
  const ConvProblem<X, T> problem(kPlain, kEverything, x_bits, 3);
  for (const Kernel<T>* kernel : SupportedConvKernels<T>()) {
    SCOPED_TRACE(kernel->name);
    EXPECT_DEATH(problem.Run(*kernel, Side::kEnd, {1, 0, 0, 0, 0}), "");
    EXPECT_DEATH(problem.Run(*kernel, Side::kEnd, {0, 1, 0, 0, 0}), "");
    EXPECT_DEATH(problem.Run(*kernel, Side::kEnd, {0, 0, 1, 0, 0}), "");
    EXPECT_DEATH(problem.Run(*kernel, Side::kEnd, {0, 0, 0, 1, 0}), "");
    EXPECT_DEATH(problem.Run(*kernel, Side::kEnd, {0, 0, 0, 0, 64}), "");
    EXPECT_DEATH(problem.RunRow(*kernel, Side::kEnd, {1, 0, 0}), "");
    EXPECT_DEATH(problem.RunRow(*kernel, Side::kEnd, {0, 1, 0}), "");
    EXPECT_DEATH(problem.RunRow(*kernel, Side::kEnd, {0, 0, 1}), "");
  }
}

TEST(QLinearFusedConvMistakesDeathTest, ABufferThatIsOneValueShortKills) {
  CheckSizes<uint8_t, uint8_t>(8);
  CheckSizes<int16_t, int16_t>(16);
}

}  // namespace
}  // namespace addersr::test
