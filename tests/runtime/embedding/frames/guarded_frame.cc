#include "guarded_frame.h"

#include <algorithm>
#include <cstring>

namespace addersr::test {

GuardedFrame::GuardedFrame(const Picture& picture, Side side, int64_t gap, size_t missing)
    : gap_(gap), frame_{picture.format, picture.width, picture.height, {}, {}} {
  for (int p = 0; p < 3; ++p) {
    const PlaneSize size = SizeOfPlane(picture.format, picture.width, picture.height, p);
    if (size.rows == 0) continue;
    const auto row = static_cast<size_t>(size.row), stride = row + static_cast<size_t>(gap);
    const size_t bytes = stride * static_cast<size_t>(size.rows - 1) + row;
    planes_[p] = std::make_unique<GuardedBuffer<uint8_t>>(bytes - (p == 0 ? missing : 0), side);
    uint8_t* const data = planes_[p]->data();
    for (size_t y = 0; y < static_cast<size_t>(size.rows) && !picture.planes[p].empty(); ++y) {
      const size_t left = planes_[p]->size() - y * stride;
      std::memcpy(data + y * stride, &picture.planes[p][y * row], std::min(row, left));
    }
    frame_.planes[p] = data;
    frame_.strides[p] = static_cast<ptrdiff_t>(stride);
  }
}

Picture GuardedFrame::Contents() const {
  Picture picture{frame_.format, frame_.width, frame_.height, {}};
  for (int p = 0; p < 3; ++p) {
    const PlaneSize size = SizeOfPlane(frame_.format, frame_.width, frame_.height, p);
    for (int64_t y = 0; y < size.rows; ++y) {
      const uint8_t* const row = frame_.planes[p] + y * frame_.strides[p];
      picture.planes[p].insert(picture.planes[p].end(), row, row + size.row);
    }
  }
  return picture;
}

bool GuardedFrame::GapsAreUntouched() const {
  for (int p = 0; p < 3; ++p) {
    const PlaneSize size = SizeOfPlane(frame_.format, frame_.width, frame_.height, p);
    for (int64_t y = 0; y + 1 < size.rows; ++y) {
      const uint8_t* const gap = frame_.planes[p] + y * frame_.strides[p] + size.row;
      if (!std::all_of(gap, gap + gap_, [](uint8_t value) { return value == 0xff; })) return false;
    }
  }
  return true;
}

}  // namespace addersr::test
