"""The sample shop, piece by piece: vocabulary -> catalogue -> story (planted events) -> shop (customers, orders, stock) ->
signals (clicks, reviews, market) -> tastes, buyers, contacts (who buys) -> searches, adverts -> dirt, truth -> files.
`../generate.py` runs them in this order."""
