// Frames that cannot be end in a sentence.
#include <gtest/gtest.h>

#include <limits>

#include "frames_harness.h"

namespace addersr::test {
namespace {

constexpr int32_t kMost = std::numeric_limits<int32_t>::max();

class CheckFramesTest : public testing::Test {
 protected:
  std::string Check(int scale = 2) const { return embedding::CheckFrames(&small, &large, scale); }
  // Memory that is never touched.
  uint8_t* At(uintptr_t address) const { return reinterpret_cast<uint8_t*>(address); }

  addersr_frame small{ADDERSR_I420, 5, 3, {At(1000), At(2000), At(3000)}, {5, 3, 3}};
  addersr_frame large{ADDERSR_I420, 10, 6, {At(4000), At(5000), At(6000)}, {10, 5, 5}};
};

TEST_F(CheckFramesTest, RightOnesPass) {
  EXPECT_EQ(Check(), "");
  for (int32_t format = ADDERSR_RGB; format <= ADDERSR_I420; ++format) {
    small.format = large.format = format;
    for (ptrdiff_t* const strides : {small.strides, large.strides}) {
      strides[0] = strides[1] = strides[2] = 40;
    }
    EXPECT_EQ(Check(), "") << format;
  }
}

TEST_F(CheckFramesTest, PlanesThatTheFormatHasNotAreIgnored) {
  small.format = large.format = ADDERSR_GRAY;
  small.planes[1] = large.planes[2] = nullptr;
  small.strides[1] = -1;
  EXPECT_EQ(Check(), "");
}

TEST_F(CheckFramesTest, NullFrames) {
  EXPECT_EQ(embedding::CheckFrames(nullptr, &large, 2),
            "Expected an input and an output frame, got null for the input.");
  EXPECT_EQ(embedding::CheckFrames(&small, nullptr, 2),
            "Expected an input and an output frame, got null for the output.");
}

TEST_F(CheckFramesTest, Formats) {
  for (const int32_t format : {0, 7, -1, kMost}) {
    small.format = large.format = format;
    EXPECT_EQ(Check(), "Expected a format of addersr_format (1 to 6), got " +
                           std::to_string(format) + " for the input frame.");
  }
  small.format = ADDERSR_I420;
  large.format = ADDERSR_NV12;
  EXPECT_EQ(Check(), "Expected the output frame to have the input's format, 6, got 5.");
}

TEST_F(CheckFramesTest, Sizes) {
  for (const int32_t wrong : {0, -1, std::numeric_limits<int32_t>::min()}) {
    addersr_frame frame = small;
    frame.height = wrong;
    EXPECT_EQ(embedding::CheckFrames(&frame, &large, 2),
              "Expected frames of at least 1 x 1 pixels, got an input of 5 x " +
                  std::to_string(wrong) + ".");
    frame = large;
    frame.width = wrong;
    EXPECT_EQ(embedding::CheckFrames(&small, &frame, 2),
              "Expected frames of at least 1 x 1 pixels, got an output of " +
                  std::to_string(wrong) + " x 6.");
  }
  EXPECT_EQ(Check(3),
            "Expected an output of 15 x 9 pixels, 3 times the input's 5 x 3, got 10 x 6.");
  // What would fit if it wrapped around.
  small.width = (kMost - 9) / 2 + 10;
  large.width = static_cast<int32_t>(static_cast<uint32_t>(small.width) * 2);
  EXPECT_NE(Check(), "");
}

TEST_F(CheckFramesTest, SizesBeyondMemory) {
  small = {ADDERSR_GRAY, kMost, kMost, {At(1000)}, {kMost}};
  large = small;
  large.planes[0] = At(uintptr_t{1} << 63);
  EXPECT_EQ(Check(1),
            "Expected frames that fit into memory, got an output of 2147483647 x "
            "2147483647 pixels.");
  small.width = small.height = large.width = large.height = 1 << 26;
  small.strides[0] = large.strides[0] = std::numeric_limits<ptrdiff_t>::max();
  EXPECT_EQ(Check(1),
            "Expected plane 0 of the input frame to fit into memory, got 9223372036854775807 "
            "bytes for each of 67108864 rows.");
  small = {ADDERSR_GRAY, 4, 1, {At(std::numeric_limits<uintptr_t>::max() - 1)}, {4}};
  large = {ADDERSR_GRAY, 4, 1, {At(1000)}, {4}};
  EXPECT_EQ(Check(1),
            "Expected plane 0 of the input frame to fit into memory, got 4 bytes for each of 1 "
            "rows.");
}

TEST_F(CheckFramesTest, NullPlanes) {
  small.planes[2] = nullptr;
  EXPECT_EQ(Check(), "Expected memory for plane 2 of the input frame, got null.");
  small.planes[2] = At(3000);
  large.planes[0] = nullptr;
  EXPECT_EQ(Check(), "Expected memory for plane 0 of the output frame, got null.");
}

TEST_F(CheckFramesTest, Strides) {
  for (const ptrdiff_t wrong :
       {ptrdiff_t{2}, ptrdiff_t{0}, ptrdiff_t{-3}, std::numeric_limits<ptrdiff_t>::min()}) {
    small.strides[1] = wrong;
    EXPECT_EQ(Check(),
              "Expected a stride of at least 3 bytes for plane 1 of the input frame, whose rows "
              "have so many, got " +
                  std::to_string(wrong) + ".");
  }
}

TEST_F(CheckFramesTest, OverlappingFrames) {
  large.planes[1] = At(1014);  // the last byte of the input's luma
  EXPECT_EQ(Check(),
            "Expected an output frame with memory of its own, but its plane 1 overlaps plane 0 of "
            "the input.");
  large.planes[1] = At(1015);
  EXPECT_EQ(Check(), "");
  large.planes[1] = At(1000 - 15);
  EXPECT_EQ(Check(), "");
  large.planes[1] = At(1000 - 14);
  EXPECT_NE(Check(), "");
}

// Two parts of one picture: before and after.
TEST_F(CheckFramesTest, SideBySide) {
  small = {ADDERSR_GRAY, 5, 3, {At(1000)}, {15}};
  large = {ADDERSR_GRAY, 10, 6, {At(1005)}, {15}};
  EXPECT_EQ(Check(), "");
  std::swap(small.planes[0], large.planes[0]);
  small.planes[0] = At(1010);
  EXPECT_EQ(Check(), "");
  for (const uintptr_t wrong : {1009, 1011, 1000}) {
    small.planes[0] = At(wrong);
    EXPECT_NE(Check(), "") << wrong;
  }
  small.planes[0] = At(1010);
  small.strides[0] = 16;
  EXPECT_NE(Check(), "") << "of another stride";
}

}  // namespace
}  // namespace addersr::test
