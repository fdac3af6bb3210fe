#include "runtime/embedding/runtime_search.h"

#include <dlfcn.h>
#include <glob.h>

#include <cstdlib>

namespace addersr::embedding {
namespace {

void AddMatches(const std::string& pattern, std::vector<std::string>* paths) {
  glob_t matches{};
  if (glob(pattern.c_str(), 0, nullptr, &matches) == 0) {
    for (size_t i = 0; i < matches.gl_pathc; ++i) paths->push_back(matches.gl_pathv[i]);
  }
  globfree(&matches);
}

// A folder's name, so that glob takes no character of it for a pattern.
std::string Escaped(const std::string& folder) {
  std::string escaped;
  for (const char c : folder) {
    if (c == '*' || c == '?' || c == '[' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

// The folder of the binary that this code was linked into, as a pattern; "" when the loader does
// not know it by a path.
std::string OwnFolder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&RuntimeCandidates), &info) == 0) return {};
  const std::string path = info.dli_fname == nullptr ? "" : info.dli_fname;
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : Escaped(path.substr(0, slash));
}

void AddPythonPrefix(const std::string& prefix, std::vector<std::string>* paths) {
  for (const char* packages : {"/lib/python3*/site-packages", "/lib/python3*/dist-packages"}) {
    AddMatches(prefix + packages + "/onnxruntime/capi/libonnxruntime.so*", paths);
  }
}

}  // namespace

std::vector<std::string> RuntimeCandidates() {
  std::vector<std::string> paths;
  const std::string own = OwnFolder();
  if (!own.empty()) AddMatches(own + "/libonnxruntime.so*", &paths);
  paths.insert(paths.end(), {"libonnxruntime.so.1", "libonnxruntime.so"});
  if (!own.empty()) {
    // .../site-packages/addersr/runtime/lib
    AddMatches(own + "/../../../onnxruntime/capi/libonnxruntime.so*", &paths);
    AddPythonPrefix(own + "/..", &paths);
  }
  if (const char* environment = std::getenv("VIRTUAL_ENV")) {
    AddPythonPrefix(Escaped(environment), &paths);
  }
  if (const char* home = std::getenv("HOME")) AddPythonPrefix(Escaped(home) + "/.local", &paths);
  AddPythonPrefix("/usr/local", &paths);
  AddPythonPrefix("/usr", &paths);
  return paths;
}

}  // namespace addersr::embedding
