#include "views.h"

#include <addersr.hpp>
#include <array>
#include <limits>
#include <type_traits>

namespace {

using addersr::ConstFrameView;
using addersr::Format;
using addersr::Frame;
using addersr::FrameView;

static_assert(std::is_convertible_v<FrameView, ConstFrameView>);
static_assert(!std::is_convertible_v<ConstFrameView, FrameView>);
static_assert(std::is_convertible_v<const Frame&, ConstFrameView>);
static_assert(!std::is_convertible_v<const Frame&, FrameView>);
static_assert(!std::is_convertible_v<Frame&&, FrameView>, "it would dangle");

template <typename Body>
addersr_status StatusOf(const Body& body) {
  try {
    body();
  } catch (const addersr::Error& error) {
    EXPECT(std::string(error.what()).size() > 10);
    return error.status();
  }
  return ADDERSR_OK;
}

void TestPlanes() {
  struct Case {
    Format format;
    size_t bytes;
    std::array<ptrdiff_t, 3> begins, strides;
  };
  // 5x3 pixels: chroma has 3x2 samples.
  const Case cases[] = {
      {Format::kRgb, 45, {0, 45, 45}, {15, 0, 0}},  {Format::kBgr, 45, {0, 45, 45}, {15, 0, 0}},
      {Format::kRgba, 60, {0, 60, 60}, {20, 0, 0}}, {Format::kGray, 15, {0, 15, 15}, {5, 0, 0}},
      {Format::kNv12, 27, {0, 15, 27}, {5, 6, 0}},  {Format::kI420, 27, {0, 15, 21}, {5, 3, 3}}};
  for (const Case& one : cases) {
    Frame frame(one.format, 5, 3);
    EXPECT(frame.bytes() == one.bytes);
    const ConstFrameView view = frame;
    EXPECT(view.format() == one.format && view.width() == 5 && view.height() == 3);
    for (int plane = 0; plane < 3; ++plane) {
      EXPECT(view.plane(plane) - frame.data() == one.begins[static_cast<size_t>(plane)]);
      EXPECT(view.stride(plane) == one.strides[static_cast<size_t>(plane)]);
      EXPECT(view.c().planes[plane] == view.plane(plane));
    }
  }
}

void TestMemoryIsKept() {
  Frame frame(Format::kRgb, 8, 8);
  const uint8_t* const before = frame.data();
  frame.Reset(Format::kGray, 4, 4);
  EXPECT(frame.bytes() == 16 && frame.data() == before);
  const Frame copy = frame;
  EXPECT(ConstFrameView(copy).plane(0) == copy.data() && copy.data() != frame.data());
}

void TestImpossibleSizes() {
  constexpr int32_t kMost = std::numeric_limits<int32_t>::max();
  Frame frame(Format::kGray, 2, 2);
  for (const int32_t side : {0, -1, -kMost}) {
    EXPECT(StatusOf([&] { frame.Reset(Format::kRgb, side, 1); }) == ADDERSR_INVALID_ARGUMENT);
    EXPECT(StatusOf([&] { frame.Reset(Format::kRgb, 1, side); }) == ADDERSR_INVALID_ARGUMENT);
  }
  EXPECT(StatusOf([&] { frame.Reset(Format::kRgba, kMost, kMost); }) == ADDERSR_OUT_OF_MEMORY);
  EXPECT(frame.format() == Format::kGray && frame.width() == 2 && frame.bytes() == 4);
}

}  // namespace

void TestFramesAndViews() {
  TestPlanes();
  TestMemoryIsKept();
  TestImpossibleSizes();
}
