// Resident memory over many frames.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "models.h"

namespace addersr::test {
namespace {

// Bytes of the process that lie in memory.
int64_t Resident() {
  std::ifstream file("/proc/self/statm");
  int64_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

TEST(Memory, IsFlatOverAThousandFrames) {
  ADDERSR_NEEDS_ONNXRUNTIME();
  // Its allocator keeps what was freed.
  if (kSanitized) GTEST_SKIP() << "a sanitizer keeps memory of its own";
  const EnginePointer engine = OpenZoo("tiny-x2-adder-u8", 2, 24);
  // Two sizes and formats in turns, in tiles.
  Picture small(ADDERSR_RGB, 50, 30), other(ADDERSR_I420, 33, 47);
  const Picture large(ADDERSR_RGB, 100, 60), other_large(ADDERSR_I420, 66, 94);
  small.Fill(1);
  other.Fill(2);
  int64_t after_warming_up = 0;
  for (int frame = 0; frame < 1000; ++frame) {
    ASSERT_EQ(addersr_upscale(engine.get(), &small.frame(), &large.frame(), nullptr), ADDERSR_OK);
    ASSERT_EQ(addersr_upscale(engine.get(), &other.frame(), &other_large.frame(), nullptr),
              ADDERSR_OK);
    if (frame == 50) after_warming_up = Resident();
  }
  // A leak of 256 bytes a frame would be twice as much.
  EXPECT_LT(Resident() - after_warming_up, 128 << 10);
}

TEST(Memory, OfEnginesIsGivenBack) {
  ADDERSR_NEEDS_ONNXRUNTIME();
  // Its allocator keeps what was freed.
  if (kSanitized) GTEST_SKIP() << "a sanitizer keeps memory of its own";
  int64_t after_warming_up = 0;
  for (int round = 0; round < 40; ++round) {
    const EnginePointer engine = OpenZoo("tiny-x2-adder", 2);
    const Picture small(ADDERSR_RGB, 64, 64), large(ADDERSR_RGB, 128, 128);
    ASSERT_EQ(addersr_upscale(engine.get(), &small.frame(), &large.frame(), nullptr), ADDERSR_OK);
    if (round == 10) after_warming_up = Resident();
  }
  // An engine of this size takes more than 1 MiB.
  EXPECT_LT(Resident() - after_warming_up, 12 << 20);
}

}  // namespace
}  // namespace addersr::test
