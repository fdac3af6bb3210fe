#include "runtime/embedding/model_file.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "models.h"
#include "runtime/embedding/error.h"
#include "tests/custom_ops/cpp/guarded_buffer.h"

namespace addersr::embedding {
namespace {

using test::BytesField;
using test::IntegerField;
using test::ModelBytes;
using test::ModelParts;

ModelFile Read(const std::string& bytes) {
  // Of the right size, so that AddressSanitizer sees what is read beyond.
  if (bytes.size() > 10000) {
    const std::vector<char> copy(bytes.begin(), bytes.end());
    return ReadModelFile(copy.data(), copy.size(), "The model");
  }
  // A page that nobody may touch lies behind them.
  const test::GuardedBuffer<char> guarded({bytes.begin(), bytes.end()}, test::Side::kEnd);
  return ReadModelFile(guarded.data(), guarded.size(), "The model");
}

std::string Refusal(const std::string& bytes) {
  try {
    Read(bytes);
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), ADDERSR_BAD_MODEL);
    return error.what();
  }
  return {};
}

TEST(ModelFile, ReadsTheZoo) {
  for (const std::string& name : test::ZooNames()) {
    const ModelFile file = Read(test::ReadZoo(name));
    const bool adder = name.find("adder") != std::string::npos;
    EXPECT_EQ(file.opsets.at(""), 18);
    EXPECT_EQ(file.opsets.count("ai.addersr"), adder ? 1 : 0);
    EXPECT_EQ(file.uses_adder_ops, adder);
    EXPECT_EQ(file.metadata.at("addersr.scale"), "2");
    EXPECT_EQ(file.widest_layer, 24);
  }
}

TEST(ModelFile, KnowsSizesInBothForms) {
  std::string sizes;
  for (const int size : {48, 3, 3, 3}) sizes += IntegerField(1, static_cast<uint64_t>(size));
  EXPECT_EQ(Read(ModelBytes({{}, BytesField(5, sizes)})).widest_layer, 48);
  EXPECT_EQ(Read(ModelBytes({{}, BytesField(5, BytesField(1, "\x30\x03\x03\x03"))})).widest_layer,
            48);
  // Two and five axes are no filters.
  EXPECT_EQ(Read(ModelBytes({{}, BytesField(5, BytesField(1, "\x30\x03"))})).widest_layer, 0);
  EXPECT_EQ(
      Read(ModelBytes({{}, BytesField(5, BytesField(1, "\x30\x03\x03\x03\x03"))})).widest_layer, 0);
}

TEST(ModelFile, RefusesWhatIsNone) {
  EXPECT_EQ(Refusal(""), "The model is empty: expected an ONNX model. Export it again.");
  EXPECT_EQ(Refusal("hello"),
            "The model is not an ONNX model or is cut short (unknown field type 4). Export it "
            "again.");
  EXPECT_NE(Refusal(IntegerField(1, 10)).find("it has no graph or no versions"), std::string::npos);
  const struct {
    const char* bytes;
    size_t size;
    const char* reason;
  } cases[] = {
      {"\x08", 1, "a number is cut short"},
      {"\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 12, "a number is too long"},
      {"\x3A\x05\x00", 3, "a field reaches past the end"},
      {"\x3A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 11, "a field reaches past the end"},
      {"\x39\x00\x00", 3, "a field reaches past the end"},
      {"\x00\x01", 2, "a field has the number 0"},
      {"\x38\x01", 2, "a message was expected, a number came"},
  };
  for (const auto& one : cases) {
    EXPECT_NE(Refusal({one.bytes, one.size}).find(one.reason), std::string::npos) << one.reason;
  }
  EXPECT_NE(Refusal(ModelBytes({{{"scale", "\xFF"}}, ""})).find("a text is not UTF-8"),
            std::string::npos);
}

TEST(ModelFile, RefusesWeightsInOtherFiles) {
  const std::string entry = BytesField(1, "location") + BytesField(2, "/etc/passwd");
  for (const std::string& tensor : {BytesField(13, entry), IntegerField(14, 1)}) {
    const std::string attribute = BytesField(5, tensor);
    const std::string node = BytesField(5, attribute);
    const std::string graph = BytesField(1, node);
    const std::string sparse = BytesField(15, BytesField(1, tensor));
    const ModelParts places[] = {
        {{}, BytesField(5, tensor)},                                     // an initializer
        {{}, graph},                                                     // a constant
        {{}, sparse},                                                    // a sparse one
        {{}, BytesField(1, BytesField(5, BytesField(6, graph)))},        // in a branch
        {{}, BytesField(1, BytesField(5, BytesField(11, sparse)))},      // of many
        {{}, "", BytesField(25, BytesField(7, node))},                   // in a function
        {{}, "", BytesField(20, BytesField(1, BytesField(5, tensor)))},  // for training
    };
    for (const ModelParts& parts : places) {
      EXPECT_NE(Refusal(ModelBytes(parts)).find("has weights in other files"), std::string::npos);
    }
  }
  // What lies inside says so with a 0.
  EXPECT_EQ(Refusal(ModelBytes({{}, BytesField(5, IntegerField(14, 0))})), "");
}

TEST(ModelFile, RefusesWhatIsNestedTooDeeply) {
  std::string graph;
  for (int depth = 0; depth < 1000; ++depth) {
    graph = BytesField(1, BytesField(5, BytesField(6, graph)));
    if (depth == 30) {
      EXPECT_EQ(Refusal(ModelBytes({{}, graph})), "");
    }
  }
  EXPECT_NE(Refusal(ModelBytes({{}, graph})).find("nested too deeply"), std::string::npos);
}

TEST(ModelFile, SurvivesEveryTruncation) {
  const std::string whole = test::ReadZoo("tiny-x2-adder");
  ASSERT_GT(whole.size(), 1000u);
  int refused = 0;
  for (size_t size = 0; size < whole.size(); size += 97)
    refused += !Refusal(whole.substr(0, size)).empty();
  // A cut between two fields at the end, such as functions, leaves a message.
  EXPECT_GT(refused, static_cast<int>(whole.size() / 97 / 2));
}

TEST(ModelFile, SurvivesFlippedBytes) {
  const std::string whole = test::ReadZoo("tiny-x2-cnn");
  std::mt19937 random(1);
  int refused = 0;
  for (int round = 0; round < 2000; ++round) {
    std::string changed = whole;
    for (uint32_t flips = 1 + random() % 8; flips > 0; --flips) {
      // Most of a model is weights: half of the flips hit its beginning or its end.
      const size_t edge = random() % 2000;
      const size_t places[] = {random() % whole.size(), edge, whole.size() - 1 - edge};
      changed[places[random() % 3]] = static_cast<char>(random());
    }
    refused += !Refusal(changed).empty();
  }
  EXPECT_GT(refused, 100);
  EXPECT_LT(refused, 2000);
}

}  // namespace
}  // namespace addersr::embedding
