// Enlarges a video with OpenCV's reader and writer: opencv_video model.onnx small.avi large.avi
//
// OpenCV's frames are BGR in rows that may be padded, which addersr takes as they are: nothing is
// copied. The writer's Motion JPEG needs no codec beside OpenCV.
#include <addersr.hpp>
#include <exception>
#include <iostream>
#include <opencv2/core.hpp>
#include <opencv2/videoio.hpp>
#include <stdexcept>
#include <string>

namespace {

addersr::FrameView View(cv::Mat* image) {
  return {addersr::Format::kBgr, image->cols, image->rows, image->data,
          static_cast<ptrdiff_t>(image->step)};
}

int Enlarge(const addersr::Engine& engine, const std::string& from, const std::string& to) {
  cv::VideoCapture reader(from);
  if (!reader.isOpened()) throw std::runtime_error("OpenCV cannot read " + from + ".");
  const int scale = engine.scale();
  cv::VideoWriter writer;
  cv::Mat small, large;
  int frames = 0;
  while (reader.read(small)) {
    // Only the first time memory is allocated.
    large.create(scale * small.rows, scale * small.cols, CV_8UC3);
    engine.Upscale(View(&small), View(&large));
    if (!writer.isOpened() && !writer.open(to, cv::VideoWriter::fourcc('M', 'J', 'P', 'G'),
                                           reader.get(cv::CAP_PROP_FPS), large.size())) {
      throw std::runtime_error("OpenCV cannot write " + to + ".");
    }
    writer.write(large);
    ++frames;
  }
  return frames;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: opencv_video model.onnx small.avi large.avi\n";
    return 1;
  }
  try {
    const addersr::Engine engine(argv[1]);
    std::cout << Enlarge(engine, argv[2], argv[3]) << " frames\n";
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
