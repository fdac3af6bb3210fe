// The outside of an ONNX file, read before onnxruntime sees it: the C++ twin of
// runtime/model_file.py. An ONNX file is one protobuf message; the few fields that matter here are
// read straight from the wire format (field numbers: onnx.proto).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace addersr::embedding {

struct ModelFile {
  // Version of each operator set by domain; the standard one has the domain "".
  std::map<std::string, int64_t> opsets;
  std::map<std::string, std::string> metadata;
  // Whether operators of our domain are in the main graph.
  bool uses_adder_ops = false;
  // The first size of the largest weight tensors of convolutions (four axes): how many channels the
  // widest layer makes. 0 when there are none.
  int64_t widest_layer = 0;
};

// Reads `bytes` bytes at `data`, which may be anything: it never reads beyond them, and neither
// time nor stack grow faster than they do. `name` is what sentences call the model. Throws Error
// (ADDERSR_BAD_MODEL): empty, no ONNX model, cut short, weights in other files.
ModelFile ReadModelFile(const void* data, size_t bytes, const std::string& name);

}  // namespace addersr::embedding
