"""Experiments: the same network under different settings, each with several seeds.

A plan (TOML) names the variants; ``python -m addersr.training.experiments`` runs what is missing
and writes the tables and plots of ``docs/science.md``. Runs are found by their settings, so plans
share them, and an interrupted campaign goes on where it stopped.
"""
