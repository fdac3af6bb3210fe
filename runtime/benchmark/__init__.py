"""How fast models run here, beside each other, and under which conditions.

``measure`` times, ``report`` writes google/benchmark's JSON, ``comparison`` reads two of those;
``docs/benchmark.md`` says what the figures mean.
"""
