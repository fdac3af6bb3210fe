#include "runtime/embedding/tiles.h"

#include <algorithm>
#include <string>

#include "runtime/embedding/error.h"
#include "runtime/embedding/machine_memory.h"
#include "runtime/embedding/session.h"

namespace addersr::embedding {
namespace {

// What onnxruntime takes for a byte of tensors, which its arena does not lay side by side. Its
// float32 convolutions round channels up to blocks of 16, and turn tensors into these and back.
// Measured for the models of the zoo, at 640x360 and 1280x720: 1.05 (integers), 1.33 (adders), 2.7
// (the twin).
constexpr double kAdders = 2;
constexpr double kConvolutions = 3;
// Ours and onnxruntime's small objects, the threads' scratch memory.
constexpr double kFixedBytes = 4 << 20;
// Beyond this no estimate is below any limit.
constexpr double kMostPixels = double{1ull << 40};

std::string Size(int32_t width, int32_t height) {
  return std::to_string(width) + "x" + std::to_string(height);
}

int32_t Ceiling(int32_t number, int64_t parts) {
  return static_cast<int32_t>((number + parts - 1) / parts);
}

// Tiles of at most `side` pixels, as equal as they can be.
Grid Cut(int32_t width, int32_t height, int32_t side, int32_t margin) {
  Grid grid{width, height, std::min(side, width), std::min(side, height), margin};
  grid.tile_width = Ceiling(width, grid.columns());
  grid.tile_height = Ceiling(height, grid.rows());
  return grid;
}

}  // namespace

int32_t Grid::source_width() const {
  return static_cast<int32_t>(std::min<int64_t>(int64_t{tile_width} + 2 * int64_t{margin}, width));
}

int32_t Grid::source_height() const {
  return static_cast<int32_t>(
      std::min<int64_t>(int64_t{tile_height} + 2 * int64_t{margin}, height));
}

Region Grid::Inside(int64_t tile) const {
  const auto left = static_cast<int32_t>(tile % columns() * tile_width);
  const auto top = static_cast<int32_t>(tile / columns() * tile_height);
  return {left, top, std::min(tile_width, width - left), std::min(tile_height, height - top)};
}

Region Grid::Source(int64_t tile) const {
  const Region inside = Inside(tile);
  const int32_t source_w = source_width(), source_h = source_height();
  return {std::clamp(inside.left - margin, 0, width - source_w),
          std::clamp(inside.top - margin, 0, height - source_h), source_w, source_h};
}

uint64_t TileBytes(const ModelInfo& info, int32_t format, int32_t width, int32_t height) {
  const double pixels = static_cast<double>(width) * height;
  if (pixels > kMostPixels) return UINT64_MAX;
  const double ours =
      static_cast<double>(InputBytes(info.network, width, height)) +
      static_cast<double>(OutputBytes(info.network, info.scale, width, height)) +
      static_cast<double>(ScratchBytes(format, info.network, info.scale, width, height));
  const double arena = info.kind == "cnn" ? kConvolutions : kAdders;
  const double bytes = kFixedBytes + ours + arena * info.bytes_per_pixel * pixels;
  return bytes < 1e18 ? static_cast<uint64_t>(bytes) : UINT64_MAX;
}

Grid PlanTiles(const ModelInfo& info, int32_t format, int32_t width, int32_t height, int32_t tile,
               uint64_t limit) {
  const int32_t margin = Margin(format, info.network, info.halo);
  const auto bytes_of = [&](int32_t side) {
    const Grid grid = Cut(width, height, side, margin);
    return TileBytes(info, format, grid.source_width(), grid.source_height());
  };
  int32_t side = std::min(tile == 0 ? INT32_MAX : tile, std::max(width, height));
  if (limit > 0 && bytes_of(side) > limit) {
    int32_t fits = 1, too_large = side;
    if (bytes_of(fits) > limit) {
      throw Error(ADDERSR_OUT_OF_MEMORY, "Expected a memory_limit of at least " +
                                             std::to_string(bytes_of(fits)) +
                                             " bytes, which a tile of one pixel needs, got " +
                                             std::to_string(limit) + ".");
    }
    while (too_large - fits > 1) {
      const int32_t middle = fits + (too_large - fits) / 2;
      (bytes_of(middle) <= limit ? fits : too_large) = middle;
    }
    side = fits;
  }
  const Grid grid = Cut(width, height, side, margin);
  const uint64_t bytes = TileBytes(info, format, grid.source_width(), grid.source_height());
  if (bytes > MachineBytes()) {
    throw Error(ADDERSR_OUT_OF_MEMORY,
                "A frame of " + Size(width, height) + " pixels in tiles of " +
                    Size(grid.tile_width, grid.tile_height) + " needs about " +
                    std::to_string(bytes >> 20) + " MiB, more than the " +
                    std::to_string(MachineBytes() >> 20) +
                    " MiB of this machine. Set a smaller tile, or "
                    "memory_limit, when opening.");
  }
  if (grid.count() > INT32_MAX) {
    throw Error(ADDERSR_INVALID_ARGUMENT,
                "Expected tiles that cut a frame into " + std::to_string(INT32_MAX) +
                    " at most, got tiles of " + Size(grid.tile_width, grid.tile_height) +
                    " for a frame of " + Size(width, height) + ". Set a larger tile when opening.");
  }
  return grid;
}

}  // namespace addersr::embedding
