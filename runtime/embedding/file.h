// Reading a model's file.
#pragma once

#include <string>
#include <vector>

namespace addersr::embedding {

// All bytes of a file, at most 2 GiB, which is where protobuf ends. Throws Error
// (ADDERSR_BAD_MODEL).
std::vector<char> ReadFile(const std::string& path);

}  // namespace addersr::embedding
