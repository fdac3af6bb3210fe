// The input gradient of AdderConv for every instruction set that this CPU has, against plain loops.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "comparison.h"
#include "convolution_cases.h"
#include "custom_ops/adder_conv_gradient/adder_conv_gradient.h"
#include "custom_ops/isa/isa.h"
#include "guarded_buffer.h"

namespace addersr::test {
namespace {

struct GradientProblem {
  GradientProblem(const ConvolutionCase& one, uint32_t seed) : geometry(one.geometry()) {
    const convolution::Geometry& g = geometry;
    const int64_t outputs = g.groups * g.out_channels;
    x.resize(static_cast<size_t>(one.x[0] * one.x[1] * one.x[2] * one.x[3]));
    w.resize(static_cast<size_t>(one.w[0] * one.w[1] * one.w[2] * one.w[3]));
    dy.resize(static_cast<size_t>(g.batch * outputs * g.out_height * g.out_width));
    std::mt19937 random(seed);
    FillUniform(&random, 1.0, &x);
    FillUniform(&random, 1.0, &w);
    FillUniform(&random, 3.0, &dy);
    truth.assign(x.size(), 0.0);
    for (size_t index = 0; index < dy.size(); ++index) {
      const int64_t at = static_cast<int64_t>(index);
      const int64_t column = at % g.out_width, row = at / g.out_width % g.out_height;
      const int64_t plane = at / g.out_width / g.out_height;
      const int64_t o = plane % outputs, n = plane / outputs;
      for (int64_t tap = 0; tap < g.taps(); ++tap) {
        const int64_t j = tap % g.kernel_width, i = tap / g.kernel_width % g.kernel_height;
        const int64_t c = tap / g.kernel_width / g.kernel_height;
        const int64_t r = row * g.stride_height + i * g.dilation_height - g.pad_top;
        const int64_t s = column * g.stride_width + j * g.dilation_width - g.pad_left;
        if (r < 0 || r >= g.in_height || s < 0 || s >= g.in_width) continue;
        const int64_t channel = (n * g.groups + o / g.out_channels) * g.in_channels + c;
        const size_t pixel = static_cast<size_t>((channel * g.in_height + r) * g.in_width + s);
        const double difference = double{w[static_cast<size_t>(o * g.taps() + tap)]} - x[pixel];
        truth[pixel] += double{dy[index]} * std::clamp(difference, -1.0, 1.0);
      }
    }
    // As for the forward sums, with terms of at most 3; each also rounds a difference and a
    // product.
    const double terms =
        static_cast<double>(g.out_channels * g.kernel_height * g.kernel_width) + 2.0;
    tolerance = double{std::numeric_limits<float>::epsilon()} * terms * (std::sqrt(terms) + 1) * 3;
  }

  std::vector<float> Run(const char* isa, Side side, size_t missing = 0) const {
    const GuardedBuffer<float> guarded_x(x, side), guarded_w(w, side), guarded_dy(dy, side);
    GuardedBuffer<float> dx(x.size() - missing, side);
    adder_conv_gradient::InputGradient(geometry, isa, guarded_dy.data(), guarded_x.data(),
                                       guarded_w.data(), dx.data(), 0, geometry.batch);
    return {dx.begin(), dx.end()};
  }

  convolution::Geometry geometry;
  std::vector<float> x, w, dy;
  std::vector<double> truth;
  double tolerance;
};

void CheckGradient(const ConvolutionCase& one, uint32_t seed) {
  SCOPED_TRACE(testing::Message() << one << ", seed " << seed);
  const GradientProblem problem(one, seed);
  for (const isa::Isa& isa : isa::All()) {
    if (!isa.supported) continue;
    for (const Side side : kSides) {
      EXPECT_EQ(Compare(problem.truth, problem.Run(isa.name, side), problem.tolerance), "")
          << isa.name;
    }
  }
}

class AdderConvGradientTest : public testing::TestWithParam<ConvolutionCase> {};
INSTANTIATE_TEST_SUITE_P(Cases, AdderConvGradientTest, testing::ValuesIn(ConvolutionCases()),
                         [](const auto& info) { return info.param.name; });

TEST_P(AdderConvGradientTest, MatchesTheReference) { CheckGradient(GetParam(), 1); }

TEST(AdderConvGradientRandomTest, MatchesTheReference) {
  for (int i = 0; i < RandomCaseCount() && !testing::Test::HasFailure(); ++i) {
    const uint32_t seed = 1000 + static_cast<uint32_t>(i);
    std::mt19937 random(seed);
    CheckGradient(RandomConvolutionCase(&random), seed);
  }
}

TEST(AdderConvGradientDeathTest, ABufferThatIsOneFloatShortKills) {
  const GradientProblem problem({"plain", {1, 8, 6, 10}, {16, 8, 3, 3}}, 3);
  EXPECT_DEATH(problem.Run("portable", Side::kEnd, 1), "");
}

}  // namespace
}  // namespace addersr::test
