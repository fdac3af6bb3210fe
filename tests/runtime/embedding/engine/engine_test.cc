// Real models in a real onnxruntime.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "models.h"

namespace addersr::test {
namespace {

constexpr int32_t kFormats[] = {ADDERSR_RGB,  ADDERSR_BGR,  ADDERSR_RGBA,
                                ADDERSR_GRAY, ADDERSR_NV12, ADDERSR_I420};

addersr_status Upscale(const EnginePointer& engine, const Picture& small, const Picture& large,
                       const addersr_call* call = nullptr) {
  return addersr_upscale(engine.get(), &small.frame(), &large.frame(), call);
}

class Engines : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { ADDERSR_NEEDS_ONNXRUNTIME(); }
};

TEST_P(Engines, SayWhatTheyAre) {
  const EnginePointer engine = OpenZoo(GetParam());
  addersr_info info{};
  info.size = sizeof(info);
  ASSERT_EQ(addersr_get_info(engine.get(), &info), ADDERSR_OK);
  const bool adder = GetParam() != "tiny-x2-cnn", integers = GetParam() == "tiny-x2-adder-u8";
  EXPECT_EQ(info.scale, 2);
  EXPECT_EQ(info.halo, 6);
  EXPECT_STREQ(info.architecture, "mobile");
  EXPECT_STREQ(info.kind, adder ? "adder" : "cnn");
  EXPECT_STREQ(info.colour, "y");
  EXPECT_STREQ(info.precision, integers ? "u8" : "fp32");
  EXPECT_STREQ(info.version, "0.1.0");
  EXPECT_EQ(std::string(info.runtime).substr(0, 2), "1.");
  EXPECT_EQ(std::strlen(info.kernel) > 0, adder);
}

// Every format, odd sizes, tiles smaller than the halo too: the same pixels, bit for bit.
TEST_P(Engines, GiveTheSamePixelsInTiles) {
  const EnginePointer whole = OpenZoo(GetParam());
  for (const int32_t format : kFormats) {
    Picture small(format, 67, 43);
    small.Fill(static_cast<uint32_t>(format));
    const Picture expected(format, 134, 86);
    ASSERT_EQ(Upscale(whole, small, expected), ADDERSR_OK) << addersr_last_error();
    // Under a sanitizer everything takes twenty times as long.
    const std::vector<int> tiles = kSanitized ? std::vector{16} : std::vector{5, 16, 33, 66};
    for (const int tile : tiles) {
      const EnginePointer tiled = OpenZoo(GetParam(), 1 + tile % 2, tile);
      const Picture large(format, 134, 86);
      ASSERT_EQ(Upscale(tiled, small, large), ADDERSR_OK) << addersr_last_error();
      EXPECT_TRUE(large == expected) << "format " << format << ", tile " << tile;
    }
  }
}

TEST_P(Engines, ChangeWithTheirInput) {
  const EnginePointer engine = OpenZoo(GetParam());
  Picture small(ADDERSR_RGB, 20, 10);
  small.Fill(1);
  const Picture first(ADDERSR_RGB, 40, 20), second(ADDERSR_RGB, 40, 20);
  ASSERT_EQ(Upscale(engine, small, first), ADDERSR_OK);
  small.Fill(2);
  ASSERT_EQ(Upscale(engine, small, second), ADDERSR_OK);
  EXPECT_FALSE(first == second);
}

TEST_P(Engines, ServeSeveralThreadsAtOnce) {
  const EnginePointer engine = OpenZoo(GetParam(), 2, 24);
  constexpr int kThreads = 3;
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int number = 0; number < kThreads; ++number) {
    threads.emplace_back([&, number] {
      const int32_t format = kFormats[number], width = 41 + 9 * number, height = 30;
      Picture small(format, width, height);
      small.Fill(static_cast<uint32_t>(number));
      const Picture expected(format, 2 * width, 2 * height);
      const EnginePointer own = OpenZoo(GetParam());
      wrong += Upscale(own, small, expected) != ADDERSR_OK;
      for (int round = 0; round < 8; ++round) {
        const Picture large(format, 2 * width, 2 * height);
        wrong += Upscale(engine, small, large) != ADDERSR_OK || !(large == expected);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

INSTANTIATE_TEST_SUITE_P(Zoo, Engines, testing::ValuesIn(ZooNames()), [](const auto& name) {
  std::string words = name.param;
  for (char& c : words) c = c == '-' ? '_' : c;
  return words;
});

TEST(Engine, TakesTheSameModelFromMemory) {
  ADDERSR_NEEDS_ONNXRUNTIME();
  Picture small(ADDERSR_RGBA, 17, 9);
  small.Fill(3);
  const Picture expected(ADDERSR_RGBA, 34, 18), large(ADDERSR_RGBA, 34, 18);
  ASSERT_EQ(Upscale(OpenZoo("tiny-x2-adder"), small, expected), ADDERSR_OK);
  std::string bytes = ReadZoo("tiny-x2-adder");
  addersr_engine* opened = nullptr;
  ASSERT_EQ(addersr_open_memory(bytes.data(), bytes.size(), nullptr, &opened), ADDERSR_OK)
      << addersr_last_error();
  const EnginePointer engine(opened);
  std::fill(bytes.begin(), bytes.end(), '\0');
  ASSERT_EQ(Upscale(engine, small, large), ADDERSR_OK);
  EXPECT_TRUE(large == expected);
}

TEST(Engine, ReportsProgressTileByTile) {
  ADDERSR_NEEDS_ONNXRUNTIME();
  const EnginePointer engine = OpenZoo("tiny-x2-adder-u8", 1, 10);
  const Picture small(ADDERSR_RGB, 25, 15), large(ADDERSR_RGB, 50, 30);
  struct Seen {
    std::vector<int32_t> done;
    int32_t total = 0;
    std::thread::id thread;
  } seen;
  addersr_call call{};
  call.size = sizeof(call);
  call.user = &seen;
  call.progress = [](void* user, int32_t done, int32_t total) {
    auto& into = *static_cast<Seen*>(user);
    into.done.push_back(done);
    into.total = total;
    into.thread = std::this_thread::get_id();
    return 0;
  };
  ASSERT_EQ(Upscale(engine, small, large, &call), ADDERSR_OK);
  EXPECT_EQ(seen.done, (std::vector<int32_t>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(seen.total, 6);
  EXPECT_EQ(seen.thread, std::this_thread::get_id());
}

TEST(Engine, IsCancelledByItsProgressFunction) {
  ADDERSR_NEEDS_ONNXRUNTIME();
  const EnginePointer engine = OpenZoo("tiny-x2-adder-u8", 1, 10);
  const Picture small(ADDERSR_RGB, 25, 15), large(ADDERSR_RGB, 50, 30);
  int32_t last = 0;
  addersr_call call{};
  call.size = sizeof(call);
  call.user = &last;
  call.progress = [](void* user, int32_t done, int32_t) {
    *static_cast<int32_t*>(user) = done;
    return done == 2 ? 1 : 0;
  };
  EXPECT_EQ(Upscale(engine, small, large, &call), ADDERSR_CANCELLED);
  EXPECT_EQ(last, 2);
  EXPECT_STREQ(addersr_last_error(), "The call was cancelled by its progress function.");
  // The next call is not affected.
  EXPECT_EQ(Upscale(engine, small, large), ADDERSR_OK);
}

TEST(Engine, SurvivesAProgressFunctionThatThrows) {
  ADDERSR_NEEDS_ONNXRUNTIME();
  const EnginePointer engine = OpenZoo("tiny-x2-adder-u8", 1, 10);
  const Picture small(ADDERSR_RGB, 25, 15), large(ADDERSR_RGB, 50, 30);
  addersr_call call{};
  call.size = sizeof(call);
  call.progress = [](void*, int32_t, int32_t) -> int { throw std::runtime_error("by intent"); };
  EXPECT_EQ(Upscale(engine, small, large, &call), ADDERSR_FAILED);
  EXPECT_STREQ(addersr_last_error(), "by intent");
  EXPECT_EQ(Upscale(engine, small, large), ADDERSR_OK);
}

TEST(Engine, IsCancelledFromWithinAndFromAnotherThread) {
  ADDERSR_NEEDS_ONNXRUNTIME();
  const EnginePointer engine = OpenZoo("tiny-x2-adder-u8", 1, 10);
  const Picture small(ADDERSR_RGB, 25, 15), large(ADDERSR_RGB, 50, 30);
  addersr_cancel(engine.get());  // nothing runs, so nothing happens
  EXPECT_EQ(Upscale(engine, small, large), ADDERSR_OK);

  addersr_call call{};
  call.size = sizeof(call);
  call.user = engine.get();
  call.progress = [](void* user, int32_t, int32_t) {
    addersr_cancel(static_cast<addersr_engine*>(user));
    return 0;
  };
  EXPECT_EQ(Upscale(engine, small, large, &call), ADDERSR_CANCELLED);
  EXPECT_STREQ(addersr_last_error(), "The call was cancelled by addersr_cancel.");

  // A call of many tiles, which nobody would wait for.
  const EnginePointer slow = OpenZoo("tiny-x2-cnn", 1, 64);
  const Picture frame(ADDERSR_GRAY, 4096, 4096), enlarged(ADDERSR_GRAY, 8192, 8192);
  std::atomic<bool> running{false};
  addersr_call signal{};
  signal.size = sizeof(signal);
  signal.user = &running;
  signal.progress = [](void* user, int32_t, int32_t) {
    *static_cast<std::atomic<bool>*>(user) = true;
    return 0;
  };
  std::thread canceller([&] {
    while (!running) std::this_thread::yield();
    addersr_cancel(slow.get());
  });
  EXPECT_EQ(Upscale(slow, frame, enlarged, &signal), ADDERSR_CANCELLED);
  canceller.join();
  EXPECT_EQ(Upscale(engine, small, large), ADDERSR_OK);
}

TEST(Engine, StaysBelowAMemoryLimit) {
  ADDERSR_NEEDS_ONNXRUNTIME();
  Picture small(ADDERSR_NV12, 300, 200);
  small.Fill(5);
  const Picture expected(ADDERSR_NV12, 600, 400), large(ADDERSR_NV12, 600, 400);
  ASSERT_EQ(Upscale(OpenZoo("tiny-x2-adder-u8"), small, expected), ADDERSR_OK);
  const uint64_t limit = uint64_t{6} << 20;
  const EnginePointer engine = OpenZoo("tiny-x2-adder-u8", 2, 0, limit);
  uint64_t bytes = 0;
  int32_t tiles = 0;
  ASSERT_EQ(addersr_memory(engine.get(), ADDERSR_NV12, 300, 200, &bytes, &tiles), ADDERSR_OK);
  EXPECT_LE(bytes, limit);
  EXPECT_GT(tiles, 1);
  ASSERT_EQ(Upscale(engine, small, large), ADDERSR_OK);
  EXPECT_TRUE(large == expected);
  const EnginePointer tight = OpenZoo("tiny-x2-adder-u8", 1, 0, 1000);
  EXPECT_EQ(Upscale(tight, small, large), ADDERSR_OUT_OF_MEMORY);
}

}  // namespace
}  // namespace addersr::test
