"""The sample shop, piece by piece: vocabulary -> catalogue -> story (planted events) -> shop (customers, orders, stock) ->
signals (clicks, reviews, market) -> dirt, truth -> files. `../generate.py` runs them in this order."""
