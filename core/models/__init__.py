"""The forecasting model: arrays in, forecasts and attributions out. Nothing here reads SQL."""
