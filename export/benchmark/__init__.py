"""Whole networks, picture in to picture out, beside their CNN twin: ``make bench-models``."""
