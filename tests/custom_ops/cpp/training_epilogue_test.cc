// The epilogue in training for every instruction set that this CPU has, against plain loops.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "comparison.h"
#include "convolution_cases.h"
#include "custom_ops/isa/isa.h"
#include "custom_ops/training_epilogue/training_epilogue.h"
#include "guarded_buffer.h"

namespace addersr::test {
namespace {

using training_epilogue::Layer;

constexpr double kEps = std::numeric_limits<float>::epsilon();

struct EpilogueCase {
  int64_t batch, channels, pixels;
  bool z, affine, power, slope;
};

std::ostream& operator<<(std::ostream& out, const EpilogueCase& c) {
  return out << c.batch << " x " << c.channels << " x " << c.pixels << (c.z ? ", z" : "")
             << (c.affine ? ", affine" : "") << (c.power ? ", power" : "")
             << (c.slope ? ", slope" : "");
}

struct Results {
  std::vector<float> y, da, dz;
  std::vector<double> sums;
};

struct EpilogueProblem {
  EpilogueProblem(const EpilogueCase& c, uint32_t seed) : one(c) {
    const size_t values = static_cast<size_t>(c.batch * c.channels * c.pixels);
    const size_t channels = static_cast<size_t>(c.channels);
    std::mt19937 random(seed);
    for (auto* tensor : {&a, &dy, &z}) {
      tensor->resize(tensor == &z && !c.z ? 0 : values);
      FillUniform(&random, 3.0, tensor);
    }
    // Zeros of both signs, and what lies around the two thresholds.
    const float special[] = {0.0F, -0.0F, 1e-40F, 1e-13F, -1e-11F, 9e-5F, -1.1e-4F};
    for (size_t i = 0; i < std::min(values, std::size(special)); ++i) a[i] = special[i];
    for (auto* parameter : {&scale, &bias, &alpha, &slope}) {
      parameter->resize(channels);
      FillUniform(&random, 1.0, parameter);
    }
    for (float& value : alpha) value = 0.3F + 1.85F * (value + 1.0F);  // 0.3 ... 4
    Solve();
  }

  // A buffer that is not given is a null pointer.
  Results Run(const char* isa, Side side, size_t missing = 0) const {
    const GuardedBuffer<float> a_(a, side), z_(z, side), dy_(dy, side);
    const GuardedBuffer<float> scale_(scale, side), bias_(bias, side), alpha_(alpha, side),
        slope_(slope, side);
    GuardedBuffer<float> y(a.size() - missing, side), da(a.size(), side), dz(z.size(), side);
    GuardedBuffer<double> sums(4 * static_cast<size_t>(one.batch * one.channels), side);
    const Layer layer{one.channels,
                      one.pixels,
                      one.affine ? scale_.data() : nullptr,
                      one.affine ? bias_.data() : nullptr,
                      one.power ? alpha_.data() : nullptr,
                      one.slope ? slope_.data() : nullptr};
    const float* from_z = one.z ? z_.data() : nullptr;
    // The images in two calls, as two threads would.
    const int64_t half = one.batch / 2;
    for (const auto& [first, images] :
         {std::pair{half, one.batch - half}, std::pair{int64_t{0}, half}}) {
      training_epilogue::Forward(layer, isa, a_.data(), from_z, y.data(), first, images);
      training_epilogue::Backward(layer, isa, dy_.data(), a_.data(), from_z, da.data(),
                                  one.z ? dz.data() : nullptr, sums.data(), first, images);
    }
    return {{y.begin(), y.end()},
            {da.begin(), da.end()},
            {dz.begin(), dz.end()},
            {sums.begin(), sums.end()}};
  }

  // What is wrong, or an empty string.
  std::string Check(const Results& got) const {
    std::string wrong;
    const auto check = [&](const char* name, const auto& values, const std::vector<double>& truth,
                           const std::vector<double>& tolerances) {
      if (values.size() != truth.size()) wrong += std::string(name) + " has the wrong size; ";
      for (size_t i = 0; i < truth.size() && wrong.empty(); ++i) {
        const std::string one_wrong = Compare(
            std::vector<double>{truth[i]}, std::vector<double>{double(values[i])}, tolerances[i]);
        if (!one_wrong.empty())
          wrong = name + std::string(" ") + std::to_string(i) + ": " + one_wrong;
      }
    };
    check("y", got.y, y, y_tolerance);
    check("da", got.da, da, da_tolerance);
    check("dz", got.dz, dz, dz_tolerance);
    check("sum", got.sums, sums, sums_tolerance);
    return wrong;
  }

  EpilogueCase one;
  std::vector<float> a, z, dy, scale, bias, alpha, slope;
  std::vector<double> y, da, dz, sums;
  std::vector<double> y_tolerance, da_tolerance, dz_tolerance, sums_tolerance;

