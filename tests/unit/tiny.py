"""Tiny stand-ins for the model's tests: an encoder that loads in milliseconds, a panel with a planted cause."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from core.schema import DEMAND_WEEKS

WORDS = ["lamp", "red", "candle", "bag", "holder", "heart", "##s", "灯", "红", "good", "bad"]
FEATURES = [("pace", "demand"), ("trend", "momentum"), ("trend_long", "momentum"), ("price", "price"), ("stars", "reviews"),
            ("views", "attention")]


def tiny_encoder(folder: Path, seed: int = 0, pooler: bool = True) -> Path:
    """A random BERT of two layers, 16 wide, over a dozen words: a real checkpoint folder; with or without a pooler's weights."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", *WORDS]
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    config = BertConfig(vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
                        max_position_embeddings=32)
    BertModel(config, add_pooling_layer=pooler).save_pretrained(folder)
    return folder


def tiny_panel(folder: Path, products: int = 60, origins: int = 40, seed: int = 3, segments: tuple[str, ...] = ("all", "GB"),
               shuffled: bool = False) -> Path:
    """A panel folder as the features step writes it. What rises: a high trend, and anything with a heart in its title.

    `stars` (reviews) is missing in half of the products, `views` (attention) everywhere, `trend_long` in one row of ten. The last
    four origins have not matured. shuffled: labels drawn anew from all rows, so that nothing can be learnt.
    """
    import pyarrow as pa
    import pyarrow.parquet as parquet

    random = np.random.default_rng(seed)
    titles = [" ".join(random.choice(WORDS[:5], 2, replace=False)) + (" heart" if i % 4 == 0 else "") for i in range(products)]
    grid = np.meshgrid(np.arange(products), np.arange(origins), np.arange(len(segments)), indexing="ij")
    product, origin, segment = (a.ravel() for a in grid)
    n = len(product)
    columns = {name: random.normal(size=n).astype(np.float32) for name, _ in FEATURES}
    columns["pace"] = random.gamma(2.0, 5.0, size=n).astype(np.float32)
    columns["trend_long"][random.random(n) < 0.1] = np.nan
    columns["stars"][product % 2 == 0] = np.nan
    columns["views"][:] = np.nan
    heart = product % 4 == 0
    chance = 1 / (1 + np.exp(-(2.0 * columns["trend"] + 2.0 * heart - 3.0)))
    rising = (random.random(n) < chance).astype(float)
    falling = (random.random(n) < 1 / (1 + np.exp(2.0 * columns["trend"] + 2.5))).astype(float)
    if shuffled:
        rising, falling = random.permutation(rising), random.permutation(falling)
    matured = origin < origins - 4
    order = np.lexsort((np.array(segments)[segment], origin, [f"p{p:03}" for p in product]))
    as_of = np.datetime64("2010-01-03") + 7 * np.arange(origins)
    table = {"as_of": as_of[origin][order], "product_id": [f"p{p:03}" for p in product[order]],
             "segment": np.array(segments)[segment[order]],
             **{name: pa.array(columns[name][order], from_pandas=True) for name, _ in FEATURES},
             "n_base": columns["pace"][order].astype(float), "n_horizon": columns["pace"][order].astype(float),
             "expected": columns["pace"][order].astype(float),
             "rising": pa.array((rising > 0)[order], mask=~matured[order]), "falling": pa.array((falling > 0)[order], mask=~matured[order]),
             "tail": pa.array(np.where(rising > 0, 0.01, 0.5)[order], mask=~matured[order]), "prior_a": np.ones(n), "prior_b": np.ones(n),
             "own_pace_orders": columns["pace"][order].astype(float),
             "days_on_sale": (7 * origin[order]).astype(np.int32)}
    for w in DEMAND_WEEKS:
        base = 0.25 * w * columns["pace"][order]
        units = random.poisson(base * np.exp(0.5 * rising[order])).astype(np.float32)
        table[f"base_w{w}"] = base.astype(np.float32)
        table[f"units_w{w}"] = pa.array(units, mask=~(origin[order] + w < origins))
    folder.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.table(table), folder / "panel.parquet", row_group_size=1000)
    parquet.write_table(pa.table({"product_id": [f"p{p:03}" for p in range(products)], "text": titles}), folder / "texts.parquet")
    (folder / "panel.json").write_text(json.dumps({
        "as_of": str(as_of[-1]), "first_day": "2009-01-04", "signal": "orders", "origins": [str(d) for d in as_of],
        "segments": list(segments), "segment_attribute": "country", "horizon_days": 28,
        "code_version": "test", "settings": {}, "rows": n, "whole_units": True,
        "features": [{"name": name, "driver": driver, "unit": "", "meaning": name} for name, driver in FEATURES]}))
    return folder
