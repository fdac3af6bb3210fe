// What a model says about itself, and whether this version understands it: the C++ twin of
// runtime/model_info.py, which says what every field means.
#pragma once

#include <string>

#include "runtime/embedding/frames/frames.h"
#include "runtime/embedding/model_file.h"

namespace addersr::embedding {

struct ModelInfo {
  std::string version;
  std::string architecture;
  std::string kind;
  std::string colour;
  std::string precision;
  int scale = 0;
  int halo = 0;
  NetworkKind network = NetworkKind::kLuma;
  bool uses_adder_ops = false;
  // What onnxruntime needs for one pixel of the input while the network runs.
  double bytes_per_pixel = 0;
};

// Throws Error (ADDERSR_BAD_MODEL): not exported by addersr, of another operator version, or with
// something in it that this version does not know.
ModelInfo CheckModelInfo(const ModelFile& file, const std::string& name);

}  // namespace addersr::embedding
