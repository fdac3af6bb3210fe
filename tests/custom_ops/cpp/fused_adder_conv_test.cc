// The contract of the fp32 kernels with an epilogue (FusedAdderConv), in both layouts, for every
// kernel that this CPU runs.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "adder_conv_harness.h"
#include "allocations.h"
#include "comparison.h"
#include "custom_ops/adder_conv/packed_epilogue.h"

namespace addersr::test {
namespace {

using adder_conv::Kernel;
using convolution::Layout;

constexpr double kEps = std::numeric_limits<float>::epsilon();

// Which parts of the epilogue are there.
struct Parts {
  bool power, slope, clip, z, r;
};

constexpr Parts kParts[] = {{false, false, false, false, false}, {false, true, false, true, false},
                            {true, true, true, true, true},      {true, false, false, false, false},
                            {false, false, true, false, true},   {true, true, false, true, false}};

struct FusedProblem {
  FusedProblem(const ConvolutionCase& one, const Parts& of, uint32_t seed) : sums(one, seed) {
    parts = of;
    std::mt19937 random(seed + 1);
    const size_t outputs = sums.bias.size();
    scale.resize(outputs);
    bias.resize(outputs);
    alpha.assign(parts.power ? outputs : 1, 1.0F);
    slope.assign(parts.slope ? outputs : 1, 1.0F);
    FillUniform(&random, 0.05, &scale);
    FillUniform(&random, 3.0, &bias);
    // Above 0, so that what follows the sum is monotone and its error can be bounded.
    if (parts.power) {
      for (float& value : alpha) value = 0.5F + 0.01F * static_cast<float>(Uniform(&random, 0, 99));
    }
    if (parts.slope) {
      for (float& value : slope) value = 0.01F * static_cast<float>(Uniform(&random, 0, 120));
    }
    z.resize(parts.z ? sums.truth.size() : 1);
    r.resize(parts.r ? sums.truth.size() : 1);
    FillUniform(&random, 2.0, &z);
    FillUniform(&random, 2.0, &r);
    if (parts.clip) {
      clip_min = -1.5F;
      clip_max = 2.0F;
    }
    sums.bias.assign(outputs, 0.0F);
  }

  // What follows T = scale A + bias + z, in double.
  double Activate(double t, size_t o) const {
    const double exponent = alpha[alpha.size() == 1 ? 0 : o];
    t *= std::pow(std::max(std::abs(t), 1e-12), exponent - 1.0);
    if (t < 0) t *= double{slope[slope.size() == 1 ? 0 : o]};
    return std::min(std::max(t, double{clip_min}), double{clip_max});
  }

  // What is wrong with `y`, or an empty string. The sum may be off by AdderConv's tolerance, and
  // every later operation by some eps of what it handles.
  std::string Check(const AdderConvProblem& plain, const std::vector<float>& y) const {
    const convolution::Geometry& g = plain.geometry;
    const size_t plane = static_cast<size_t>(g.out_height * g.out_width);
    for (size_t i = 0; i < y.size(); ++i) {
      const size_t o = i / plane % scale.size();
      const double residual = z[parts.z ? i : 0], added = r[parts.r ? i : 0];
      const double a = plain.truth[i] - double{plain.bias[o]};
      const double t = double{scale[o]} * a + double{bias[o]} + residual;
      const double d =
          std::abs(double{scale[o]}) * plain.tolerance +
          2 * kEps * (std::abs(double{scale[o]} * a) + std::abs(double{bias[o]}) + std::abs(t));
      const double low = Activate(t - d, o), high = Activate(t + d, o);
      const double rounding = 8 * kEps * (std::abs(low) + std::abs(high) + std::abs(added));
      if (!(y[i] >= low + added - rounding && y[i] <= high + added + rounding)) {
        return "value " + std::to_string(i) + " is " + std::to_string(y[i]) + ", expected " +
               std::to_string(low + added) + " to " + std::to_string(high + added);
      }
    }
    return {};
  }

  // The result in NCHW, from tensors in `layout` that lie at guard pages.
  std::vector<float> Run(const Kernel& kernel, Layout layout, Side side, size_t missing_z = 0,
                         size_t missing_r = 0) const;

