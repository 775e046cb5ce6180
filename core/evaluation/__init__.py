"""Evaluation: metrics, baselines, backtests, simulations and tuning."""
