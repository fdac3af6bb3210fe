// Whatever of onnxruntime fails: a status and a sentence, nothing leaks, and the engine still
// works.
#include <cstring>

#include "embedding_harness.h"

namespace addersr::test {
namespace {

// Far more calls than there are.
constexpr int64_t kMostCalls = 10000;

TEST(StubFailuresTest, EveryCallWhileOpening) {
  {
    const StubEngine engine(kNetworks[0], 2, 1, 1, 0);
  }  // what is made once is made
  const std::string model = StubModel("y", "float", 2, 1);
  const addersr_options options = StubOptions(2, 0);
  const int64_t before = StubLiveObjects();
  int64_t failures = 0;
  for (int64_t call = 0; call < kMostCalls; ++call) {
    addersr_engine* engine = nullptr;
    StubFailAfter(call);
    const addersr_status status =
        addersr_open_memory(model.data(), model.size(), &options, &engine);
    const bool failed = StubFailed();
    StubFailAfter(-1);
    if (status != ADDERSR_OK) {
      ++failures;
      EXPECT_TRUE(failed);
      EXPECT_EQ(engine, nullptr);
      EXPECT_STRNE(addersr_last_error(), "");
    } else {
      ASSERT_NE(engine, nullptr);
    }
    addersr_close(engine);
    ASSERT_EQ(StubLiveObjects(), before) << "after the failure of call " << call;
    if (!failed) break;
    ASSERT_LT(call, kMostCalls - 1);
  }
  EXPECT_GT(failures, 10);
}

TEST(StubFailuresTest, EveryCallWhileEnlarging) {
  const int64_t before = StubLiveObjects();
  {
    const StubEngine engine(kNetworks[1], 3, 1, 2, 5);
    int64_t failures = 0;
    for (int64_t call = 0; call < kMostCalls; ++call) {
      // Another size each time, so that tensors are made.
      const auto side = static_cast<int32_t>(5 + call);
      const StubFrames frames(kNetworks[1], ADDERSR_NV12, 3, side, 6, 1);
      StubFailAfter(call);
      const addersr_status status =
          addersr_upscale(engine.get(), frames.input(), frames.output(), nullptr);
      const bool failed = StubFailed();
      StubFailAfter(-1);
      if (status != ADDERSR_OK) {
        ++failures;
        EXPECT_TRUE(failed);
        EXPECT_STRNE(addersr_last_error(), "");
      }
      ASSERT_EQ(addersr_upscale(engine.get(), frames.input(), frames.output(), nullptr),
                ADDERSR_OK);
      EXPECT_TRUE(frames.IsRight());
      if (!failed) break;
      ASSERT_LT(call, kMostCalls - 1);
    }
    EXPECT_GT(failures, 3);  // the start, two tensors, the run
  }
  EXPECT_EQ(StubLiveObjects(), before);
}

TEST(StubFailuresTest, TheSentenceHasTheWordsOfOnnxruntime) {
  const StubEngine engine(kNetworks[0], 2, 1, 1, 0);
  const StubFrames frames(kNetworks[0], ADDERSR_GRAY, 2, 4, 4, 1);
  ASSERT_EQ(addersr_upscale(engine.get(), frames.input(), frames.output(), nullptr), ADDERSR_OK);
  // What is left to fail for a size that was seen before: the run, and what prepares it.
  StubFailAfter(1);
  EXPECT_EQ(addersr_upscale(engine.get(), frames.input(), frames.output(), nullptr),
            ADDERSR_FAILED);
  StubFailAfter(-1);
  EXPECT_NE(std::strstr(addersr_last_error(), "the test wants this call to fail"), nullptr)
      << addersr_last_error();
}

}  // namespace
}  // namespace addersr::test
