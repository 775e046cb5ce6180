"""The states that a product's chance is asked for in a what-if, and why one has no answer."""

from __future__ import annotations

AS_IS = "as is"
STARTED, ENDED = "started", "ended"  # a promotion
IN_STOCK, OUT_OF_STOCK = "in stock", "out of stock"
PRICES = (-0.3, -0.2, -0.1, 0.1, 0.2, 0.3)  # changes of the price paid
IGNORED, NO_DATA, RARE, SOLD_SINCE = "ignored", "no data", "rare", "sold since"
FEW = 5  # products that have been in a state: with fewer, a model has nothing to go by
