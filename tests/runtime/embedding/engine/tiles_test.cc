#include "runtime/embedding/tiles.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "runtime/embedding/error.h"

namespace addersr::embedding {
namespace {

ModelInfo Model(double bytes_per_pixel = 100) {
  ModelInfo info;
  info.kind = "adder";
  info.scale = 2;
  info.halo = 6;
  info.bytes_per_pixel = bytes_per_pixel;
  return info;
}

bool Contains(const Region& outer, const Region& inner) {
  return outer.left <= inner.left && outer.top <= inner.top &&
         inner.left + inner.width <= outer.left + outer.width &&
         inner.top + inner.height <= outer.top + outer.height;
}

void CheckGrid(const Grid& grid) {
  std::vector<int> covered(static_cast<size_t>(grid.width) * static_cast<size_t>(grid.height));
  const Region frame{0, 0, grid.width, grid.height};
  for (int64_t tile = 0; tile < grid.count(); ++tile) {
    const Region inside = grid.Inside(tile), source = grid.Source(tile);
    ASSERT_TRUE(Contains(frame, source) && Contains(source, inside));
    ASSERT_TRUE(inside.width >= 1 && inside.height >= 1);
    ASSERT_EQ(source.width, grid.source_width());
    ASSERT_EQ(source.height, grid.source_height());
    // The margin is there, but where the frame ends.
    ASSERT_TRUE(source.left == 0 || source.left <= inside.left - grid.margin);
    ASSERT_TRUE(source.top == 0 || source.top <= inside.top - grid.margin);
    const int32_t right = source.left + source.width, bottom = source.top + source.height;
    ASSERT_TRUE(right == grid.width || right >= inside.left + inside.width + grid.margin);
    ASSERT_TRUE(bottom == grid.height || bottom >= inside.top + inside.height + grid.margin);
    for (int32_t y = inside.top; y < inside.top + inside.height; ++y) {
      for (int32_t x = inside.left; x < inside.left + inside.width; ++x) {
        ++covered[static_cast<size_t>(y) * static_cast<size_t>(grid.width) +
                  static_cast<size_t>(x)];
      }
    }
  }
  for (const int times : covered) ASSERT_EQ(times, 1);
}

TEST(Tiles, CoverEveryPixelOnce) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    const auto width = static_cast<int32_t>(1 + random() % 70);
    const auto height = static_cast<int32_t>(1 + random() % 70);
    const auto tile = static_cast<int32_t>(1 + random() % 80);
    const Grid grid = PlanTiles(Model(), ADDERSR_RGB, width, height, tile, 0);
    EXPECT_LE(grid.tile_width, tile);
    EXPECT_LE(grid.tile_height, tile);
    EXPECT_EQ(grid.columns(), (width + tile - 1) / tile);
    CheckGrid(grid);
  }
}

TEST(Tiles, AreTheWholeFrameUnlessAskedForOtherwise) {
  EXPECT_EQ(PlanTiles(Model(), ADDERSR_RGB, 641, 361, 0, 0).count(), 1);
  EXPECT_EQ(PlanTiles(Model(), ADDERSR_RGB, 641, 361, 0, uint64_t{1} << 40).count(), 1);
}

TEST(Tiles, AreAsLargeAsTheLimitAllows) {
  const ModelInfo model = Model();
  for (const uint64_t limit : {uint64_t{5} << 20, uint64_t{20} << 20, uint64_t{100} << 20}) {
    const Grid grid = PlanTiles(model, ADDERSR_RGB, 3840, 2160, 0, limit);
    const uint64_t bytes = TileBytes(model, ADDERSR_RGB, grid.source_width(), grid.source_height());
    EXPECT_LE(bytes, limit);
    // Tiles that are only a little larger would not fit.
    EXPECT_GT(
        TileBytes(model, ADDERSR_RGB, grid.source_width() * 5 / 4, grid.source_height() * 5 / 4),
        limit);
    CheckGrid(grid);
  }
  const Grid both = PlanTiles(model, ADDERSR_RGB, 3840, 2160, 100, uint64_t{1} << 30);
  EXPECT_LE(both.tile_width, 100);
}

TEST(Tiles, RefuseALimitThatIsTooSmall) {
  try {
    PlanTiles(Model(), ADDERSR_RGB, 640, 360, 0, 1000);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), ADDERSR_OUT_OF_MEMORY);
    EXPECT_NE(std::string(error.what()).find("a tile of one pixel needs, got 1000"),
              std::string::npos)
        << error.what();
  }
}

TEST(Tiles, RefuseWhatNoMachineHas) {
  for (const int32_t side : {1 << 20, INT32_MAX}) {
    try {
      PlanTiles(Model(), ADDERSR_RGBA, side, side, 0, 0);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), ADDERSR_OUT_OF_MEMORY);
    }
  }
  // With tiles it could be done, though not in one call.
  try {
    PlanTiles(Model(), ADDERSR_RGBA, INT32_MAX, INT32_MAX, 1, 0);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), ADDERSR_INVALID_ARGUMENT);
  }
}

TEST(Tiles, TakeMoreMemoryThanTheirTensors) {
  const ModelInfo model = Model(196);
  const uint64_t bytes = TileBytes(model, ADDERSR_RGB, 640, 360);
  EXPECT_GT(bytes, 640u * 360 * 196);
  EXPECT_LT(bytes, 640u * 360 * 196 * 3);
  EXPECT_EQ(TileBytes(model, ADDERSR_RGB, INT32_MAX, INT32_MAX), UINT64_MAX);
}

}  // namespace
}  // namespace addersr::embedding
