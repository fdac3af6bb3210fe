// The C interface against callers who make mistakes.
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <thread>

#include "models.h"

namespace addersr::test {
namespace {

bool Mentions(const char* words) { return std::strstr(addersr_last_error(), words) != nullptr; }

TEST(Api, HasAVersionAndNames) {
  EXPECT_STREQ(addersr_version(), "0.1.0");
  EXPECT_STREQ(addersr_status_name(ADDERSR_OUT_OF_MEMORY), "out of memory");
  for (int status = 0; status < 7; ++status) {
    EXPECT_STRNE(addersr_status_name(static_cast<addersr_status>(status)), "unknown status");
  }
  EXPECT_STREQ(addersr_status_name(static_cast<addersr_status>(7)), "unknown status");
  EXPECT_STREQ(addersr_status_name(static_cast<addersr_status>(-1)), "unknown status");
}

TEST(Api, ThreadsHaveSentencesOfTheirOwn) {
  EXPECT_EQ(addersr_upscale(nullptr, nullptr, nullptr, nullptr), ADDERSR_INVALID_ARGUMENT);
  EXPECT_TRUE(Mentions("Expected an engine, got null"));
  std::string other = "not asked";
  std::thread([&] { other = addersr_last_error(); }).join();
  EXPECT_EQ(other, "");
  EXPECT_TRUE(Mentions("Expected an engine, got null"));
}

TEST(Api, SurvivesNull) {
  addersr_options_init(nullptr);
  addersr_close(nullptr);
  addersr_cancel(nullptr);
  addersr_engine* engine = reinterpret_cast<addersr_engine*>(8);
  EXPECT_EQ(addersr_open(nullptr, nullptr, &engine), ADDERSR_INVALID_ARGUMENT);
  EXPECT_EQ(engine, nullptr);
  engine = reinterpret_cast<addersr_engine*>(8);
  EXPECT_EQ(addersr_open_memory(nullptr, 5, nullptr, &engine), ADDERSR_INVALID_ARGUMENT);
  EXPECT_EQ(engine, nullptr);
  EXPECT_EQ(addersr_open("x", nullptr, nullptr), ADDERSR_INVALID_ARGUMENT);
  EXPECT_EQ(addersr_open_memory("x", 1, nullptr, nullptr), ADDERSR_INVALID_ARGUMENT);
  addersr_info info{};
  info.size = sizeof(info);
  EXPECT_EQ(addersr_get_info(nullptr, &info), ADDERSR_INVALID_ARGUMENT);
  EXPECT_EQ(addersr_get_info(nullptr, nullptr), ADDERSR_INVALID_ARGUMENT);
  EXPECT_EQ(addersr_memory(nullptr, ADDERSR_RGB, 1, 1, nullptr, nullptr), ADDERSR_INVALID_ARGUMENT);
  EXPECT_EQ(addersr_upscale(nullptr, nullptr, nullptr, nullptr), ADDERSR_INVALID_ARGUMENT);
}

TEST(Api, SaysWhatIsWrongWithAFile) {
  addersr_engine* engine = nullptr;
  EXPECT_EQ(addersr_open("/nowhere/x.onnx", nullptr, &engine), ADDERSR_BAD_MODEL);
  EXPECT_STREQ(addersr_last_error(), "There is no model file /nowhere/x.onnx. Check the name.");
  EXPECT_EQ(addersr_open("/tmp", nullptr, &engine), ADDERSR_BAD_MODEL);
  EXPECT_STREQ(addersr_last_error(), "/tmp is a folder: expected an ONNX file.");
  EXPECT_EQ(addersr_open("/dev/zero", nullptr, &engine), ADDERSR_BAD_MODEL);
  EXPECT_TRUE(Mentions("is no file of at most 2 GiB"));
  EXPECT_EQ(addersr_open(ADDERSR_ZOO "/README.md", nullptr, &engine), ADDERSR_BAD_MODEL);
  EXPECT_TRUE(Mentions("is not an ONNX model"));
  // Longer than the sentence may be; cut, but not inside of a character.
  std::string path;
  for (int i = 0; i < 2000; ++i) path += "\xC3\xA4";
  EXPECT_EQ(addersr_open(path.c_str(), nullptr, &engine), ADDERSR_BAD_MODEL);
  EXPECT_LT(std::strlen(addersr_last_error()), 2048u);
  EXPECT_EQ(engine, nullptr);
}

TEST(Api, ChecksOptions) {
  const std::string model = ReadZoo("tiny-x2-cnn");
  addersr_engine* engine = nullptr;
  const auto open = [&](const addersr_options& options) {
    return addersr_open_memory(model.data(), model.size(), &options, &engine);
  };
  addersr_options options{};
  EXPECT_EQ(open(options), ADDERSR_INVALID_ARGUMENT);
  EXPECT_TRUE(Mentions("Expected the size of addersr_options to be"));
  // The second would end in the middle of a pointer.
  for (const size_t size : {size_t{1} << 40, offsetof(addersr_options, runtime_library) + 3}) {
    options.size = size;
    EXPECT_EQ(open(options), ADDERSR_INVALID_ARGUMENT) << size;
  }
  for (const int32_t threads : {-1, 1025, INT32_MIN}) {
    addersr_options_init(&options);
    options.threads = threads;
    EXPECT_EQ(open(options), ADDERSR_INVALID_ARGUMENT);
    EXPECT_TRUE(Mentions("Expected threads"));
  }
  for (const int32_t tile : {-1, (1 << 14) + 1, INT32_MAX}) {
    addersr_options_init(&options);
    options.tile = tile;
    EXPECT_EQ(open(options), ADDERSR_INVALID_ARGUMENT);
    EXPECT_TRUE(Mentions("Expected tile"));
  }
  addersr_options_init(&options);
  options.runtime_library = "/nowhere/libonnxruntime.so";
  EXPECT_EQ(open(options), ADDERSR_NO_RUNTIME);
  EXPECT_TRUE(Mentions("Expected onnxruntime 1.18 or newer in /nowhere/libonnxruntime.so"));
  options.runtime_library = "libm.so.6";
  EXPECT_EQ(open(options), ADDERSR_NO_RUNTIME);
  EXPECT_TRUE(Mentions("it is no onnxruntime"));
  // An application of a later version, which uses what it has more, and one which does not.
  struct {
    addersr_options known;
    uint64_t more;
  } later{};
  addersr_options_init(&later.known);
  later.known.size = sizeof(later);
  later.known.runtime_library = "/nowhere/libonnxruntime.so";
  later.more = 1;
  EXPECT_EQ(open(later.known), ADDERSR_INVALID_ARGUMENT);
  EXPECT_TRUE(Mentions("Install a newer library"));
  later.more = 0;
  EXPECT_EQ(open(later.known), ADDERSR_NO_RUNTIME);
}

TEST(Api, FillsWhatAnOlderApplicationKnows) {
  ADDERSR_NEEDS_ONNXRUNTIME();
  const EnginePointer engine = OpenZoo("tiny-x2-adder");
  addersr_info info;
  std::memset(&info, 0x5A, sizeof(info));
  info.size = offsetof(addersr_info, architecture);
  ASSERT_EQ(addersr_get_info(engine.get(), &info), ADDERSR_OK);
  EXPECT_EQ(info.scale, 2);
  EXPECT_EQ(info.halo, 6);
  EXPECT_EQ(info.size, offsetof(addersr_info, architecture));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(info.architecture), uintptr_t{0x5A5A5A5A5A5A5A5A});
  info.size = 0;
  EXPECT_EQ(addersr_get_info(engine.get(), &info), ADDERSR_INVALID_ARGUMENT);
}

TEST(Api, ChecksFrames) {
  ADDERSR_NEEDS_ONNXRUNTIME();
  const EnginePointer engine = OpenZoo("tiny-x2-adder-u8");
  const Picture small(ADDERSR_RGB, 6, 4), large(ADDERSR_RGB, 12, 8);
  const auto fails = [&](addersr_frame input, addersr_frame output) {
    return addersr_upscale(engine.get(), &input, &output, nullptr) == ADDERSR_INVALID_ARGUMENT;
  };
  ASSERT_FALSE(fails(small.frame(), large.frame()));
  EXPECT_EQ(addersr_upscale(engine.get(), nullptr, &large.frame(), nullptr),
            ADDERSR_INVALID_ARGUMENT);
  EXPECT_EQ(addersr_upscale(engine.get(), &small.frame(), nullptr, nullptr),
            ADDERSR_INVALID_ARGUMENT);
  EXPECT_TRUE(fails(large.frame(), small.frame()));
  EXPECT_TRUE(fails(small.frame(), small.frame()));
  const auto changed = [](const Picture& picture, auto change) {
    addersr_frame frame = picture.frame();
    change(&frame);
    return frame;
  };
  using Frame = addersr_frame*;
  EXPECT_TRUE(fails(changed(small, [](Frame f) { f->width = 0; }), large.frame()));
  EXPECT_TRUE(fails(changed(small, [](Frame f) { f->height = -4; }), large.frame()));
  EXPECT_TRUE(fails(changed(small, [](Frame f) { f->format = 0; }), large.frame()));
  EXPECT_TRUE(fails(changed(small, [](Frame f) { f->strides[0] = 17; }), large.frame()));
  EXPECT_TRUE(fails(changed(small, [](Frame f) { f->strides[0] = -18; }), large.frame()));
  EXPECT_TRUE(fails(changed(small, [](Frame f) { f->planes[0] = nullptr; }), large.frame()));
  EXPECT_TRUE(fails(changed(small, [](Frame f) { f->width = INT32_MAX; }), large.frame()));
  EXPECT_TRUE(fails(small.frame(), changed(large, [](Frame f) { f->planes[0] = nullptr; })));
  EXPECT_TRUE(fails(small.frame(), changed(large, [](Frame f) { f->format = ADDERSR_BGR; })));
  addersr_call call{};
  EXPECT_EQ(addersr_upscale(engine.get(), &small.frame(), &large.frame(), &call),
            ADDERSR_INVALID_ARGUMENT);
  EXPECT_TRUE(Mentions("addersr_call"));
}

TEST(Api, EstimatesMemory) {
  ADDERSR_NEEDS_ONNXRUNTIME();
  const EnginePointer engine = OpenZoo("tiny-x2-adder-u8");
  uint64_t small = 0, large = 0;
  int32_t tiles = 0;
  EXPECT_EQ(addersr_memory(engine.get(), ADDERSR_RGB, 64, 36, &small, &tiles), ADDERSR_OK);
  EXPECT_EQ(tiles, 1);
  EXPECT_EQ(addersr_memory(engine.get(), ADDERSR_RGB, 640, 360, &large, nullptr), ADDERSR_OK);
  EXPECT_GT(large, small);
  EXPECT_EQ(addersr_memory(engine.get(), ADDERSR_RGB, 1, 1, nullptr, nullptr), ADDERSR_OK);
  EXPECT_EQ(addersr_memory(engine.get(), 0, 64, 36, &small, &tiles), ADDERSR_INVALID_ARGUMENT);
  EXPECT_EQ(addersr_memory(engine.get(), 7, 64, 36, &small, &tiles), ADDERSR_INVALID_ARGUMENT);
  EXPECT_EQ(addersr_memory(engine.get(), ADDERSR_RGB, 0, 36, &small, &tiles),
            ADDERSR_INVALID_ARGUMENT);
  EXPECT_EQ(addersr_memory(engine.get(), ADDERSR_RGB, 1, INT32_MIN, &small, &tiles),
            ADDERSR_INVALID_ARGUMENT);
  EXPECT_EQ(addersr_memory(engine.get(), ADDERSR_RGB, INT32_MAX, INT32_MAX, &small, &tiles),
            ADDERSR_OUT_OF_MEMORY);
}

}  // namespace
}  // namespace addersr::test
