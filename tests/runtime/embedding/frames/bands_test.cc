// How a tile is cut into items.
#include "runtime/embedding/frames/bands.h"

#include <gtest/gtest.h>

#include <random>

namespace addersr::test {
namespace {

using embedding::Band;
using embedding::Bands;
using embedding::Region;

TEST(BandsTest, CoverARegionOnceWithItemsThatHaveScratch) {
  std::mt19937 random(1);
  const auto uniform = [&](int32_t least, int32_t most) {
    return std::uniform_int_distribution<int32_t>(least, most)(random);
  };
  for (int i = 0; i < 20000; ++i) {
    // Of all magnitudes.
    const int32_t most_width = 1 << uniform(0, 14), most_height = 1 << uniform(0, 30);
    const int32_t width = uniform(1, most_width), height = uniform(1, most_height);
    const Region region{0, uniform(0, 1000), width, height};
    const Bands bands(region);
    ASSERT_GE(bands.count(), 1);
    // Scratch memory is that of the largest tile.
    ASSERT_LE(bands.count(), Bands::MostItems(most_width, most_height))
        << width << "x" << height << " in " << most_width << "x" << most_height;
    int32_t next = region.top;
    for (int item = 0; item < bands.count(); ++item) {
      const Band band = bands[item];
      ASSERT_EQ(band.first, next);
      ASSERT_GT(band.end, band.first);
      next = band.end;
    }
    ASSERT_EQ(next, region.top + height);
  }
}

TEST(BandsTest, LargeTilesHaveAsManyItemsAsThereAreAtMost) {
  EXPECT_EQ(Bands({0, 0, 1000, 100000}).count(), Bands::MostItems(1000, 100000));
  EXPECT_GT(Bands({0, 0, 640, 360}).count(), 8);
  EXPECT_EQ(Bands({0, 0, 8, 8}).count(), 1);
}

}  // namespace
}  // namespace addersr::test
