#include "runtime/embedding/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

#include "runtime/embedding/error.h"

namespace addersr::embedding {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

[[noreturn]] void ThrowUnreadable(const std::string& path, int error) {
  if (error == ENOENT || error == ENOTDIR) {
    throw Error(ADDERSR_BAD_MODEL, "There is no model file " + path + ". Check the name.");
  }
  throw Error(ADDERSR_BAD_MODEL,
              "Cannot read " + path + ": " + std::generic_category().message(error) + ".");
}

}  // namespace

std::vector<char> ReadFile(const std::string& path) {
  // A pipe that nobody writes to must not stop us.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status{};
  if (file.number() < 0 || fstat(file.number(), &status) != 0) ThrowUnreadable(path, errno);
  if (S_ISDIR(status.st_mode)) {
    throw Error(ADDERSR_BAD_MODEL, path + " is a folder: expected an ONNX file.");
  }
  if (!S_ISREG(status.st_mode) || status.st_size > INT32_MAX) {
    throw Error(ADDERSR_BAD_MODEL, path + " is no file of at most 2 GiB: expected an ONNX file.");
  }
  std::vector<char> bytes(static_cast<size_t>(status.st_size));
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = read(file.number(), bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) ThrowUnreadable(path, errno);
    if (got == 0) break;  // somebody cut it meanwhile
    done += static_cast<size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

}  // namespace addersr::embedding
