"""Charts (DataFrame -> Figure), cards and tables that more than one page shows."""
