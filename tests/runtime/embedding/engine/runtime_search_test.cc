#include "runtime/embedding/runtime_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace addersr::embedding {
namespace {

namespace fs = std::filesystem;

TEST(RuntimeSearch, AsksTheSystemsLoader) {
  const auto candidates = RuntimeCandidates();
  for (const char* name : {"libonnxruntime.so.1", "libonnxruntime.so"}) {
    EXPECT_EQ(std::count(candidates.begin(), candidates.end(), name), 1) << name;
  }
}

TEST(RuntimeSearch, LooksIntoTheVirtualEnvironment) {
  // A name full of characters that patterns give a meaning.
  std::string folder = fs::temp_directory_path() / "addersr [a-b]* \\ XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const fs::path capi = fs::path(folder) / "lib/python3.99/site-packages/onnxruntime/capi";
  fs::create_directories(capi);
  std::ofstream(capi / "libonnxruntime.so.1.99.0").put('x');
  std::ofstream(capi / "libonnxruntime_providers_shared.so").put('x');
  const char* before = std::getenv("VIRTUAL_ENV");
  const std::string kept = before == nullptr ? "" : before;
  setenv("VIRTUAL_ENV", folder.c_str(), 1);
  const auto candidates = RuntimeCandidates();
  before == nullptr ? unsetenv("VIRTUAL_ENV") : setenv("VIRTUAL_ENV", kept.c_str(), 1);
  const auto lies_there = [&](const std::string& path) { return path.find(folder) == 0; };
  EXPECT_EQ(std::count_if(candidates.begin(), candidates.end(), lies_there), 1);
  EXPECT_EQ(std::count(candidates.begin(), candidates.end(),
                       (capi / "libonnxruntime.so.1.99.0").string()),
            1);
  // The system's comes first.
  EXPECT_LT(std::find(candidates.begin(), candidates.end(), "libonnxruntime.so.1"),
            std::find_if(candidates.begin(), candidates.end(), lies_there));
  fs::remove_all(folder);
}

}  // namespace
}  // namespace addersr::embedding
