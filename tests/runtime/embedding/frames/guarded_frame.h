// Frames of which every plane is exactly as large as the contract says and lies at a guard page.
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

}  // namespace addersr::test
