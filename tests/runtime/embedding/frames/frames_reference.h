// What becomes of every pixel of a frame (runtime/embedding/frames/README.md), pixel by pixel and
// for whole frames.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/embedding/frames/frames.h"

namespace addersr::test {

using embedding::NetworkKind;

// A frame without gaps between its rows.
struct Picture {
  int32_t format, width, height;
  std::vector<uint8_t> planes[3];  // those of the format
};

// Sizes of a plane, in bytes and rows; 0 for one that the format does not have.
struct PlaneSize {
  int64_t row, rows;
};
PlaneSize SizeOfPlane(int32_t format, int32_t width, int32_t height, int plane);

Picture RandomPicture(int32_t format, int32_t width, int32_t height, uint32_t seed);

// Values of a network's tensor: float32 or uint8.
struct Tensor {
  std::vector<float> floats;
  std::vector<uint8_t> bytes;

  friend bool operator==(const Tensor& a, const Tensor& b);
};

Tensor ReferenceInput(const Picture& picture, NetworkKind kind);
Picture ReferenceOutput(const Picture& picture, NetworkKind kind, int scale, const Tensor& output);

}  // namespace addersr::test
