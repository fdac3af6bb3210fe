// Cutting a frame into tiles that overlap enough to give the pixels of the whole frame, and how
// much memory that takes.
#pragma once

#include <cstdint>

#include "runtime/embedding/frames/frames.h"
#include "runtime/embedding/model_info.h"

namespace addersr::embedding {

// Tiles of equal size but for the last of each row and column. All see sources of one size, shifted
// into the frame at its edges, where the network pads as it does for the whole frame: other sizes
// would leave onnxruntime's arena in pieces, and memory would grow from tile to tile.
struct Grid {
  int32_t width, height;            // of the frame
  int32_t tile_width, tile_height;  // what a tile is responsible for
  int32_t margin;                   // what it sees around that at least, where the frame does

  int64_t columns() const { return (int64_t{width} + tile_width - 1) / tile_width; }
  int64_t rows() const { return (int64_t{height} + tile_height - 1) / tile_height; }
  int64_t count() const { return columns() * rows(); }
  int32_t source_width() const;
  int32_t source_height() const;

  Region Inside(int64_t tile) const;
  Region Source(int64_t tile) const;
};

// Estimated bytes of a call whose tiles see up to this size, beside the frames and the model: the
// network's tensors, as onnxruntime keeps them, and our buffers. UINT64_MAX where that is too
// little.
uint64_t TileBytes(const ModelInfo& info, int32_t format, int32_t width, int32_t height);

// The tiles of a frame: of at most `tile` x `tile` pixels (0: the whole frame), or smaller, so that
// TileBytes is at most `limit` (0: no limit).
// Throws Error (ADDERSR_OUT_OF_MEMORY): one pixel does not fit the limit, or more bytes are needed
// than this machine has. (ADDERSR_INVALID_ARGUMENT): more tiles than INT32_MAX.
Grid PlanTiles(const ModelInfo& info, int32_t format, int32_t width, int32_t height, int32_t tile,
               uint64_t limit);

}  // namespace addersr::embedding
