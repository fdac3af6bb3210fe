// Failures inside the embedding library are exceptions; at the C border (api.cc) they become a
// status and a sentence.
#pragma once

#include <stdexcept>
#include <string>

#include "runtime/embedding/include/addersr.h"

namespace addersr::embedding {

class Error : public std::runtime_error {
 public:
  Error(addersr_status status, const std::string& sentence)
      : std::runtime_error(sentence), status_(status) {}
  addersr_status status() const { return status_; }

 private:
  addersr_status status_;
};

}  // namespace addersr::embedding
