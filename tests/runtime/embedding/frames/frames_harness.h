// The only place of these tests that runs items: every plane and tensor is exactly as large as the
// contract says and lies at a guard page.
#pragma once

#include <memory>

#include "frames_reference.h"
#include "tests/custom_ops/cpp/guarded_buffer.h"

namespace addersr::test {

// A picture in guarded memory, `gap` bytes between its rows.
class GuardedFrame {
 public:
  // `missing`: bytes that the first plane lacks, to show that the guard pages notice.
  GuardedFrame(const Picture& picture, Side side, int64_t gap, size_t missing = 0);

  const addersr_frame& frame() const { return frame_; }
  // What lies in it now, without the gaps.
  Picture Contents() const;
  // Whether the bytes between the rows are as they were.
  bool GapsAreUntouched() const;

 private:
  int64_t gap_;
  addersr_frame frame_;
  std::unique_ptr<GuardedBuffer<uint8_t>> planes_[3];
};

// What a network would have made of a frame: floats around 0…1 with rare ones, or bytes.
Tensor RandomOutput(NetworkKind kind, int64_t width, int64_t height, uint32_t seed);

struct FramesProblem {
  FramesProblem(int32_t format, NetworkKind kind, int scale, int32_t width, int32_t height,
                uint32_t seed);

  // Runs all items of all tiles of at most `tile` pixels, and expects what is right. The network's
  // output is wrong where the halo of a tile is too small.
  void Check(int32_t tile, int32_t halo, Side side, int64_t gap) const;

  Picture small, empty;
  NetworkKind kind;
  int scale;
  Tensor true_input, output;
  Picture true_large;
};

}  // namespace addersr::test