  AdderConvProblem sums;
  Parts parts;
  std::vector<float> scale, bias, alpha, slope, z, r;
  float clip_min = -std::numeric_limits<float>::infinity();
  float clip_max = std::numeric_limits<float>::infinity();
};

// From [n][c][pixels] to [n][pixels][c], or back with the two numbers exchanged.
std::vector<float> Exchange(const std::vector<float>& from, size_t c, size_t pixels) {
  std::vector<float> to(from.size());
  for (size_t i = 0; i < from.size(); ++i) {
    const size_t image = i / (c * pixels), channel = i / pixels % c, pixel = i % pixels;
    to[(image * pixels + pixel) * c + channel] = from[i];
  }
  return to;
}

std::vector<float> FusedProblem::Run(const Kernel& kernel, Layout layout, Side side,
                                     size_t missing_z, size_t missing_r) const {
  const convolution::Geometry& g = sums.geometry;
  const size_t channels = static_cast<size_t>(g.groups * g.in_channels);
  const size_t outputs = scale.size(), pixels = static_cast<size_t>(g.out_height * g.out_width);
  const bool last = layout == Layout::kChannelsLast;
  const auto arrange = [&](const std::vector<float>& values, size_t c, size_t count) {
    return last && values.size() > 1 ? Exchange(values, c, count) : values;
  };
  const adder_conv::PackedFilter filter(kernel, g, GuardedBuffer<float>(sums.w, side).data());
  const auto count = [](const std::vector<float>& values) {
    return adder_conv::PerOutput{values.data(), static_cast<int64_t>(values.size())};
  };
  const adder_conv::PackedEpilogue epilogue(
      kernel, g, {count(scale), count(bias), count(alpha), count(slope), clip_min, clip_max});
  const GuardedBuffer<float> x(
      arrange(sums.x, channels, static_cast<size_t>(g.in_height * g.in_width)), side);
  const GuardedBuffer<float> guarded_z(arrange(z, outputs, pixels), side, missing_z);
  const GuardedBuffer<float> guarded_r(arrange(r, outputs, pixels), side, missing_r);
  GuardedBuffer<float> y(sums.truth.size(), side);
  adder_conv::Job job{};
  job.geometry = &g;
  job.filter = &filter;
  job.layout = layout;
  job.x = x.data();
  job.y = y.data();
  job.epilogue = &epilogue;
  job.z = {guarded_z.data(), parts.z};
  job.r = {guarded_r.data(), parts.r};
  GuardedBuffer<float> scratch(adder_conv::ScratchFloats(job), side);
  const int64_t items = adder_conv::ItemCount(g);
  const uint64_t before = Allocations();
  for (int64_t i = 0; i < items; ++i) {
    adder_conv::RunItem(job, side == Side::kEnd ? i : items - 1 - i, scratch.data());
  }
  EXPECT_EQ(Allocations(), before) << kernel.name << " allocates";
  const std::vector<float> result(y.begin(), y.end());
  return last ? Exchange(result, pixels, outputs) : result;
}

void CheckAllKernels(const ConvolutionCase& one, const Parts& parts, uint32_t seed) {
  SCOPED_TRACE(testing::Message() << one << ", seed " << seed << ", power " << parts.power
                                  << ", slope " << parts.slope << ", clip " << parts.clip << ", Z "
                                  << parts.z << ", R " << parts.r);
  const FusedProblem problem(one, parts, seed);
  const AdderConvProblem plain(one, seed);
  for (const Layout layout : {Layout::kChannelsFirst, Layout::kChannelsLast}) {
    const std::vector<float> first = problem.Run(*SupportedKernels().front(), layout, Side::kEnd);
    for (const Kernel* kernel : SupportedKernels()) {
      for (const Side side : kSides) {
        const std::vector<float> y = problem.Run(*kernel, layout, side);
        EXPECT_EQ(problem.Check(plain, y), "") << kernel->name;
        EXPECT_TRUE(BitEqual(y, first)) << kernel->name << " differs from the first kernel";
      }
    }
  }
}

class FusedAdderConvTest : public testing::TestWithParam<ConvolutionCase> {};
INSTANTIATE_TEST_SUITE_P(Cases, FusedAdderConvTest, testing::ValuesIn(ConvolutionCases()),
                         [](const auto& info) { return info.param.name; });

TEST_P(FusedAdderConvTest, AllKernelsMatchTheReferenceInBothLayouts) {
  for (const Parts& parts : kParts) CheckAllKernels(GetParam(), parts, 1);
}

TEST(FusedAdderConvRandomTest, AllKernelsMatchTheReferenceInBothLayouts) {
  const int count = RandomCaseCount();
  ASSERT_GT(count, 0);
  for (int i = 0; i < count && !testing::Test::HasFailure(); ++i) {
    const uint32_t seed = 1000 + static_cast<uint32_t>(i);
    std::mt19937 random(seed);
    CheckAllKernels(RandomConvolutionCase(&random), kParts[i % std::size(kParts)], seed);
  }
}

// From here on: mistakes, each of which the tests above must notice.

const ConvolutionCase kPlain = {"plain", {1, 8, 20, 10}, {16, 8, 3, 3}};

TEST(FusedMistakesTest, AnotherExponentSlopeOrResidualShows) {
  const AdderConvProblem plain(kPlain, 3);
  const FusedProblem right(kPlain, {true, true, false, true, true}, 3);
  const Kernel& kernel = *SupportedKernels().back();
  EXPECT_EQ(right.Check(plain, right.Run(kernel, Layout::kChannelsLast, Side::kEnd)), "");
  for (std::vector<float> FusedProblem::* values :
       {&FusedProblem::alpha, &FusedProblem::slope, &FusedProblem::z, &FusedProblem::r,
        &FusedProblem::scale, &FusedProblem::bias}) {
    FusedProblem wrong = right;
    for (float& value : wrong.*values) value *= 1.01F;
    EXPECT_NE(right.Check(plain, wrong.Run(kernel, Layout::kChannelsLast, Side::kEnd)), "");
  }
}

TEST(FusedMistakesDeathTest, AResidualThatIsOneFloatShortKills) {
  const FusedProblem problem(kPlain, {true, true, true, true, true}, 3);
  for (const Kernel* kernel : SupportedKernels()) {
    for (const Layout layout : {Layout::kChannelsFirst, Layout::kChannelsLast}) {
      EXPECT_DEATH(problem.Run(*kernel, layout, Side::kEnd, 1, 0), "");
      EXPECT_DEATH(problem.Run(*kernel, layout, Side::kEnd, 0, 1), "");
    }
  }
}

}  // namespace
}  // namespace addersr::test
