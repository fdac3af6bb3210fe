#include "streams.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "failure.h"
#include "interruption.h"

namespace addersr::tool {
namespace {

// A frame or more of it, so that the program at the other end works while the network does. Only
// pipes know this; what they do not grant does no harm.
void EnlargePipe(int descriptor) {
#ifdef F_SETPIPE_SZ
  constexpr int kBytes = 1 << 20;
  if (fcntl(descriptor, F_SETPIPE_SZ, kBytes) == -1) errno = 0;
#else
  static_cast<void>(descriptor);
#endif
}

[[noreturn]] void FailToWrite(const std::string& name, int error) {
  if (error == EPIPE) throw Failure("The program that read " + name + " has gone.");
  throw Failure("Could not write " + name + ": " + std::strerror(error) + ".");
}

}  // namespace

Input::Input(const std::string& path)
    : name_(path == "-" ? "standard input" : path), descriptor_(STDIN_FILENO) {
  if (path != "-") descriptor_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) {
    throw Failure("Could not open " + path + ": " + std::strerror(errno) + ".");
  }
  EnlargePipe(descriptor_);
}

Input::~Input() {
  if (descriptor_ > STDERR_FILENO) close(descriptor_);
}

size_t Input::ReadSome(void* bytes, size_t count) {
  for (;;) {
    pollfd waited[2] = {{descriptor_, POLLIN, 0}, {InterruptionDescriptor(), POLLIN, 0}};
    if (poll(waited, 2, -1) < 0 && errno != EINTR) {
      throw Failure("Could not wait for " + name_ + ": " + std::strerror(errno) + ".");
    }
    CheckInterrupted();
    if (waited[0].revents == 0) continue;
    const ssize_t got = read(descriptor_, bytes, count);
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR && errno != EAGAIN) {
      throw Failure("Could not read " + name_ + ": " + std::strerror(errno) + ".");
    }
  }
}

std::string_view Input::Peek(size_t count) {
  while (ahead_.size() < count) {
    char bytes[4096];
    const size_t got = ReadSome(bytes, std::min(sizeof(bytes), count - ahead_.size()));
    if (got == 0) break;
    ahead_.append(bytes, got);
  }
  return std::string_view(ahead_).substr(0, count);
}

size_t Input::Read(void* bytes, size_t count) {
  auto* to = static_cast<char*>(bytes);
  size_t done = std::min(count, ahead_.size());
  std::memcpy(to, ahead_.data(), done);
  ahead_.erase(0, done);
  while (done < count) {
    const size_t got = ReadSome(to + done, count - done);
    if (got == 0) break;
    done += got;
  }
  return done;
}

std::string Input::ReadLine(size_t most, const std::string& what) {
  // Byte by byte only in lines, which are short: what follows them is read in one piece.
  std::string line;
  char next = 0;
  while (line.size() < most) {
    if (Read(&next, 1) == 0) throw Failure(name_ + " ended within " + what + ".");
    if (next == '\n') return line;
    line += next;
  }
  throw Failure("Expected " + what + " of " + name_ + " to have at most " + std::to_string(most) +
                " bytes, got a longer one.");
}

std::vector<uint8_t> Input::ReadAll(size_t most) {
  std::vector<uint8_t> all;
  for (;;) {
    uint8_t bytes[65536];
    const size_t got = Read(bytes, sizeof(bytes));
    if (got > most - all.size()) {
      throw Failure("Expected " + name_ + " to have at most " + std::to_string(most >> 20) +
                    " MiB, got more.");
    }
    all.insert(all.end(), bytes, bytes + got);
    if (got < sizeof(bytes)) return all;
  }
}

Output::Output(const std::string& path)
    : name_(path == "-" ? "standard output" : path), descriptor_(STDOUT_FILENO) {
  if (path == "-") {
    if (isatty(descriptor_) != 0) {
      throw Failure(
          "Expected standard output to be a pipe or a file, got a terminal. Name a file.");
    }
    EnlargePipe(descriptor_);
    return;
  }
  struct stat known{};
  const bool exists = stat(path.c_str(), &known) == 0;
  if (exists && !S_ISREG(known.st_mode)) {
    // A device or a named pipe is no file that could be replaced.
    descriptor_ = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0) {
      throw Failure("Could not open " + path + " for writing: " + std::strerror(errno) + ".");
    }
    return;
  }
  target_ = path;
  if (exists) {
    // Behind a link, the file is replaced and not the link.
    const std::unique_ptr<char, void (*)(void*)> real(realpath(path.c_str(), nullptr), std::free);
    if (real) target_ = real.get();
  }
  temporary_ = target_ + ".XXXXXX";
  descriptor_ = mkostemp(temporary_.data(), O_CLOEXEC);
  if (descriptor_ < 0) {
    const int error = errno;
    temporary_.clear();
    throw Failure("Could not create " + path + ": " + std::strerror(error) + ".");
  }
  // mkostemp lets nobody else read it.
  const mode_t mask = umask(0);
  umask(mask);
  fchmod(descriptor_, exists ? known.st_mode & 0777 : 0666 & ~mask);
}

Output::~Output() {
  if (descriptor_ > STDERR_FILENO) close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void Output::Write(const void* bytes, size_t count) {
  const auto* from = static_cast<const char*>(bytes);
  // A pipe takes so much without waiting once it is said to be ready.
  const size_t most = temporary_.empty() ? size_t{PIPE_BUF} : count;
  while (count > 0) {
    pollfd waited[2] = {{descriptor_, POLLOUT, 0}, {InterruptionDescriptor(), POLLIN, 0}};
    if (poll(waited, 2, -1) < 0 && errno != EINTR) FailToWrite(name_, errno);
    CheckInterrupted();
    if (waited[0].revents == 0) continue;
    const ssize_t written = write(descriptor_, from, std::min(count, most));
    if (written < 0) {
      if (errno == EINTR || errno == EAGAIN) continue;
      FailToWrite(name_, errno);
    }
    from += written;
    count -= static_cast<size_t>(written);
  }
}

void Output::Commit() {
  if (temporary_.empty()) return;
  const int closed = close(descriptor_);
  descriptor_ = -1;
  // Closing may report what writing did not.
  if (closed != 0) FailToWrite(name_, errno);
  if (rename(temporary_.c_str(), target_.c_str()) != 0) FailToWrite(name_, errno);
  temporary_.clear();
}

}  // namespace addersr::tool