 private:
  void Solve() {
    // Below it a float has fewer digits.
    const double tiny = std::numeric_limits<float>::min();
    sums.assign(4 * static_cast<size_t>(one.batch * one.channels), 0.0);
    sums_tolerance.assign(sums.size(), tiny);
    for (size_t i = 0; i < a.size(); ++i) {
      const size_t plane = i / static_cast<size_t>(one.pixels);
      const size_t c = plane % static_cast<size_t>(one.channels);
      // T as floats have it: how the power enlarges an error of T is not the question here.
      float rounded = one.affine ? scale[c] * a[i] : a[i];
      if (one.affine) rounded = rounded + bias[c];
      if (one.z) rounded = rounded + z[i];
      const double t = rounded, exponent = one.power ? alpha[c] : 1.0;
      const double magnitude = std::max(std::abs(t), double{1e-12F});
      const double power = t * std::pow(magnitude, exponent - 1.0);
      const double s = one.slope ? slope[c] : 1.0;
      const double dp = power > 0 ? dy[i] : s * dy[i];
      const double dt =
          one.power ? dp * exponent * std::abs(power) / std::max(std::abs(t), 1e-4) : dp;
      const double factor = one.affine ? scale[c] : 1.0;
      // That of the power (adder_conv/power.h), and eight more roundings.
      const double error = kEps * (one.power ? 11.0 + 2.0 * std::abs(exponent - 1.0) : 8.0);
      y.push_back(power > 0 ? power : s * power);
      y_tolerance.push_back(error * std::abs(y.back()) + tiny);
      da.push_back(factor * dt);
      da_tolerance.push_back(error * std::abs(factor * dt) + tiny);
      if (one.z) {
        dz.push_back(dt);
        dz_tolerance.push_back(error * std::abs(dt) + tiny);
      }
      const double log = one.power ? std::log(magnitude) : 0.0;
      const double terms[] = {dt * a[i], dt, one.power ? dp * power * log : 0.0,
                              one.slope && power <= 0 ? dy[i] * power : 0.0};
      for (size_t k = 0; k < 4; ++k) {
        sums[4 * plane + k] += terms[k];
        sums_tolerance[4 * plane + k] += (error + 64 * kEps) * std::abs(terms[k]);
      }
      sums_tolerance[4 * plane + 2] += error * std::abs(dp * power);  // ln 1 is 0, its error is not
    }
  }
};

std::vector<EpilogueCase> EpilogueCases() {
  std::vector<EpilogueCase> cases;
  for (const int64_t pixels : {1, 3, 4, 7, 8, 15, 16, 17, 35, 1100}) {
    for (int parts = 0; parts < 16; ++parts) {
      cases.push_back({1 + pixels % 3, 1 + pixels % 2, pixels, (parts & 1) != 0, (parts & 2) != 0,
                       (parts & 4) != 0, (parts & 8) != 0});
    }
  }
  return cases;
}

TEST(TrainingEpilogueTest, MatchesTheReferenceAndTheOtherInstructionSets) {
  uint32_t seed = 0;
  for (const EpilogueCase& one : EpilogueCases()) {
    const EpilogueProblem problem(one, ++seed);
    const Results portable = problem.Run("portable", Side::kEnd);
    for (const isa::Isa& isa : isa::All()) {
      if (!isa.supported) continue;
      for (const Side side : kSides) {
        SCOPED_TRACE(testing::Message() << one << ", " << isa.name);
        const Results results = problem.Run(isa.name, side);
        ASSERT_EQ(problem.Check(results), "");
        // All but the sums, bit for bit.
        EXPECT_TRUE(BitEqual(results.y, portable.y));
        EXPECT_TRUE(BitEqual(results.da, portable.da));
        EXPECT_TRUE(BitEqual(results.dz, portable.dz));
      }
    }
  }
}

TEST(TrainingEpilogueTest, AMistakeShows) {
  const EpilogueProblem problem({2, 2, 35, true, true, true, true}, 1);
  const Results right = problem.Run("portable", Side::kEnd);
  ASSERT_EQ(problem.Check(right), "");
  for (auto member : {&Results::y, &Results::da, &Results::dz}) {
    Results wrong = right;
    (wrong.*member).back() *= 1.0F + 1e-5F;
    EXPECT_NE(problem.Check(wrong), "");
  }
  for (size_t i = 0; i < 4; ++i) {
    Results wrong = right;
    wrong.sums[i] += 1e-2;
    EXPECT_NE(problem.Check(wrong), "") << i;
  }
}

TEST(TrainingEpilogueDeathTest, ABufferThatIsOneFloatShortKills) {
  const EpilogueProblem problem({1, 2, 17, true, true, true, true}, 2);
  EXPECT_DEATH(problem.Run("portable", Side::kEnd, 1), "");
}

}  // namespace
}  // namespace addersr::test
