// Frames through the whole library, with the stub as the network.
#include "embedding_harness.h"

namespace addersr::test {
namespace {

TEST(StubPixelsTest, EveryFormatWholeAndInTiles) {
  for (const Kind& kind : kNetworks) {
    for (const int scale : {1, 2, 3}) {
      for (const int32_t tile : {0, 1, 7, 64}) {
        const StubEngine engine(kind, scale, 1, 2, tile);
        ASSERT_NE(engine.get(), nullptr);
        for (const int32_t format : kFormats) {
          for (const Side side : kSides) {
            SCOPED_TRACE(testing::Message() << kind.colour << " " << kind.io << ", times " << scale
                                            << ", tile " << tile << ", format " << format);
            const StubFrames frames(kind, format, scale, 19, 11, 1, side);
            ASSERT_EQ(addersr_upscale(engine.get(), frames.input(), frames.output(), nullptr),
                      ADDERSR_OK)
                << addersr_last_error();
            EXPECT_TRUE(frames.IsRight());
          }
        }
      }
    }
  }
}

TEST(StubPixelsTest, ManyItems) {
  for (const Kind& kind : kNetworks) {
    const StubEngine engine(kind, 2, 2, 3, 100);
    const StubFrames frames(kind, ADDERSR_RGBA, 2, 203, 301, 2);
    ASSERT_EQ(addersr_upscale(engine.get(), frames.input(), frames.output(), nullptr), ADDERSR_OK);
    EXPECT_TRUE(frames.IsRight());
  }
}

TEST(StubPixelsTest, TelemetryIsOff) {
  const StubEngine engine(kNetworks[0], 2, 1, 1, 0);
  EXPECT_TRUE(StubTelemetryIsOff());
}

}  // namespace
}  // namespace addersr::test
