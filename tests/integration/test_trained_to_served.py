"""The really trained model from features to a published snapshot: every step the real one, the encoder tiny."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import shap
from fixtures.kept import copied, kept
from fixtures.shops import encoder, tables, write

from core.capabilities import scoring
from core.capabilities.forecast.explain import explain_product, export, read
from core.cli import main
from core.errors import UserError
from core.features.build import build, build_latest
from core.jobs import pipeline
from core.models.candidate import train
from core.models.registry import model, promote
from core.schema import ALL
from core.storage import snapshots
from core.workspace import Workspace

SMALL = {"trees_rounds": 40, "members": 1, "hidden": 16, "second": 8, "tower": 8, "token": 8}


def make_shop(folder: Path) -> None:
    workspace = Workspace(folder).create()
    workspace.save_settings(workspace.settings().with_values("model", encoder=encoder(), max_epochs=1))
    workspace.save_settings(workspace.settings().with_values("recipe", **SMALL))
    write(workspace, tables(products=24, days=330))
    build(workspace)


@pytest.fixture
def shop(tmp_path) -> Workspace:
    """A shop whose features are built."""
    return Workspace(copied(kept("built-shop", make_shop), tmp_path / "shop"))


def served(shop: Workspace, table: str) -> list[dict]:
    return pq.read_table(shop.root / "scored" / f"{table}.parquet").to_pylist()


def shown_by_shap_as_it_is_served(shop: Workspace, product: str) -> None:
    """The export of one forecast equals the served tables, and its page fetches nothing."""
    (forecast,) = [f for f in served(shop, "forecasts") if (f["product_id"], f["segment"]) == (product, ALL)]
    attributions = {
        a["driver"]: a["attribution"] for a in served(shop, "attributions") if (a["product_id"], a["segment"]) == (product, ALL)
    }
    record = export(shop, product, ALL, shop.root / "why.json")
    found = read(shop.root / "why.json")
    assert float(found.drivers.base_values) == pytest.approx(forecast["base_logit"], abs=1e-5)
    for explanation in (found.drivers, found.words):
        assert isinstance(explanation, shap.Explanation)
        assert float(explanation.base_values + explanation.values.sum()) == pytest.approx(forecast["logit"], abs=1e-5) == record["logit"]
    assert {name: v for name, v in zip(found.drivers.feature_names, found.drivers.values) if v} == pytest.approx(
        {name: v for name, v in attributions.items() if v}, abs=1e-5
    )
    shap.plots.waterfall(found.drivers, show=False)
    assert all(word in shap.plots.text(found.words, display=False) for word in found.words.feature_names)
    assert main(["explain", product, "--out", str(shop.root / "why.html"), "--workspace", str(shop.root)]) == 0
    page = (shop.root / "why.html").read_text(encoding="utf-8")
    assert (
        "momentum" in page
        and all(word in page for word in found.words.feature_names)
        and not re.search(r"<(script|img|iframe)[^>]*\ssrc=|<link[^>]*\shref=|@import|url\(\s*['\"]?https?:", page)
    )
    with pytest.raises(UserError, match="ends in .html or .json"):
        export(shop, product, ALL, shop.root / "why.pdf")
    with pytest.raises(UserError, match='no forecast for segment "nowhere"'):
        export(shop, product, "nowhere", shop.root / "why.json")


def test_a_really_trained_model_scores_and_explains_a_whole_shop(shop):
    """Training, scoring, publishing, then a rescore of the latest day."""
    promote(shop, train(shop, shop.settings()).model_id, "the first")
    first = scoring.score(shop)
    snapshots.publish(shop)  # checks in full: sums, keys, monotone quantiles
    assert first.rows["forecasts"] > first.rows["suggestions"] > 15 and first.rows["text_attributions"] > 15
    product = served(shop, "suggestions")[0]["product_id"]
    explained = explain_product(shop, product)
    (of_text,) = [
        a["attribution"] for a in served(shop, "attributions") if (a["product_id"], a["segment"], a["driver"]) == (product, ALL, "text")
    ]
    assert sum(w["attribution"] for w in explained["words"]) == pytest.approx(of_text, abs=1e-6)
    shown_by_shap_as_it_is_served(shop, product)
    build_latest(shop)
    again = scoring.score(shop)
    assert again.rows["forecasts"] == first.rows["forecasts"]
    snapshots.publish(shop)
    assert all(f["previous_rising_probability"] == pytest.approx(f["rising_probability"], abs=1e-6) for f in served(shop, "forecasts"))


def test_a_served_model_follows_what_came_of_its_forecasts_since_it_learnt(shop):
    learnt = json.loads((shop.panel / "panel.json").read_text())["origins"]
    trained = train(shop, shop.settings(), until=date.fromisoformat(learnt[-10])).model_id
    promote(shop, trained, "the first")
    assert len(learnt) > 20 and model(shop, trained).trained_until == date.fromisoformat(learnt[-10])
    told = {}
    for follows in (True, False):
        shop.save_settings(shop.settings().with_values("recipe", follow_level=follows))
        pipeline.rescore(shop)  # its snapshot is checked in full: attributions add up to the moved logits
        told[follows] = (
            {(f["product_id"], f["segment"]): f["logit"] for f in served(shop, "forecasts")},
            {m["metric"]: m["value"] for m in served(shop, "metrics") if m["metric"].startswith("level_")},
        )
    (moved, level), (fixed, nothing) = told[True], told[False]
    assert level["level_origins"] >= 4 and 0 <= level["level_rose"] <= 1 and abs(level["level_shift"]) > 1e-4 and not nothing
    assert all(moved[row] - fixed[row] == pytest.approx(level["level_shift"], abs=1e-5) for row in fixed)
