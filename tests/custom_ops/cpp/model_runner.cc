// Runs a model once in onnxruntime with the op library registered, where there is no Python:
//
//   addersr_model_runner LIBONNXRUNTIME OPS_LIBRARY MODEL THREADS FOLDER INPUT... -- OUTPUT_NAME...
//
// An INPUT is NAME:TYPE:SIZES:FILE, where TYPE is the number of an ONNXTensorElementDataType, SIZES
// is like 1x3x8x8 and FILE holds the raw values. The outputs' raw values go to FOLDER/0, FOLDER/1 …
// Prints one JSON object: the runtime's version, what AddersrInfo said before and after, and type
// and sizes of every output. Ends with 1 and a sentence on stderr if anything fails.
#include <dlfcn.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "custom_ops/onnxruntime/session_abi.h"
#include "custom_ops/onnxruntime/status.h"
#include "custom_ops/onnxruntime/tensor.h"

namespace {

using namespace addersr::ort;

struct Input {
  std::string name;
  ONNXTensorElementDataType type;
  std::vector<int64_t> sizes;
  std::vector<char> data;
};

size_t ElementBytes(ONNXTensorElementDataType type) {
  switch (type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8:
      return 1;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16:
      return 2;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32:
      return 4;
  }
  throw Failure("The element type " + std::to_string(type) + " is not one of the adder ops.");
}

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

Input ParseInput(const std::string& argument) {
  const std::vector<std::string> parts = Split(argument, ':');
  if (parts.size() != 4) throw Failure("Expected NAME:TYPE:SIZES:FILE, got " + argument);
  Input input;
  input.name = parts[0];
  input.type = static_cast<ONNXTensorElementDataType>(std::stoi(parts[1]));
  size_t bytes = ElementBytes(input.type);
  for (const std::string& size : Split(parts[2], 'x')) {
    input.sizes.push_back(std::stoll(size));
    bytes *= static_cast<size_t>(input.sizes.back());
  }
  std::ifstream file(parts[3], std::ios::binary);
  input.data.assign(std::istreambuf_iterator<char>(file), {});
  if (input.data.size() != bytes) {
    throw Failure(parts[3] + " should hold " + std::to_string(bytes) + " bytes, it has " +
                  std::to_string(input.data.size()));
  }
  return input;
}

template <typename Function>
Function Load(const std::string& path, const char* name) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* symbol = library == nullptr ? nullptr : dlsym(library, name);
  if (symbol == nullptr) throw Failure(dlerror());
  return reinterpret_cast<Function>(symbol);
}

// Writes the values of an output into a file and returns its type and sizes as JSON.
std::string Save(const Api& api, const SessionApi& session_api, OrtValue* value,
                 const std::string& path) {
  OrtTensorTypeAndShapeInfo* info = nullptr;
  Check(api, api.GetTensorTypeAndShape(value, &info));
  ONNXTensorElementDataType type;
  Check(api, session_api.GetTensorElementType(info, &type));
  const std::vector<int64_t> sizes = Dimensions(api, info);
  api.ReleaseTensorTypeAndShapeInfo(info);
  void* data = nullptr;
  Check(api, api.GetTensorMutableData(value, &data));
  size_t bytes = ElementBytes(type);
  for (const int64_t size : sizes) bytes *= static_cast<size_t>(size);
  std::ofstream file(path, std::ios::binary);
  if (bytes > 0) file.write(static_cast<const char*>(data), static_cast<std::streamsize>(bytes));
  if (!file.flush()) throw Failure("Cannot write " + path);
  return "{\"type\":" + std::to_string(type) + ",\"sizes\":" + Join(sizes) + "}";
}

void Run(const std::vector<std::string>& arguments) {
  if (arguments.size() < 7) throw Failure("Too few arguments; model_runner.cc explains them.");
  const OrtApiBase* base = Load<const OrtApiBase* (*)()>(arguments[0], "OrtGetApiBase")();
  const OrtApi* table = base->GetApi(kApiVersion);
  if (table == nullptr) throw Failure("onnxruntime is older than 1.18.");
  const Api api = Bind(table);
  const SessionApi session_api = BindSession(table);

  OrtEnv* env = nullptr;
  Check(api, session_api.CreateEnv(ORT_LOGGING_LEVEL_ERROR, "addersr", &env));
  Check(api, session_api.DisableTelemetryEvents(env));
  OrtSessionOptions* options = nullptr;
  Check(api, session_api.CreateSessionOptions(&options));
  Check(api, session_api.SetIntraOpNumThreads(options, std::stoi(arguments[3])));
  Check(api, session_api.RegisterCustomOpsLibrary_V2(options, arguments[1].c_str()));
  OrtSession* session = nullptr;
  Check(api, session_api.CreateSession(env, arguments[2].c_str(), options, &session));

  std::vector<Input> inputs;
  std::vector<std::string> outputs;
  bool after_dashes = false;
  for (size_t i = 5; i < arguments.size(); ++i) {
    if (arguments[i] == "--") {
      after_dashes = true;
    } else if (after_dashes) {
      outputs.push_back(arguments[i]);
    } else {
      inputs.push_back(ParseInput(arguments[i]));
    }
  }
  OrtMemoryInfo* memory = nullptr;
  Check(api, session_api.CreateCpuMemoryInfo(OrtDeviceAllocator, OrtMemTypeDefault, &memory));
  std::vector<const char*> input_names, output_names;
  std::vector<OrtValue*> input_values;
  for (Input& input : inputs) {
    input_names.push_back(input.name.c_str());
    input_values.push_back(nullptr);
    Check(api, session_api.CreateTensorWithDataAsOrtValue(
                   memory, input.data.data(), input.data.size(), input.sizes.data(),
                   input.sizes.size(), input.type, &input_values.back()));
  }
  for (const std::string& name : outputs) output_names.push_back(name.c_str());
  std::vector<OrtValue*> output_values(outputs.size(), nullptr);

  const auto info = Load<const char* (*)()>(arguments[1], "AddersrInfo");
  const std::string before = info();
  Check(api, session_api.Run(session, nullptr, input_names.data(), input_values.data(),
                             input_values.size(), output_names.data(), output_names.size(),
                             output_values.data()));
  const std::string after = info();

  std::string saved;
  for (size_t i = 0; i < output_values.size(); ++i) {
    saved += (i == 0 ? "" : ",") +
             Save(api, session_api, output_values[i], arguments[4] + "/" + std::to_string(i));
  }
  std::printf("{\"onnxruntime\":\"%s\",\"before\":%s,\"after\":%s,\"outputs\":[%s]}\n",
              base->GetVersionString(), before.c_str(), after.c_str(), saved.c_str());

  for (OrtValue* value : input_values) session_api.ReleaseValue(value);
  for (OrtValue* value : output_values) session_api.ReleaseValue(value);
  session_api.ReleaseMemoryInfo(memory);
  session_api.ReleaseSession(session);
  session_api.ReleaseSessionOptions(options);
  session_api.ReleaseEnv(env);
}

}  // namespace

int main(int count, char** arguments) {
  try {
    Run({arguments + 1, arguments + count});
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "addersr_model_runner: %s\n", error.what());
    return 1;
  }
}
