// Every pixel of every format, whole and in tiles, against the reference.
#include <gtest/gtest.h>

#include "custom_ops/image/image.h"
#include "frames_harness.h"

namespace addersr::test {
namespace {

constexpr int32_t kFormats[] = {ADDERSR_RGB,  ADDERSR_BGR,  ADDERSR_RGBA,
                                ADDERSR_GRAY, ADDERSR_NV12, ADDERSR_I420};
constexpr NetworkKind kKinds[] = {NetworkKind::kLuma, NetworkKind::kRgb, NetworkKind::kPicture};

// What a test is about, in words.
std::string Words(const FramesProblem& problem) {
  return "format " + std::to_string(problem.small.format) + ", kind " +
         std::to_string(static_cast<int>(problem.kind)) + ", " +
         std::to_string(problem.small.width) + "x" + std::to_string(problem.small.height) +
         ", times " + std::to_string(problem.scale);
}

template <class Run>
void ForAll(const Run& run) {
  for (const int32_t format : kFormats) {
    for (const NetworkKind kind : kKinds) run(format, kind);
  }
}

struct Size {
  int32_t width, height;
};

TEST(FramesTest, SmallFramesOfEveryScale) {
  ForAll([](int32_t format, NetworkKind kind) {
    for (int scale = 1; scale <= embedding::kMostScale; ++scale) {
      for (const Size& size : {Size{1, 1}, {2, 1}, {1, 2}, {5, 3}, {8, 7}}) {
        const FramesProblem problem(format, kind, scale, size.width, size.height, 1);
        SCOPED_TRACE(Words(problem));
        problem.Check(8, 0, Side::kEnd, 0);
        problem.Check(8, 1, Side::kBegin, 5);
        problem.Check(1, 1, Side::kEnd, 1);
        problem.Check(3, 2, Side::kBegin, 0);
      }
    }
  });
}

// Several items, and parts of a row.
TEST(FramesTest, LargeFrames) {
  ForAll([](int32_t format, NetworkKind kind) {
    for (const int scale : {2, 3}) {
      const FramesProblem problem(format, kind, scale, 531, 35, 2);
      SCOPED_TRACE(Words(problem));
      problem.Check(531, 3, Side::kEnd, 0);
      problem.Check(271, 3, Side::kBegin, 7);
    }
  });
}

// A tile needs no more scratch memory than a larger one, since a call has one piece for all tiles.
TEST(FramesTest, ScratchGrowsWithTheTile) {
  ForAll([](int32_t format, NetworkKind kind) {
    for (const int scale : {1, 2, 8}) {
      size_t before = 0;
      for (int32_t side = 1; side < 3000; side += 7) {
        const size_t wide = embedding::ScratchBytes(format, kind, scale, side, 1100);
        EXPECT_GE(wide, before) << side;
        EXPECT_EQ(wide % 64, 0U);
        EXPECT_GE(embedding::ScratchBytes(format, kind, scale, 4100, side + 1),
                  embedding::ScratchBytes(format, kind, scale, 4100, side));
        before = wide;
      }
    }
  });
}

// Dense RGB through a network of luma: what the ops RgbToLuma and LumaToRgb give.
TEST(FramesTest, RgbEqualsTheOps) {
  for (const int scale : {2, 3}) {
    const FramesProblem problem(ADDERSR_RGB, NetworkKind::kLuma, scale, 300, 40, 4);
    const image::Shape shape{1, 40, 300};
    std::string error;
    const image::Kernel* const kernel = image::SelectKernel(&error);
    ASSERT_NE(kernel, nullptr) << error;
    std::vector<float> luma(problem.true_input.floats.size());
    std::vector<uint8_t> large(problem.true_large.planes[0].size());
    std::vector<char> scratch(image::ScratchBytes(shape, scale));
    const uint8_t* const x = problem.small.planes[0].data();
    const image::LumaJob before{kernel, shape, x, luma.data()};
    const image::RgbJob behind{
        kernel,      shape, scale, problem.output.floats.data(), x, image::CubicFilter(scale),
        large.data()};
    for (int64_t i = 0; i < image::ItemCount(shape); ++i) {
      image::RunItem(before, i);
      image::RunItem(behind, i, scratch.data());
    }
    EXPECT_EQ(luma, problem.true_input.floats);
    EXPECT_EQ(large, problem.true_large.planes[0]);
  }
}

// From cubic_filter (custom_ops/image/filter.py).
TEST(FramesTest, CubicFiltersEqualThoseOfPython) {
  const std::vector<std::vector<int16_t>> filters = {
      {0, 0, 16384, 0, 0},
      {-384, 3712, 14208, -1152, 0, 0, -1152, 14208, 3712, -384},
      {-607, 5461, 12744, -1214, 0, 0, 0, 16384, 0, 0, 0, -1214, 12744, 5461, -607},
      {-720, 6384, 11920, -1200, 0,    -112, 1488,  15792, -784, 0,
       0,    -784, 15792, 1488,  -112, 0,    -1200, 11920, 6384, -720},
      {-786, 6947, 11403, -1180, 0,     -262, 2753, 14942, -1049, 0,     0,    0,   16384,
       0,    0,    0,     -1049, 14942, 2753, -262, 0,     -1180, 11403, 6947, -786},
      {-830, 7324,  11051, -1161, 0, -384,  3712,  14208, -1152, 0, -52,   896,   16114, -574, 0, 0,
       -574, 16114, 896,   -52,   0, -1152, 14208, 3712,  -384,  0, -1161, 11051, 7324,  -830},
      {-860,  7595, 10795, -1146, 0,    -478,  4442, 13614, -1194, 0,    -143,  1767,
       15620, -860, 0,     0,     0,    16384, 0,    0,     0,     -860, 15620, 1767,
       -143,  0,    -1194, 13614, 4442, -478,  0,    -1146, 10795, 7595, -860},
      {-882, 7798, 10602, -1134, 0,     -550, 5010, 13134, -1210, 0,     -234, 2526, 15106, -1014,
       0,    -30,  634,   16230, -450,  0,    0,    -450,  16230, 634,   -30,  0,    -1014, 15106,
       2526, -234, 0,     -1210, 13134, 5010, -550, 0,     -1134, 10602, 7798, -882},
  };
  for (size_t scale = 1; scale <= 8; ++scale) {
    const int16_t* const filter = image::CubicFilter(static_cast<int64_t>(scale));
    EXPECT_EQ(std::vector<int16_t>(filter, filter + 5 * scale), filters[scale - 1]) << scale;
    EXPECT_EQ(image::CheckFilter("A test", filter, static_cast<int64_t>(scale)), "");
  }
}

// Black, white and gray of limited range are what they are after both conversions.
TEST(FramesTest, LimitedRangeKeepsGray) {
  for (int level = 16; level <= 235; ++level) {
    Picture small{ADDERSR_NV12, 2, 2, {}};
    small.planes[0].assign(4, static_cast<uint8_t>(level));
    small.planes[1].assign(2, 128);
    const Tensor input = ReferenceInput(small, NetworkKind::kPicture);
    const Picture same = ReferenceOutput(small, NetworkKind::kPicture, 1, input);
    EXPECT_EQ(same.planes[0], small.planes[0]);
    EXPECT_EQ(same.planes[1], small.planes[1]);
  }
}

// From here on: mistakes, each of which the tests above must notice.

struct Missing {
  size_t input, output, network_input, network_output;
};

// One whole frame with buffers that lack some bytes at their end.
template <class T>
void RunWithMissing(const FramesProblem& problem, const std::vector<T>& true_input,
                    const std::vector<T>& output, const Missing& missing) {
  const GuardedFrame input(problem.small, Side::kEnd, 0, missing.input);
  const GuardedFrame large(problem.empty, Side::kEnd, 0, missing.output);
  GuardedBuffer<T> network_input(true_input.size() - missing.network_input, Side::kEnd);
  const GuardedBuffer<T> network_output(output, Side::kEnd, missing.network_output);
  const Picture& small = problem.small;
  GuardedBuffer<char> scratch(
      embedding::ScratchBytes(small.format, problem.kind, problem.scale, small.width, small.height),
      Side::kEnd);
  const embedding::Region all{0, 0, small.width, small.height};
  const embedding::TileJob job{
      &input.frame(),       &large.frame(),        problem.kind,  problem.scale, all, all,
      network_input.data(), network_output.data(), scratch.data()};
  for (int i = 0; i < embedding::ReadItems(job); ++i) embedding::ReadItem(job, i);
  for (int i = 0; i < embedding::WriteItems(job); ++i) embedding::WriteItem(job, i);
}

void RunWithMissing(const FramesProblem& problem, const Missing& missing) {
  if (problem.kind == NetworkKind::kPicture) {
    RunWithMissing<uint8_t>(problem, problem.true_input.bytes, problem.output.bytes, missing);
  } else {
    RunWithMissing<float>(problem, problem.true_input.floats, problem.output.floats, missing);
  }
}

// Every format touches the last value of every buffer, so the sizes are exact.
TEST(FramesMistakesDeathTest, ABufferThatIsOneValueShortKills) {
  ForAll([](int32_t format, NetworkKind kind) {
    const FramesProblem problem(format, kind, 2, 5, 3, 5);
    SCOPED_TRACE(Words(problem));
    RunWithMissing(problem, {0, 0, 0, 0});
    EXPECT_DEATH(RunWithMissing(problem, {1, 0, 0, 0}), "");
    EXPECT_DEATH(RunWithMissing(problem, {0, 1, 0, 0}), "");
    EXPECT_DEATH(RunWithMissing(problem, {0, 0, 1, 0}), "");
    EXPECT_DEATH(RunWithMissing(problem, {0, 0, 0, 1}), "");
  });
}

}  // namespace
}  // namespace addersr::test
