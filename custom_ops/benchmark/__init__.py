"""The kernels beside their peers and beside what the registers of this CPU allow.

``python -m addersr.custom_ops.benchmark`` prints the table. Needs onnx and a C compiler; torch and
ncnn join in where they are installed.
"""
