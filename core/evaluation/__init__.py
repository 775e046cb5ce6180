"""Whether the model is right: metrics, baselines, backtests, simulations and tuning."""
