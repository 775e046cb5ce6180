"""The HTTP service: forecasts and recommendations of the served snapshot, for the shop's own programs."""
