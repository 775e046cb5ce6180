"""Benchmarks of speed, memory and truth. `python -m bench --help`; results are recorded in bench/results."""
