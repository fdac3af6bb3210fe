// Failures inside the op library are exceptions; at the C border they become OrtStatus objects.
#pragma once

#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "custom_ops/onnxruntime/abi.h"

namespace addersr::ort {

// "[2, 3]", for sentences.
inline std::string Join(const std::vector<int64_t>& values) {
  std::string text;
  for (int64_t value : values) text += (text.empty() ? "" : ", ") + std::to_string(value);
  return "[" + text + "]";
}

// A failure with the sentence that the user will read.
class Failure : public std::runtime_error {
 public:
  explicit Failure(const std::string& sentence, OrtErrorCode code = ORT_INVALID_ARGUMENT)
      : std::runtime_error(sentence), code_(code) {}
  OrtErrorCode code() const { return code_; }

 private:
  OrtErrorCode code_;
};

// Frees `status`, which may be null; true when it meant success.
inline bool Succeeded(const Api& api, OrtStatus* status) {
  if (status == nullptr) return true;
  api.ReleaseStatus(status);
  return false;
}

// Frees `status` and throws a Failure with its sentence, unless it means success.
inline void Check(const Api& api, OrtStatus* status) {
  if (status == nullptr) return;
  const Failure failure(api.GetErrorMessage(status), api.GetErrorCode(status));
  api.ReleaseStatus(status);
  throw failure;
}

// Runs `body` on our side of the C border.
template <typename Body>
OrtStatus* Guard(const Api& api, const Body& body) noexcept {
  try {
    body();
    return nullptr;
  } catch (const Failure& failure) {
    return api.CreateStatus(failure.code(), failure.what());
  } catch (const std::bad_alloc&) {
    return api.CreateStatus(ORT_FAIL, "An op of addersr ran out of memory.");
  } catch (const std::exception& error) {
    return api.CreateStatus(ORT_FAIL, error.what());
  } catch (...) {
    return api.CreateStatus(ORT_FAIL, "An op of addersr failed for an unknown reason.");
  }
}

}  // namespace addersr::ort
