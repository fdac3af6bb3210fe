// Between the caller's frames and a network's tensors: README.md says what every pixel becomes.
//
// A call on a frame is: CheckFrames once; then for every tile all items of ReadItem, the network,
// all items of WriteItem. Nothing depends on how a frame is cut into tiles.
//
// Contract of the items: the caller runs [0, count) in any order and on any threads. They allocate
// nothing, throw nothing, read the input's planes only, and write only what the header says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "runtime/embedding/include/addersr.h"

namespace addersr::embedding {

// What a network takes and gives. H and W are those of a tile, and `scale` times as much.
enum class NetworkKind {
  kLuma,     // float32 [1, 1, H, W], luma / 255
  kRgb,      // float32 [1, 3, H, W], R, G, B / 255
  kPicture,  // uint8 [1, H, W, 3], R, G, B
};

constexpr int kMostScale = 8;

// In pixels of the input frame.
struct Region {
  int32_t left, top, width, height;
};

// Empty, or the sentence that says what is wrong with two frames between which `scale` (1 to
// kMostScale) lies.
std::string CheckFrames(const addersr_frame* input, const addersr_frame* output, int scale);

// How many pixels a tile's `source` must reach beyond its `inside`, where the frame does, so that
// tiles give the pixels of the whole frame. `halo` is the network's.
int32_t Margin(int32_t format, NetworkKind kind, int32_t halo);

// Bytes, aligned to 64, that the items of a tile share, whose source is of this size or smaller.
size_t ScratchBytes(int32_t format, NetworkKind kind, int scale, int32_t width, int32_t height);

// One tile of two frames that passed CheckFrames.
struct TileJob {
  const addersr_frame* input;
  const addersr_frame* output;
  NetworkKind kind;
  int scale;
  Region source;               // what the network sees, inside the frame
  Region inside;               // what the tile is responsible for, inside `source`
  void* network_input;         // of source's size
  const void* network_output;  // of `scale` times that
  void* scratch;               // ScratchBytes of source's size
};

// Fill network_input.
int ReadItems(const TileJob& job);
void ReadItem(const TileJob& job, int item) noexcept;

// Write `scale` times `inside` to the output. All of the output is written by tiles whose insides
// are all of the input.
int WriteItems(const TileJob& job);
void WriteItem(const TileJob& job, int item) noexcept;

}  // namespace addersr::embedding
