"""What a network costs: operations, energy, receptive field, memory.

``onnx_graph`` reads a file (needs onnx), ``torch_graph`` an architecture (needs torch); everything
else works on the :class:`~addersr.export.counts.graph.Graph` that they make, and needs neither.
"""
