#include <gtest/gtest.h>

#include "models.h"
#include "runtime/embedding/error.h"
#include "runtime/embedding/model_info.h"

namespace addersr::embedding {
namespace {

using test::Metadata;
using test::MetadataOf;

ModelInfo Check(const test::ModelParts& parts) {
  const std::string bytes = ModelBytes(parts);
  return CheckModelInfo(ReadModelFile(bytes.data(), bytes.size(), "The model"), "The model");
}

std::string Refusal(const Metadata& changes) {
  try {
    Check({MetadataOf(changes), ""});
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), ADDERSR_BAD_MODEL);
    return error.what();
  }
  return {};
}

TEST(ModelInfo, ReadsWhatTheExporterWrites) {
  const ModelInfo info = Check({MetadataOf({{"io", "float"}, {"bytes_per_pixel", "52"}}), ""});
  EXPECT_EQ(info.version, "0.1.0");
  EXPECT_EQ(info.architecture, "test");
  EXPECT_EQ(info.kind, "adder");
  EXPECT_EQ(info.colour, "y");
  EXPECT_EQ(info.precision, "fp32");
  EXPECT_EQ(info.scale, 2);
  EXPECT_EQ(info.halo, 3);
  EXPECT_EQ(info.network, NetworkKind::kLuma);
  EXPECT_EQ(info.bytes_per_pixel, 52);
  EXPECT_FALSE(info.uses_adder_ops);
}

TEST(ModelInfo, KnowsTheNetworksKind) {
  EXPECT_EQ(Check({MetadataOf({{"colour", "rgb"}}), ""}).network, NetworkKind::kRgb);
  EXPECT_EQ(Check({MetadataOf({{"io", "uint8"}}), ""}).network, NetworkKind::kPicture);
  EXPECT_EQ(Check({MetadataOf({{"io", "uint8"}, {"colour", "rgb"}}), ""}).network,
            NetworkKind::kPicture);
}

TEST(ModelInfo, GuessesMemoryFromTheWidestLayer) {
  const std::string sizes = test::BytesField(5, test::BytesField(1, "\x40\x03\x03\x03"));
  const ModelInfo info = Check({MetadataOf({{"scale", "3"}}), sizes});
  EXPECT_EQ(info.bytes_per_pixel, 3 * 4 * 64 * 9);
}

TEST(ModelInfo, RefusesWhatItDoesNotKnow) {
  for (const char* key : {"version", "architecture", "kind", "arguments", "scale", "colour",
                          "precision", "calibration", "halo"}) {
    EXPECT_EQ(Refusal({{key, ""}}), std::string("The model has no metadata 'addersr.") + key +
                                        "': expected a model made by 'addersr export'.");
  }
  EXPECT_EQ(Refusal({{"kind", "transformer"}}),
            "The model has the kind 'transformer', which this addersr does not know: expected one "
            "of adder, cnn. Install a newer addersr or export the model again.");
  for (const auto& [key, value] : Metadata{{"colour", "lab"},
                                           {"precision", "fp16"},
                                           {"io", "float16"},
                                           {"scale", "0"},
                                           {"scale", "17"},
                                           {"scale", "2.0"},
                                           {"scale", "-2"},
                                           {"scale", "99999999999999999999999"},
                                           {"halo", "65537"},
                                           {"halo", " 3"},
                                           {"arguments", "[]"},
                                           {"arguments", "{"},
                                           {"bytes_per_pixel", "0"},
                                           {"bytes_per_pixel", "x"}}) {
    EXPECT_NE(Refusal({{key, value}}).find("The model has the " + key + " '" + value + "', which"),
              std::string::npos)
        << key << "=" << value << ": " << Refusal({{key, value}});
  }
  EXPECT_EQ(Refusal({{"scale", "008"}}), "");
  EXPECT_NE(Refusal({{"scale", "9"}}).find("enlarges 9 times"), std::string::npos);
}

TEST(ModelInfo, RefusesOtherVersionsOfTheOps) {
  try {
    Check({MetadataOf(), "", "", 2});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), ADDERSR_BAD_MODEL);
    EXPECT_STREQ(error.what(),
                 "The model uses version 2 of the operators ai.addersr, and this addersr has "
                 "version 1. Export the model again with this addersr, or install the one that "
                 "exported it.");
  }
}

}  // namespace
}  // namespace addersr::embedding
