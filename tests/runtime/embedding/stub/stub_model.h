// A model without layers, of which the stub reads the metadata only.
#pragma once

#include <map>
#include <string>

namespace addersr::test {

inline std::string Varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes += static_cast<char>(value);
}
inline std::string NumberField(uint64_t number, uint64_t value) {
  return Varint(number << 3) + Varint(value);
}
inline std::string BytesField(uint64_t number, const std::string& bytes) {
  return Varint(number << 3 | 2) + Varint(bytes.size()) + bytes;
}

// What 'addersr export' writes into a model.
inline std::map<std::string, std::string> StubMetadata(const std::string& colour,
                                                       const std::string& io, int scale, int halo) {
  return {{"addersr.version", "0.1.0"},
          {"addersr.architecture", "mobile"},
          {"addersr.kind", "cnn"},
          {"addersr.arguments", "{}"},
          {"addersr.scale", std::to_string(scale)},
          {"addersr.colour", colour},
          {"addersr.io", io},
          {"addersr.precision", "fp32"},
          {"addersr.calibration", "none"},
          {"addersr.halo", std::to_string(halo)}};
}

// Field numbers: onnx.proto.
inline std::string StubModel(const std::map<std::string, std::string>& metadata) {
  std::string model = NumberField(1, 10);
  model += BytesField(7, BytesField(2, "stub"));
  model += BytesField(8, BytesField(1, "") + NumberField(2, 17));
  for (const auto& [key, value] : metadata) {
    model += BytesField(14, BytesField(1, key) + BytesField(2, value));
  }
  return model;
}
inline std::string StubModel(const std::string& colour, const std::string& io, int scale,
                             int halo) {
  return StubModel(StubMetadata(colour, io, scale, halo));
}

}  // namespace addersr::test
