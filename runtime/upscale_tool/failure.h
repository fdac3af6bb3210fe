// How the tool fails: sentences for the user, and the end that he asked for.
#pragma once

#include <stdexcept>

namespace addersr::tool {

// Says what was expected, what came, what to do. Exit status 1.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Ctrl-C or SIGTERM. Exit status 130.
struct Interrupted {};

}  // namespace addersr::tool
