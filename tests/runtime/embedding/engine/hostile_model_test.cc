// Models that were damaged or made by an enemy, all the way through the C interface.
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "models.h"

namespace addersr::test {
namespace {

addersr_status Open(const std::string& model) {
  addersr_options options;
  addersr_options_init(&options);
  options.threads = 1;
  addersr_engine* engine = nullptr;
  const addersr_status status = addersr_open_memory(model.data(), model.size(), &options, &engine);
  EXPECT_EQ(engine == nullptr, status != ADDERSR_OK);
  if (status != ADDERSR_OK) {
    EXPECT_STRNE(addersr_last_error(), "");
  }
  if (engine != nullptr) {
    const Picture small(ADDERSR_RGB, 9, 7), large(ADDERSR_RGB, 18, 14);
    addersr_upscale(engine, &small.frame(), &large.frame(), nullptr);
  }
  addersr_close(engine);
  return status;
}

TEST(HostileModel, CutShort) {
  ADDERSR_NEEDS_ONNXRUNTIME();
  const std::string whole = ReadZoo("tiny-x2-adder");
  int refused = 0, cuts = 0;
  for (size_t size = 0; size < whole.size(); size += 97, ++cuts) {
    refused += Open(whole.substr(0, size)) == ADDERSR_BAD_MODEL;
  }
  EXPECT_EQ(refused, cuts);
}

TEST(HostileModel, WithFlippedBytes) {
  ADDERSR_NEEDS_ONNXRUNTIME();
  const std::string whole = ReadZoo("tiny-x2-cnn");
  std::mt19937 random(2);
  int refused = 0;
  for (int round = 0; round < 150; ++round) {
    std::string changed = whole;
    // Where the graph is described, and not only weights.
    changed[random() % 4000] = static_cast<char>(random());
    changed[random() % whole.size()] = static_cast<char>(random());
    refused += Open(changed) != ADDERSR_OK;
  }
  EXPECT_GT(refused, 20);
}

TEST(HostileModel, WithoutAGraphThatFits) {
  ADDERSR_NEEDS_ONNXRUNTIME();
  EXPECT_EQ(Open(ModelBytes({MetadataOf(), ""})), ADDERSR_BAD_MODEL);
  EXPECT_EQ(Open(ModelBytes({MetadataOf(), "", std::string(100, '\x7F')})), ADDERSR_BAD_MODEL);
  // The twin, which says that it enlarges three times, or takes colours.
  std::string model = ReadZoo("tiny-x2-cnn");
  const auto with = [&](const char* key, const char* value) {
    return model + BytesField(14, BytesField(1, key) + BytesField(2, value));
  };
  EXPECT_EQ(Open(with("addersr.scale", "3")), ADDERSR_BAD_MODEL);
  EXPECT_NE(std::strstr(addersr_last_error(),
                        "The model says scale 3, but made [1, 1, 16, 16] of [1, 1, 8, 8]"),
            nullptr)
      << addersr_last_error();
  EXPECT_EQ(Open(with("addersr.colour", "rgb")), ADDERSR_BAD_MODEL);
  EXPECT_NE(std::strstr(addersr_last_error(), "float32 [N, 3, H, W] of free height and width"),
            nullptr)
      << addersr_last_error();
  EXPECT_EQ(Open(with("addersr.io", "uint8")), ADDERSR_BAD_MODEL);
  EXPECT_NE(std::strstr(addersr_last_error(), "uint8 [N, H, W, 3]"), nullptr)
      << addersr_last_error();
}

// A tensor that says it has 2^62 elements, and one of negative size.
TEST(HostileModel, WithHugeSizes) {
  ADDERSR_NEEDS_ONNXRUNTIME();
  for (const uint64_t size : {uint64_t{1} << 62, uint64_t{1} << 31, ~uint64_t{0}}) {
    const std::string tensor = IntegerField(1, size) + IntegerField(1, 3) + IntegerField(1, 3) +
                               IntegerField(1, 3) + IntegerField(2, 1) + BytesField(8, "huge");
    EXPECT_EQ(Open(ModelBytes({MetadataOf(), BytesField(5, tensor)})), ADDERSR_BAD_MODEL);
  }
}

}  // namespace
}  // namespace addersr::test
