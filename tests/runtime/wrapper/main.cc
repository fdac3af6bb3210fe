// Tests of addersr.hpp: wrapper model.onnx libonnxruntime
#include <addersr.hpp>
#include <algorithm>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "views.h"

namespace {

using addersr::Engine;
using addersr::Format;
using addersr::Frame;

static_assert(!std::is_copy_constructible_v<Engine>);
static_assert(std::is_nothrow_move_constructible_v<Engine>);
static_assert(std::is_nothrow_move_assignable_v<Engine>);

template <typename Body>
addersr_status StatusOf(const Body& body) {
  try {
    body();
  } catch (const addersr::Error& error) {
    EXPECT(std::strlen(error.what()) > 10);
    return error.status();
  }
  return ADDERSR_OK;
}

Frame Picture(Format format, int width, int height) {
  Frame frame(format, width, height);
  for (size_t i = 0; i < frame.bytes(); ++i) frame.data()[i] = static_cast<uint8_t>(i * i / 7);
  return frame;
}

bool Equal(const Frame& first, const Frame& second) {
  return first.bytes() == second.bytes() &&
         std::equal(first.data(), first.data() + first.bytes(), second.data());
}

void TestOpening(const char* path, const addersr::Options& options) {
  EXPECT(StatusOf([&] { Engine("/no/such/model.onnx", options); }) != ADDERSR_OK);
  addersr::Options wrong = options;
  wrong.threads = -1;
  EXPECT(StatusOf([&] { Engine(path, wrong); }) == ADDERSR_INVALID_ARGUMENT);
  wrong = options;
  wrong.runtime_library = "/no/such/library.so";
  EXPECT(StatusOf([&] { Engine(path, wrong); }) == ADDERSR_NO_RUNTIME);

  const Engine engine(path, options);
  const addersr::Info info = engine.info();
  EXPECT(info.scale == 2 && engine.scale() == 2 && info.halo > 0 && info.kind == "adder");
  EXPECT(info.precision == "u8" && info.colour == "y" && !info.architecture.empty());
  EXPECT(!info.kernel.empty() && !info.runtime.empty() && !info.version.empty());

  std::ifstream file(path, std::ios::binary);
  std::vector<char> bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const Engine second = Engine::FromMemory(bytes.data(), bytes.size(), options);
  bytes.assign(bytes.size(), 0);
  const Frame small = Picture(Format::kRgb, 9, 7);
  EXPECT(Equal(engine.Upscale(small), second.Upscale(small)));
  EXPECT(StatusOf([&] { Engine::FromMemory(bytes.data(), bytes.size(), options); }) ==
         ADDERSR_BAD_MODEL);
}

void TestUpscaling(const Engine& engine) {
  for (const Format format :
       {Format::kRgb, Format::kBgr, Format::kRgba, Format::kGray, Format::kNv12, Format::kI420}) {
    const Frame small = Picture(format, 13, 11);
    const Frame large = engine.Upscale(small);
    EXPECT(large.format() == format && large.width() == 26 && large.height() == 22);
    Frame again(format, 26, 22);
    engine.Upscale(small, again);
    EXPECT(Equal(large, again));
  }
  // Padded rows.
  const Frame small = Picture(Format::kRgb, 5, 4);
  std::vector<uint8_t> padded(4 * 32, 99), out(8 * 64, 99);
  for (size_t y = 0; y < 4; ++y) std::memcpy(&padded[y * 32], small.data() + y * 15, 15);
  engine.Upscale(addersr::ConstFrameView(Format::kRgb, 5, 4, padded.data(), 32),
                 addersr::FrameView(Format::kRgb, 10, 8, out.data(), 64));
  const Frame large = engine.Upscale(small);
  for (size_t y = 0; y < 8; ++y) {
    EXPECT(std::memcmp(&out[y * 64], large.data() + y * 30, 30) == 0 && out[y * 64 + 30] == 99);
  }
  Frame wrong(Format::kRgb, 11, 8);
  EXPECT(StatusOf([&] { engine.Upscale(small, wrong); }) == ADDERSR_INVALID_ARGUMENT);
  EXPECT(StatusOf([&] { engine.Upscale(Frame()); }) == ADDERSR_INVALID_ARGUMENT);
}

void TestProgress(const char* path, addersr::Options options) {
  options.tile = 8;
  const Engine engine(path, options);
  const Frame small = Picture(Format::kGray, 20, 20);
  const addersr::Memory memory = engine.MemoryFor(Format::kGray, 20, 20);
  EXPECT(memory.bytes > 0 && memory.tiles > 1);
  int calls = 0;
  const Frame large = engine.Upscale(small, [&](int32_t done, int32_t total) {
    EXPECT(done == ++calls && total == memory.tiles);
    return true;
  });
  EXPECT(calls == memory.tiles && Equal(large, engine.Upscale(small)));
  EXPECT(StatusOf([&] { engine.Upscale(small, [](int32_t, int32_t) { return false; }); }) ==
         ADDERSR_CANCELLED);
  // What the function throws comes out, though not through the library.
  bool caught = false;
  try {
    engine.Upscale(small, [](int32_t, int32_t) -> bool { throw std::out_of_range("mine"); });
  } catch (const std::out_of_range& mine) {
    caught = std::string(mine.what()) == "mine";
  }
  EXPECT(caught);
  EXPECT(StatusOf([&] {
           engine.Upscale(small, [&](int32_t, int32_t) {
             engine.Cancel();
             return true;
           });
         }) == ADDERSR_CANCELLED);
  EXPECT(Equal(large, engine.Upscale(small)));
}

void TestThreads(Engine engine) {
  // A moved engine works on; the one it came from may be assigned.
  const Engine moved = std::move(engine);
  const Frame small = Picture(Format::kI420, 17, 9);
  const Frame expected = moved.Upscale(small);
  std::vector<Frame> results(4);
  std::vector<std::thread> threads;
  for (Frame& result : results) {
    threads.emplace_back([&] { result = moved.Upscale(small); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Frame& result : results) EXPECT(Equal(result, expected));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  addersr::Options options;
  options.threads = 1;
  options.runtime_library = argv[2];
  try {
    TestFramesAndViews();
    TestOpening(argv[1], options);
    TestUpscaling(Engine(argv[1], options));
    TestProgress(argv[1], options);
    TestThreads(Engine(argv[1], options));
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  std::cout << addersr::Version() << '\n';
}
