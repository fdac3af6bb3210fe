#include "models.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>

namespace addersr::test {
namespace {

std::string Varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

}  // namespace

bool HasRuntime() { return std::getenv("ADDERSR_ONNXRUNTIME") != nullptr; }

std::string ZooPath(const std::string& name) { return ADDERSR_ZOO "/" + name + ".onnx"; }

std::string ReadZoo(const std::string& name) {
  std::ifstream file(ZooPath(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> ZooNames() { return {"tiny-x2-adder", "tiny-x2-adder-u8", "tiny-x2-cnn"}; }

Metadata MetadataOf(const Metadata& changes) {
  Metadata metadata = {{"version", "0.1.0"},  {"architecture", "test"}, {"kind", "adder"},
                       {"arguments", "{}"},   {"scale", "2"},           {"colour", "y"},
                       {"precision", "fp32"}, {"calibration", "none"},  {"halo", "3"}};
  for (const auto& [key, value] : changes) {
    const auto same = [key = key](const auto& one) { return one.first == key; };
    metadata.erase(std::remove_if(metadata.begin(), metadata.end(), same), metadata.end());
    if (!value.empty()) metadata.push_back({key, value});
  }
  return metadata;
}

std::string IntegerField(int number, uint64_t value) {
  return Varint(static_cast<uint64_t>(number) << 3) + Varint(value);
}

std::string BytesField(int number, const std::string& bytes) {
  return Varint(static_cast<uint64_t>(number) << 3 | 2) + Varint(bytes.size()) + bytes;
}

std::string ModelBytes(const ModelParts& parts) {
  std::string bytes = IntegerField(1, 10);
  bytes += BytesField(8, BytesField(1, "") + IntegerField(2, 18));
  bytes += BytesField(
      8, BytesField(1, "ai.addersr") + IntegerField(2, static_cast<uint64_t>(parts.op_version)));
  bytes += BytesField(7, parts.graph);
  for (const auto& [key, value] : parts.metadata) {
    bytes += BytesField(14, BytesField(1, "addersr." + key) + BytesField(2, value));
  }
  return bytes + parts.more;
}

EnginePointer OpenZoo(const std::string& name, int threads, int tile, uint64_t memory_limit) {
  addersr_options options;
  addersr_options_init(&options);
  options.threads = threads;
  options.tile = tile;
  options.memory_limit = memory_limit;
  addersr_engine* engine = nullptr;
  EXPECT_EQ(addersr_open(ZooPath(name).c_str(), &options, &engine), ADDERSR_OK)
      << addersr_last_error();
  return EnginePointer(engine);
}

Picture::Picture(int32_t format, int32_t width, int32_t height) {
  const ptrdiff_t w = width, h = height, half_w = (w + 1) / 2, half_h = (h + 1) / 2;
  frame_ = {format, width, height, {}, {}};
  std::vector<ptrdiff_t> rows = {h};
  switch (format) {
    case ADDERSR_RGB:
    case ADDERSR_BGR:
      frame_.strides[0] = 3 * w;
      break;
    case ADDERSR_RGBA:
      frame_.strides[0] = 4 * w;
      break;
    case ADDERSR_GRAY:
      frame_.strides[0] = w;
      break;
    case ADDERSR_NV12:
      frame_.strides[0] = w;
      frame_.strides[1] = 2 * half_w;
      rows = {h, half_h};
      break;
    case ADDERSR_I420:
      frame_.strides[0] = w;
      frame_.strides[1] = frame_.strides[2] = half_w;
      rows = {h, half_h, half_h};
      break;
  }
  ptrdiff_t bytes = 0;
  for (size_t plane = 0; plane < rows.size(); ++plane) bytes += rows[plane] * frame_.strides[plane];
  bytes_.resize(static_cast<size_t>(bytes));
  ptrdiff_t offset = 0;
  for (size_t plane = 0; plane < rows.size(); ++plane) {
    frame_.planes[plane] = bytes_.data() + offset;
    offset += rows[plane] * frame_.strides[plane];
  }
}

void Picture::Fill(uint32_t seed) {
  std::mt19937 random(seed);
  for (uint8_t& byte : bytes_) byte = static_cast<uint8_t>(random());
}

}  // namespace addersr::test
