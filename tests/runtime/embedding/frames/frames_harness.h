// The only place of these tests that runs items: every plane and tensor is exactly as large as the
// contract says and lies at a guard page.
#pragma once

#include "frames_reference.h"
#include "guarded_frame.h"

namespace addersr::test {

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
