// The contract of QLinearAdderConv's kernels (qlinear_adder_conv.h), for every kernel of both types
// that this CPU runs: exact results, and nothing touched outside the buffers.
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include "comparison.h"
#include "kernel_mistakes.h"
#include "qlinear_adder_conv_harness.h"

namespace addersr::test {
namespace {

using qlinear_adder_conv::Kernel;
using qlinear_adder_conv::RowTask;

template <class T>
std::vector<RequantizationKind> Kinds();
template <>
std::vector<RequantizationKind> Kinds<uint8_t>() {
  return {{"plain", 8, false, Residuals::kNone, false},
          {"everything", 8, true, Residuals::kTensors, true},
          {"lookup", 8, true, Residuals::kNone, false},
          {"six_bits", 6, false, Residuals::kTensors, true},
          {"three_bits", 3, true, Residuals::kValues, false}};
}
template <>
std::vector<RequantizationKind> Kinds<int16_t>() {
  return {{"plain", 11, false, Residuals::kValues, false},
          {"everything", 11, true, Residuals::kTensors, true},
          {"twelve_bits", 12, false, Residuals::kTensors, true},
          {"five_bits", 5, true, Residuals::kNone, false}};
}

template <class T>
void CheckAllKernels(const ConvolutionCase& one, uint32_t seed) {
  for (const RequantizationKind& kind : Kinds<T>()) {
    SCOPED_TRACE(testing::Message() << one << ", " << kind.name << ", seed " << seed);
    const QLinearProblem<T> problem(one, kind, seed);
    for (const Kernel<T>* kernel : SupportedQLinearKernels<T>()) {
      if (kind.bits > kernel->bits) continue;
      for (const Side side : kSides) {
        EXPECT_EQ(Compare(problem.truth, problem.Run(*kernel, side), 0.0), "") << kernel->name;
        if (problem.geometry.batch > 0) problem.RunRow(*kernel, side);
      }
    }
  }
}

class QLinearAdderConvTest : public testing::TestWithParam<ConvolutionCase> {};
INSTANTIATE_TEST_SUITE_P(Cases, QLinearAdderConvTest, testing::ValuesIn(ConvolutionCases()),
                         [](const auto& info) { return info.param.name; });

TEST_P(QLinearAdderConvTest, AllKernelsEqualTheReference) {
  CheckAllKernels<uint8_t>(GetParam(), 1);
  CheckAllKernels<int16_t>(GetParam(), 2);
}

TEST(QLinearAdderConvRandomTest, AllKernelsEqualTheReference) {
  const int count = RandomCaseCount();
  ASSERT_GT(count, 0);
  for (int i = 0; i < count && !testing::Test::HasFailure(); ++i) {
    const uint32_t seed = 1000 + static_cast<uint32_t>(i);
    std::mt19937 random(seed);
    const ConvolutionCase one = RandomConvolutionCase(&random);
    if (i % 2 == 0) {
      CheckAllKernels<uint8_t>(one, seed);
    } else {
      CheckAllKernels<int16_t>(one, seed);
    }
  }
}

TEST(QLinearAdderConvLimitsTest, AllDifferencesOfUint8AreAsLargeAsCanBe) {
  for (const Kernel<uint8_t>* kernel : SupportedQLinearKernels<uint8_t>()) {
    QLinearProblem<uint8_t> problem({"largest", {1, 1500, 3, 9}, {9, 1500, 3, 3}},
                                    {"largest", kernel->bits, false, Residuals::kNone, false}, 1);
    const auto high = static_cast<uint8_t>((1 << problem.kind.bits) - 1);
    problem.x.assign(problem.x.size(), 0);
    problem.w.assign(problem.w.size(), high);
    const int32_t sum = 13500 * high;
    problem.TellSumsApart();
    problem.offset = {sum + 50};
    problem.SetTruth(std::vector<double>(problem.truth.size(), -sum));
    EXPECT_EQ(Compare(problem.truth, problem.Run(*kernel, Side::kEnd), 0.0), "") << kernel->name;
  }
}

TEST(QLinearAdderConvLimitsTest, AllDifferencesAreAsLargeAsCanBe) {
  // Every accumulator is as full as it ever gets.
  for (const Kernel<int16_t>* kernel : SupportedQLinearKernels<int16_t>()) {
    for (const int bits : {2, 7, 11, 15, 16}) {
      QLinearProblem<int16_t> problem({"largest", {1, 64, 3, 9}, {9, 64, 3, 3}},
                                      {"largest", bits, false, Residuals::kNone, false}, 1);
      const auto low = static_cast<int16_t>(-(1 << (bits - 1)));
      const auto high = static_cast<int16_t>((1 << (bits - 1)) - 1);
      problem.x.assign(problem.x.size(), low);
      problem.w.assign(problem.w.size(), high);
      const int32_t sum = 576 * (high - low);
      problem.TellSumsApart();
      problem.offset = {sum + 50};
      problem.SetTruth(std::vector<double>(problem.truth.size(), -sum));
      EXPECT_EQ(Compare(problem.truth, problem.Run(*kernel, Side::kEnd), 0.0), "")
          << kernel->name << ", " << bits << " bits";
    }
  }
}

// From here on: mistakes, each of which the tests above must notice.

const ConvolutionCase kPlain = {"plain", {1, 8, 6, 10}, {16, 8, 3, 3}};
const RequantizationKind kEverything = {"everything", 8, true, Residuals::kTensors, true};
const Kernel<uint8_t>& Portable() {
  static const Kernel<uint8_t>& portable = *SupportedQLinearKernels<uint8_t>().back();
  return portable;
}

template <auto mistake>
Kernel<uint8_t> Bent() {
  return test::Bent<RowTask<uint8_t>, Portable, mistake>();
}
void ReadBeforeX(const RowTask<uint8_t>& t) { Read(t.x - 1); }

TEST(QLinearMistakesTest, AnotherValueShows) {
  const QLinearProblem<uint8_t> problem(kPlain, kEverything, 3);
  EXPECT_EQ(Compare(problem.truth, problem.Run(Portable(), Side::kEnd), 0.0), "");
  EXPECT_NE(Compare(problem.truth, problem.Run(Bent<ChangeAValue>(), Side::kEnd), 0.0), "");
}

TEST(QLinearMistakesTest, AnAllocationShows) {
  static const QLinearProblem<uint8_t> problem(kPlain, kEverything, 3);
  EXPECT_NONFATAL_FAILURE(problem.Run(Bent<Allocate>(), Side::kEnd), "bent allocates");
}

TEST(QLinearMistakesDeathTest, OneValueTooFarDies) {
  const QLinearProblem<uint8_t> problem(kPlain, kEverything, 3);
  EXPECT_DEATH(problem.RunRow(Bent<ReadBehindTheOffsets>(), Side::kEnd), "");
  EXPECT_DEATH(problem.RunRow(Bent<ReadBehindZ>(), Side::kEnd), "");
  EXPECT_DEATH(problem.RunRow(Bent<ReadBeforeX>(), Side::kBegin), "");
  EXPECT_DEATH(problem.RunRow(Bent<WriteBehindY>(), Side::kEnd), "");
}

template <class T>
void CheckSizes(const RequantizationKind& kind) {
  // Every kernel touches the last value of every buffer of this case, so the sizes are exact.
  const QLinearProblem<T> problem(kPlain, kind, 3);
  for (const Kernel<T>* kernel : SupportedQLinearKernels<T>()) {
    if (kind.bits > kernel->bits) continue;
    SCOPED_TRACE(kernel->name);
    EXPECT_DEATH(problem.Run(*kernel, Side::kEnd, {1, 0, 0, 0, 0}), "");
    EXPECT_DEATH(problem.Run(*kernel, Side::kEnd, {0, 1, 0, 0, 0}), "");
    EXPECT_DEATH(problem.Run(*kernel, Side::kEnd, {0, 0, 1, 0, 0}), "");
    EXPECT_DEATH(problem.Run(*kernel, Side::kEnd, {0, 0, 0, 1, 0}), "");
    EXPECT_DEATH(problem.Run(*kernel, Side::kEnd, {0, 0, 0, 0, 64}), "");
    EXPECT_DEATH(problem.RunRow(*kernel, Side::kEnd, 1), "");
  }
}

TEST(QLinearMistakesDeathTest, ABufferThatIsOneValueShortKills) {
  CheckSizes<uint8_t>(kEverything);
  CheckSizes<int16_t>({"everything", 11, true, Residuals::kTensors, true});
}

}  // namespace
}  // namespace addersr::test
