"""Running models: images in, sharper images out; benchmark, evaluation and diagnosis.

Nothing here imports torch or onnx. Import the module you need: this file stays empty so that
``addersr.runtime.child_session`` can start a process that never touches the op library.
"""
