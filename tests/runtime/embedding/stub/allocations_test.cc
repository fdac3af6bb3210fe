// After the first frame of a size and format the library allocates nothing.
#include <cstdlib>
#include <new>
#include <thread>

#include "embedding_harness.h"
#include "meeting.h"
#include "memory.h"

namespace addersr::test {
namespace {

TEST(StubAllocationsTest, TheyAreCounted) {
  // Volatile: compilers may leave out what is freed at once.
  void* volatile memory = nullptr;
  const int64_t before = AllocationsOfAll();
  memory = std::malloc(1);
  std::free(memory);
  EXPECT_EQ(AllocationsOfAll(), before + 1);
  memory = ::operator new(1);
  ::operator delete(memory);
  EXPECT_EQ(AllocationsOfAll(), before + 2);
  memory = std::aligned_alloc(64, 64);
  std::free(memory);
  EXPECT_EQ(AllocationsOfAll(), before + 3);
}

TEST(StubAllocationsTest, NoneAfterTheFirstFrame) {
  for (const Kind& kind : kNetworks) {
    for (const int32_t tile : {0, 16}) {
      const StubEngine engine(kind, 2, 1, 3, tile);
      for (const int32_t format : kFormats) {
        const StubFrames frames(kind, format, 2, 45, 67, 1);
        for (int frame = 0; frame < 4; ++frame) {
          const int64_t before = AllocationsOfAll();
          ASSERT_EQ(addersr_upscale(engine.get(), frames.input(), frames.output(), nullptr),
                    ADDERSR_OK);
          EXPECT_TRUE(frame == 0 || AllocationsOfAll() == before) << "format " << format;
        }
      }
    }
  }
}

TEST(StubAllocationsTest, TheFirstFrameOfALargerSizeShows) {
  const StubEngine engine(kNetworks[0], 2, 1, 1, 0);
  const StubFrames small(kNetworks[0], ADDERSR_RGB, 2, 9, 9, 1);
  const StubFrames large(kNetworks[0], ADDERSR_RGB, 2, 99, 99, 1);
  ASSERT_EQ(addersr_upscale(engine.get(), small.input(), small.output(), nullptr), ADDERSR_OK);
  const int64_t before = AllocationsOfAll();
  ASSERT_EQ(addersr_upscale(engine.get(), large.input(), large.output(), nullptr), ADDERSR_OK);
  EXPECT_GT(AllocationsOfAll(), before);
}

TEST(StubAllocationsTest, NoneOnTwoThreadsOnceBothWereInside) {
  const StubEngine engine(kNetworks[0], 2, 1, 2, 16);
  const StubFrames one(kNetworks[0], ADDERSR_RGB, 2, 45, 67, 1);
  const StubFrames two(kNetworks[0], ADDERSR_RGB, 2, 45, 67, 2);
  const auto run = [&](const StubFrames& frames, int count) {
    for (int i = 0; i < count; ++i) {
      EXPECT_EQ(addersr_upscale(engine.get(), frames.input(), frames.output(), nullptr),
                ADDERSR_OK);
    }
  };
  Meeting meeting(2);
  StubSetOnRun([](void* data) { static_cast<Meeting*>(data)->Arrive(); }, &meeting);
  std::thread first([&] { run(two, 1); });
  run(one, 1);
  first.join();
  StubSetOnRun(nullptr, nullptr);

  Meeting start(2), end(2);
  std::thread second([&] {
    start.Arrive();
    run(two, 50);
    end.Arrive();
  });
  start.Arrive();
  const int64_t before = AllocationsOfAll();
  run(one, 50);
  end.Arrive();
  EXPECT_EQ(AllocationsOfAll(), before);
  second.join();
  EXPECT_TRUE(one.IsRight());
  EXPECT_TRUE(two.IsRight());
}

}  // namespace
}  // namespace addersr::test
