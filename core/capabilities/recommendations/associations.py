"""How products go together in purchases: EASE by its closed form; nearest products by cosine in large assortments.

EASE: H. Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sparse
from scipy.linalg import lapack

MOST_FOR_EASE = 6_000  # products: it inverts a dense matrix of all of them
PENALTY = 300.0
NEAREST = 100
_ROWS = 512


def associations(bought: sparse.csr_matrix) -> np.ndarray | sparse.csr_matrix:
    """Return (products, products): how much a purchase of the row's product raises the score of the column's; the diagonal is 0.

    bought: (customers, products) weights.
    """
    return ease(bought) if bought.shape[1] <= MOST_FOR_EASE else nearest(bought)


def ease(bought: sparse.csr_matrix, penalty: float = PENALTY) -> np.ndarray:
    """Return EASE's weights, float32.

    >>> both = sparse.csr_matrix(np.array([[1.0, 1, 0], [1, 1, 0], [0, 0, 1]]))
    >>> abs(ease(both, 1.0)).astype(float).round(2).tolist()
    [[0.0, 0.67, 0.0], [0.67, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    gram = np.asfortranarray((bought.T @ bought).toarray(), dtype=np.float32)
    gram[np.diag_indices_from(gram)] += penalty
    factor, _ = lapack.spotrf(gram, lower=1, overwrite_a=1)
    inverse, _ = lapack.spotri(factor, lower=1, overwrite_c=1)
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    weights = inverse / -np.diag(inverse)
    weights[np.diag_indices_from(weights)] = 0
    return weights


def nearest(bought: sparse.csr_matrix, count: int = NEAREST) -> sparse.csr_matrix:
    """Return the cosine of each product to its `count` nearest by the customers who bought both.

    >>> nearest(sparse.csr_matrix(np.array([[1.0, 1, 0], [1, 1, 0], [0, 0, 1]])), 1).toarray().astype(float).round(2).tolist()
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    length = np.sqrt(np.asarray(bought.multiply(bought).sum(0)).ravel())
    unit = (bought @ sparse.diags_array(1 / np.maximum(length, 1e-9))).tocsc()
    kept = []
    for start in range(0, unit.shape[1], _ROWS):
        block = (unit[:, start : start + _ROWS].T @ unit).toarray()
        block[np.arange(len(block)), start + np.arange(len(block))] = 0
        places = np.argpartition(-block, min(count, block.shape[1]) - 1, axis=1)[:, :count]
        rows = np.repeat(np.arange(len(block)), places.shape[1])
        kept.append(sparse.csr_matrix((block[rows, places.ravel()], (rows, places.ravel())), shape=block.shape))
    found = sparse.vstack(kept).astype(np.float32).tocsr()
    found.eliminate_zeros()
    return found
