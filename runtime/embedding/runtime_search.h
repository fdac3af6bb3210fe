// Where onnxruntime's shared library may lie.
#pragma once

#include <string>
#include <vector>

namespace addersr::embedding {

// Files, and names for the system's loader, in the order in which they are to be tried: the folder
// of this library; the system's own; Python's package, where this library lies in the same
// site-packages, beside or below an installation of Python, or where a virtual environment is
// active.
std::vector<std::string> RuntimeCandidates();

}  // namespace addersr::embedding
