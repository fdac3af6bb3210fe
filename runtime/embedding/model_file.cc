#include "runtime/embedding/model_file.h"

#include <algorithm>
#include <vector>

#include "runtime/embedding/error.h"
#include "runtime/embedding/text.h"
#include "runtime/embedding/wire.h"

namespace addersr::embedding {
namespace {

constexpr char kDomain[] = "ai.addersr";

// Field numbers of onnx.proto.
namespace model {
enum : uint64_t { kIrVersion = 1, kGraph = 7, kOpsetImport = 8, kMetadata = 14 };
}
namespace opset {
enum : uint64_t { kDomain = 1, kVersion = 2 };
}
namespace entry {
enum : uint64_t { kKey = 1, kValue = 2 };
}
namespace graph {
enum : uint64_t { kNode = 1, kInitializer = 5 };
}
namespace node {
enum : uint64_t { kDomain = 7 };
}
namespace tensor {
enum : uint64_t { kSizes = 1, kExternalData = 13, kDataLocation = 14 };
}

// protobuf itself stops at 100.
constexpr int kDeepest = 100;

// The messages that tensors can be in, and where.
enum class Kind { kModel, kGraph, kNode, kAttribute, kTensor, kSparseTensor, kFunction, kTraining };
struct Child {
  Kind parent;
  uint64_t field;
  Kind kind;
};
constexpr Child kChildren[] = {
    {Kind::kModel, 7, Kind::kGraph},
    {Kind::kModel, 20, Kind::kTraining},
    {Kind::kModel, 25, Kind::kFunction},
    {Kind::kGraph, 1, Kind::kNode},
    {Kind::kGraph, 5, Kind::kTensor},
    {Kind::kGraph, 15, Kind::kSparseTensor},
    {Kind::kNode, 5, Kind::kAttribute},
    {Kind::kAttribute, 5, Kind::kTensor},
    {Kind::kAttribute, 6, Kind::kGraph},
    {Kind::kAttribute, 10, Kind::kTensor},
    {Kind::kAttribute, 11, Kind::kGraph},
    {Kind::kAttribute, 22, Kind::kSparseTensor},
    {Kind::kAttribute, 23, Kind::kSparseTensor},
    {Kind::kSparseTensor, 1, Kind::kTensor},
    {Kind::kSparseTensor, 2, Kind::kTensor},
    {Kind::kFunction, 7, Kind::kNode},
    {Kind::kFunction, 11, Kind::kAttribute},
    {Kind::kTraining, 1, Kind::kGraph},
    {Kind::kTraining, 2, Kind::kGraph},
};

std::string Text(std::string_view bytes) {
  if (!IsUtf8(bytes)) throw WireError("a text is not UTF-8");
  return std::string(bytes);
}

struct ExternalData {};

// Throws ExternalData when a tensor in the message has its values in another file: the model would
// read files of its choice.
void RefuseExternalData(std::string_view message, Kind kind, int depth) {
  if (depth > kDeepest) throw WireError("it is nested too deeply");
  Message fields(message);
  for (Field field; fields.Next(&field);) {
    if (kind == Kind::kTensor) {
      if (field.number == tensor::kExternalData) throw ExternalData{};
      if (field.number == tensor::kDataLocation && Integer(field) != 0) throw ExternalData{};
      continue;
    }
    for (const Child& child : kChildren) {
      if (child.parent == kind && child.field == field.number) {
        RefuseExternalData(Bytes(field), child.kind, depth + 1);
      }
    }
  }
}

void ReadOpset(std::string_view message, ModelFile* file) {
  std::string domain;
  int64_t version = 0;
  Message fields(message);
  for (Field field; fields.Next(&field);) {
    if (field.number == opset::kDomain) domain = Text(Bytes(field));
    if (field.number == opset::kVersion) version = static_cast<int64_t>(Integer(field));
  }
  file->opsets[domain] = version;
}

void ReadMetadata(std::string_view message, ModelFile* file) {
  std::string key, value;
  Message fields(message);
  for (Field field; fields.Next(&field);) {
    if (field.number == entry::kKey) key = Text(Bytes(field));
    if (field.number == entry::kValue) value = Text(Bytes(field));
  }
  file->metadata[key] = value;
}

// The first size of a tensor of four axes; else 0.
int64_t FilterCount(std::string_view message) {
  std::vector<uint64_t> sizes;
  Message fields(message);
  for (Field field; fields.Next(&field);) {
    if (field.number != tensor::kSizes) continue;
    if (field.is_integer) {
      sizes.push_back(field.integer);
    } else {  // packed
      for (std::string_view packed = field.bytes; !packed.empty();) {
        sizes.push_back(TakeVarint(&packed));
      }
    }
    if (sizes.size() > 4) return 0;
  }
  return sizes.size() == 4 ? static_cast<int64_t>(std::min<uint64_t>(sizes[0], INT32_MAX)) : 0;
}

void ReadGraph(std::string_view message, ModelFile* file) {
  Message fields(message);
  for (Field field; fields.Next(&field);) {
    if (field.number == graph::kInitializer) {
      file->widest_layer = std::max(file->widest_layer, FilterCount(Bytes(field)));
    } else if (field.number == graph::kNode) {
      Message node_fields(Bytes(field));
      for (Field of_node; node_fields.Next(&of_node);) {
        if (of_node.number == node::kDomain && Text(Bytes(of_node)) == kDomain) {
          file->uses_adder_ops = true;
        }
      }
    }
  }
}

ModelFile Read(std::string_view bytes) {
  ModelFile file;
  bool has_version = false, has_graph = false;
  Message fields(bytes);
  for (Field field; fields.Next(&field);) {
    switch (field.number) {
      case model::kIrVersion:
        has_version = true;
        break;
      case model::kGraph:
        has_graph = true;
        ReadGraph(Bytes(field), &file);
        break;
      case model::kOpsetImport:
        ReadOpset(Bytes(field), &file);
        break;
      case model::kMetadata:
        ReadMetadata(Bytes(field), &file);
        break;
    }
  }
  if (!has_version || !has_graph || file.opsets.empty()) {
    throw WireError("it has no graph or no versions");
  }
  RefuseExternalData(bytes, Kind::kModel, 0);
  return file;
}

}  // namespace

ModelFile ReadModelFile(const void* data, size_t bytes, const std::string& name) {
  if (bytes == 0) {
    throw Error(ADDERSR_BAD_MODEL, name + " is empty: expected an ONNX model. Export it again.");
  }
  try {
    return Read({static_cast<const char*>(data), bytes});
  } catch (const WireError& error) {
    throw Error(ADDERSR_BAD_MODEL, name + " is not an ONNX model or is cut short (" + error.what() +
                                       "). Export it again.");
  } catch (const ExternalData&) {
    throw Error(ADDERSR_BAD_MODEL, name +
                                       " has weights in other files, which this library does not "
                                       "read. Export it again: addersr keeps all in one file.");
  }
}

}  // namespace addersr::embedding
