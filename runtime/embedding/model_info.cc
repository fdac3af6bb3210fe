#include "runtime/embedding/model_info.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>

#include "runtime/embedding/error.h"
#include "runtime/embedding/text.h"

namespace addersr::embedding {
namespace {

constexpr char kDomain[] = "ai.addersr";
constexpr int64_t kOpVersion = 1;
constexpr int64_t kMostScaleOfFormat = 16;
constexpr int64_t kMostBytesPerPixel = int64_t{1} << 30;

// Typed access to the metadata, with sentences for what is wrong.
class Fields {
 public:
  Fields(const ModelFile& file, const std::string& name) : file_(file), name_(name) {}

  bool Has(const std::string& key) const { return file_.metadata.count("addersr." + key) > 0; }

  std::string Text(const std::string& key) const {
    const auto found = file_.metadata.find("addersr." + key);
    if (found == file_.metadata.end() || found->second.empty()) {
      throw Error(ADDERSR_BAD_MODEL, name_ + " has no metadata 'addersr." + key +
                                         "': expected a model made by 'addersr export'.");
    }
    return found->second;
  }

  std::string OneOf(const std::string& key, std::initializer_list<const char*> known) const {
    const std::string value = Text(key);
    std::string list;
    for (const char* one : known) {
      if (value == one) return value;
      list += std::string(list.empty() ? "" : ", ") + one;
    }
    throw Unknown(key, value, "one of " + list);
  }

  int64_t Number(const std::string& key, int64_t low, int64_t high) const {
    const std::string value = Text(key);
    const bool digits =
        std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
    const size_t leading = std::min(value.find_first_not_of('0'), value.size());
    // Nothing with more digits is in any range asked for.
    if (digits && value.size() - leading <= 12) {
      int64_t number = 0;
      for (const char c : value) number = number * 10 + (c - '0');
      if (low <= number && number <= high) return number;
    }
    throw Unknown(key, value,
                  "a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  }

  void Object(const std::string& key) const {
    const std::string value = Text(key);
    if (!IsJsonObject(value)) throw Unknown(key, value, "a JSON object");
  }

 private:
  Error Unknown(const std::string& key, const std::string& value,
                const std::string& expected) const {
    return Error(ADDERSR_BAD_MODEL, name_ + " has the " + key + " '" + value +
                                        "', which this addersr does not know: expected " +
                                        expected +
                                        ". Install a newer addersr or export the model again.");
  }

  const ModelFile& file_;
  const std::string& name_;
};

void CheckOpVersion(const ModelFile& file, const std::string& name) {
  const auto found = file.opsets.find(kDomain);
  if (found == file.opsets.end() || found->second == kOpVersion) return;
  throw Error(
      ADDERSR_BAD_MODEL,
      name + " uses version " + std::to_string(found->second) + " of the operators " + kDomain +
          ", and this addersr has version " + std::to_string(kOpVersion) +
          ". Export the model again with this addersr, or install the one that exported it.");
}

// For files that do not say it: float32 tensors as wide as the widest layer, three at once, in
// pixels of the output (some networks work there). Narrow networks that work on the input, such as
// those of the zoo, need a small part of it.
double GuessBytesPerPixel(const ModelFile& file, int scale) {
  constexpr double kTensors = 3, kBytes = sizeof(float);
  return kTensors * kBytes * static_cast<double>(std::max<int64_t>(file.widest_layer, 3)) * scale *
         scale;
}

}  // namespace

ModelInfo CheckModelInfo(const ModelFile& file, const std::string& name) {
  CheckOpVersion(file, name);
  const Fields fields(file, name);
  ModelInfo info;
  info.version = fields.Text("version");
  info.architecture = fields.Text("architecture");
  info.kind = fields.OneOf("kind", {"adder", "cnn"});
  fields.Object("arguments");
  info.scale = static_cast<int>(fields.Number("scale", 1, kMostScaleOfFormat));
  info.colour = fields.OneOf("colour", {"y", "rgb"});
  // Files of addersr before 0.1.0 do not say it.
  const std::string io = fields.Has("io") ? fields.OneOf("io", {"float", "uint8"}) : "float";
  info.precision = fields.OneOf("precision", {"fp32", "u8", "i16", "mixed"});
  fields.Text("calibration");
  info.halo = static_cast<int>(fields.Number("halo", 0, 1 << 16));
  info.network = io == "uint8"        ? NetworkKind::kPicture
                 : info.colour == "y" ? NetworkKind::kLuma
                                      : NetworkKind::kRgb;
  info.uses_adder_ops = file.uses_adder_ops;
  info.bytes_per_pixel =
      fields.Has("bytes_per_pixel")
          ? static_cast<double>(fields.Number("bytes_per_pixel", 1, kMostBytesPerPixel))
          : GuessBytesPerPixel(file, info.scale);
  if (info.scale > kMostScale) {
    throw Error(ADDERSR_BAD_MODEL, name + " enlarges " + std::to_string(info.scale) +
                                       " times: expected a model of scale 1 to " +
                                       std::to_string(kMostScale) +
                                       ", which is what this library can join colours for.");
  }
  return info;
}

}  // namespace addersr::embedding
