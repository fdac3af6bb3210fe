"""Running models: images in, sharper images out; benchmark, evaluation and diagnosis.

Nothing here imports torch or onnx. Import the module you need: this file holds no more than where
the embedding library lies, so that ``addersr.runtime.child_session`` can start a process that never
touches the op library.
"""

from addersr.runtime.installed import cmake_dir, include_dir, library_path

__all__ = ["cmake_dir", "include_dir", "library_path"]
