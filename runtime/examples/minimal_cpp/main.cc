// Enlarges a picture: minimal_cpp model.onnx small.ppm large.ppm
//
// PPM (P6) is the simplest format of pictures: a line of text, and then RGB.
#include <addersr.hpp>
#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>

namespace {

addersr::Frame ReadPpm(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string magic;
  int width = 0, height = 0, most = 0;
  file >> magic >> width >> height >> most;
  if (!file || magic != "P6" || most != 255) throw std::runtime_error(path + " is no PPM (P6).");
  file.get();
  addersr::Frame frame(addersr::Format::kRgb, width, height);
  file.read(reinterpret_cast<char*>(frame.data()), static_cast<std::streamsize>(frame.bytes()));
  if (!file) throw std::runtime_error(path + " is not complete.");
  return frame;
}

void WritePpm(const std::string& path, const addersr::Frame& frame) {
  std::ofstream file(path, std::ios::binary);
  file << "P6\n" << frame.width() << ' ' << frame.height() << "\n255\n";
  file.write(reinterpret_cast<const char*>(frame.data()),
             static_cast<std::streamsize>(frame.bytes()));
  file.close();
  if (!file) throw std::runtime_error("Could not write " + path + ".");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: minimal_cpp model.onnx small.ppm large.ppm\n";
    return 1;
  }
  try {
    const addersr::Engine engine(argv[1]);
    WritePpm(argv[3], engine.Upscale(ReadPpm(argv[2])));
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
