"""Read purchases from the warehouse, with the names behind their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import scipy.sparse as sparse

from core.capabilities.recommendations.purchases import Purchases
from core.storage.engine import Engine


@dataclass(frozen=True)
class Read:
    """Purchases with the ids of customers and products, in the order of their numbers.

    segment  (n,) of each purchase: 0 = all, then in the order of the segments that were asked for
    similar  (products, products) sparse: cosine similarity of near texts
    """

    purchases: Purchases
    customers: pa.Array
    products: list[str]
    segment: np.ndarray
    similar: sparse.csr_matrix


def read_purchases(engine: Engine, as_of: date, neighbours: Path, segments: list[str]) -> Read:
    """Return what known customers bought until a day. engine: with the table order_lines; neighbours: the panel's file."""
    found = engine.arrow("scoring/customer_purchases", as_of=as_of, segments=segments)
    customer, product, segment = (found[name].combine_chunks().dictionary_encode() for name in ("customer_id", "product_id", "segment"))
    products = product.dictionary.to_pylist()
    category = {row["product_id"]: row["category"] for row in engine.rows("scoring/categories")}
    _, of = np.unique([category.get(name) or "" for name in products], return_inverse=True)
    place = {name: k + 1 for k, name in enumerate(segments)}
    purchases = Purchases(
        customer.indices.to_numpy(),
        product.indices.to_numpy(),
        found["day"].cast(pa.int32()).to_numpy(),
        len(customer.dictionary),
        len(products),
        of.astype(np.int32),
    )
    segment_of = np.array([place.get(name, 0) for name in segment.dictionary.to_pylist()], np.int32)[segment.indices.to_numpy()]
    return Read(purchases, customer.dictionary, products, segment_of, _similar(engine, neighbours, products))


def _similar(engine: Engine, neighbours: Path, products: list[str]) -> sparse.csr_matrix:
    engine.register("similar_products", neighbours)
    pairs = engine.arrow("scoring/similar_pairs")
    place = {name: k for k, name in enumerate(products)}
    rows, columns = (np.array([place.get(name, -1) for name in pairs[side].to_pylist()], int) for side in ("product_id", "neighbour_id"))
    known = (rows >= 0) & (columns >= 0)
    values = np.maximum(pairs["similarity"].to_numpy()[known], 0).astype(np.float32)
    return sparse.csr_matrix((values, (rows[known], columns[known])), shape=(len(products), len(products)))
