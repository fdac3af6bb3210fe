"""Quantisation of an exported network."""
