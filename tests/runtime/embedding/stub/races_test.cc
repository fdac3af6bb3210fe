// Engines and threads, for ThreadSanitizer: everything of ours but the adder kernels is compiled
// for it, the stub too.
#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

#include "embedding_harness.h"
#include "meeting.h"

// ThreadSanitizer asks for this. The first race ends the program.
extern "C" __attribute__((visibility("default"))) const char* __tsan_default_options() {
  return "halt_on_error=1";
}

namespace addersr::test {
namespace {

// It does not see stores of whole vectors. The library reads this when it first looks for a kernel.
const int forced = setenv("ADDERSR_FORCE_ISA", "portable", /*overwrite=*/1);

// Runs on `count` threads at once.
template <class Run>
void OnThreads(int count, const Run& run) {
  Meeting start(count);
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      start.Arrive();
      run(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

void Upscale(const StubEngine& engine, const StubFrames& frames) {
  EXPECT_EQ(addersr_upscale(engine.get(), frames.input(), frames.output(), nullptr), ADDERSR_OK)
      << addersr_last_error();
  EXPECT_TRUE(frames.IsRight());
}

TEST(StubRacesTest, OneEngineFromSeveralThreads) {
  for (const Kind& kind : kNetworks) {
    const StubEngine engine(kind, 2, 1, 3, 40);
    OnThreads(4, [&](int thread) {
      for (const int32_t format : kFormats) {
        const StubFrames frames(kind, format, 2, 50 + thread, 70, static_cast<uint32_t>(thread));
        Upscale(engine, frames);
      }
    });
  }
}

TEST(StubRacesTest, SeveralEngines) {
  const StubEngine engines[] = {
      {kNetworks[0], 2, 1, 2, 0}, {kNetworks[1], 3, 2, 2, 30}, {kNetworks[2], 1, 0, 1, 0}};
  OnThreads(6, [&](int thread) {
    const int which = thread % 3;
    for (const int32_t format : kFormats) {
      const int scale = which == 2 ? 1 : which + 2;
      const StubFrames frames(kNetworks[which], format, scale, 33, 60,
                              static_cast<uint32_t>(thread));
      Upscale(engines[which], frames);
    }
  });
}

TEST(StubRacesTest, OpeningAndClosing) {
  const std::string bad = StubModel("y", "float", 2, 1).substr(0, 60);
  OnThreads(4, [&](int thread) {
    for (int i = 0; i < 5; ++i) {
      const Kind& kind = kNetworks[(thread + i) % 3];
      const StubEngine engine(kind, 2, 1, 1 + i % 3, 0);
      const StubFrames frames(kind, ADDERSR_RGBA, 2, 20, 40, 1);
      Upscale(engine, frames);
      // Each thread has a last sentence of its own.
      addersr_engine* none = nullptr;
      const addersr_options options = StubOptions(2, 0);
      if (thread % 2 == 0) {
        EXPECT_EQ(addersr_open_memory(bad.data(), bad.size(), &options, &none), ADDERSR_BAD_MODEL);
      } else {
        EXPECT_EQ(addersr_open_memory(nullptr, 5, &options, &none), ADDERSR_INVALID_ARGUMENT);
      }
      EXPECT_EQ(none, nullptr);
      const bool about_null = std::string(addersr_last_error()).find("null") != std::string::npos;
      EXPECT_EQ(about_null, thread % 2 != 0) << addersr_last_error();
    }
  });
}

TEST(StubRacesTest, QuestionsWhileFramesRun) {
  const StubEngine engine(kNetworks[0], 2, 1, 2, 16);
  OnThreads(4, [&](int thread) {
    for (int i = 0; i < 20; ++i) {
      if (thread < 2) {
        const StubFrames frames(kNetworks[0], ADDERSR_BGR, 2, 40, 40 + i % 3, 1);
        Upscale(engine, frames);
        continue;
      }
      addersr_info info{};
      info.size = sizeof info;
      EXPECT_EQ(addersr_get_info(engine.get(), &info), ADDERSR_OK);
      EXPECT_EQ(info.scale, 2);
      uint64_t bytes = 0;
      int32_t tiles = 0;
      EXPECT_EQ(addersr_memory(engine.get(), ADDERSR_RGB, 40, 40, &bytes, &tiles), ADDERSR_OK);
      EXPECT_EQ(tiles, 9);
    }
  });
}

TEST(StubRacesTest, CancelStopsWhatRuns) {
  const StubEngine engine(kNetworks[0], 2, 1, 2, 16);
  // Both calls are inside a run when the third thread cancels, and go on when it has.
  struct Stage {
    Meeting inside{3}, cancelled{3};
  } stage;
  StubSetOnRun(
      [](void* data) {
        static_cast<Stage*>(data)->inside.Arrive();
        static_cast<Stage*>(data)->cancelled.Arrive();
      },
      &stage);
  OnThreads(3, [&](int thread) {
    if (thread == 2) {
      stage.inside.Arrive();
      addersr_cancel(engine.get());
      stage.cancelled.Arrive();
      return;
    }
    const StubFrames frames(kNetworks[0], ADDERSR_I420, 2, 50, 50, 1);
    EXPECT_EQ(addersr_upscale(engine.get(), frames.input(), frames.output(), nullptr),
              ADDERSR_CANCELLED);
    EXPECT_STRNE(addersr_last_error(), "");
  });
  StubSetOnRun(nullptr, nullptr);
  // Calls that begin later are not affected.
  const StubFrames frames(kNetworks[0], ADDERSR_I420, 2, 50, 50, 1);
  Upscale(engine, frames);
}

TEST(StubRacesTest, CancelAtAnyTime) {
  const StubEngine engine(kNetworks[0], 2, 1, 3, 16);
  std::atomic<int> calls{3};
  OnThreads(4, [&](int thread) {
    if (thread == 3) {
      while (calls > 0) addersr_cancel(engine.get());
      return;
    }
    for (int i = 0; i < 20; ++i) {
      const StubFrames frames(kNetworks[0], ADDERSR_RGB, 2, 60, 30, 1);
      const addersr_status status =
          addersr_upscale(engine.get(), frames.input(), frames.output(), nullptr);
      if (status == ADDERSR_OK) {
        EXPECT_TRUE(frames.IsRight());
      } else {
        EXPECT_EQ(status, ADDERSR_CANCELLED) << addersr_last_error();
      }
    }
    --calls;
  });
}

TEST(StubRacesTest, ProgressCancelsItsOwnCallOnly) {
  const StubEngine engine(kNetworks[0], 2, 1, 2, 16);
  OnThreads(4, [&](int thread) {
    struct Progress {
      int calls = 0;
      bool stops;
    } progress{0, thread % 2 == 0};
    addersr_call call{};
    call.size = sizeof call;
    call.user = &progress;
    call.progress = [](void* user, int32_t done, int32_t total) {
      auto* const of = static_cast<Progress*>(user);
      EXPECT_EQ(done, ++of->calls);
      EXPECT_EQ(total, 12);
      return of->stops && done == 3 ? 1 : 0;
    };
    const StubFrames frames(kNetworks[0], ADDERSR_NV12, 2, 64, 48, 1);
    EXPECT_EQ(addersr_upscale(engine.get(), frames.input(), frames.output(), &call),
              progress.stops ? ADDERSR_CANCELLED : ADDERSR_OK);
    EXPECT_EQ(progress.calls, progress.stops ? 3 : 12);
  });
}

// A mistake that must show: two threads write the same rows.
void WriteTwice() {
  const Kind& kind = kNetworks[0];
  const StubFrames frames(kind, ADDERSR_RGB, 2, 8, 8, 1);
  ASSERT_EQ(embedding::CheckFrames(frames.input(), frames.output(), 2), "");
  const std::vector<float> output(16 * 16);
  const size_t bytes = embedding::ScratchBytes(ADDERSR_RGB, kind.network, 2, 8, 8);
  OnThreads(2, [&](int) {
    const GuardedBuffer<char> scratch(bytes, Side::kEnd);
    const embedding::Region all{0, 0, 8, 8};
    embedding::WriteItem({frames.input(), frames.output(), kind.network, 2, all, all, nullptr,
                          output.data(), const_cast<char*>(scratch.data())},
                         0);
  });
}

TEST(StubRacesMistakesDeathTest, ARaceShows) {
  ASSERT_EQ(forced, 0);
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(WriteTwice(), "data race");
}

}  // namespace
}  // namespace addersr::test
