"""Shuffled labels give no skill in any metric, and corrupted futures change nothing: through the whole backtest, whatever is fitted.

A new part of training that is fitted on texts, labels or priors (pretraining, another tuning, a penalty) joins by one line in FITTED.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fixtures.panels import WORDS, write_daily, write_panel
from fixtures.tiny import tiny_encoder

import core.evaluation.backtest
from core.evaluation import metrics
from core.evaluation.backtest import backtest
from core.evaluation.baselines import demand as demand_baselines
from core.evaluation.baselines import rising as baselines
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS
from core.storage import duckdb as db
from core.workspace import Workspace

SMALL = {"recipe": {"members": 1, "hidden": 16, "second": 8, "tower": 16, "token": 8, "trees_rounds": 60}}
FITTED = {  # name -> settings by section: ways of training that fit something of their own, as many at once as go together
    "default": {},
    "pretrained": {"recipe": {"pretrain_epochs": 1, "pretrain_learning_rate": 1e-3}},
    "tuned": {"model": {"tuning": "last-1"}, "recipe": {"segment_share": 1.0, "objective": "brier"}},
}
SHIPS = "default"  # `make test` checks this one, `make test-all` the others too
fitted_ways = pytest.mark.parametrize("fitted", [pytest.param(way, marks=[] if way == SHIPS else pytest.mark.whole) for way in FITTED])
FIRST = date(2020, 1, 5) + timedelta(7 * 44)  # the first test origin
PRODUCTS, LATE = 60, range(50, 60)  # the late ones come after FIRST: nothing of theirs, texts included, may be learnt
WEEKS_4 = DEMAND_WEEKS.index(4)
# Every metric of the rising probability at which a shuffled panel gives nothing to win; the first ones have to notice real skill.
NOTICES = ("average_precision", "brier_skill", "brier", "log_loss", "precision_at_50_pooled", "lift_top_tenth")
METRICS = (*NOTICES, "precision_at_50", "ece", "accuracy", "precision", "recall", "f1")


@pytest.fixture(autouse=True, scope="module")
def quick():
    with pytest.MonkeyPatch.context() as patch:
        for module in (baselines, demand_baselines):
            patch.setattr(module, "TREES", 20)
        patch.setattr(baselines, "THREADS", 1)
        patch.setitem(demand_baselines.LIGHTGBM, "num_threads", 1)
        patch.setattr(core.evaluation.backtest.demand, "SAMPLE_PRODUCTS", 6)
        patch.setattr(metrics, "REPLICATES", 3)
        patch.setattr(core.evaluation.backtest.judgement, "SLICE_REPLICATES", 3)
        yield


@pytest.fixture(scope="module")
def encoder(tmp_path_factory) -> str:
    return str(tiny_encoder(tmp_path_factory.mktemp("encoder")))


def shop(folder: Path, encoder: str, fitted: dict, epochs: int = 4, **options) -> Workspace:
    workspace = Workspace(folder).create()
    write_panel(workspace.panel, products=PRODUCTS, seed=4, **options)
    write_daily(workspace.warehouse, products=PRODUCTS)
    settings = workspace.settings().with_values("model", encoder=encoder, max_epochs=epochs, device="cpu")
    for part in (SMALL, fitted):
        for section, values in part.items():
            settings = settings.with_values(section, **values)
    workspace.save_settings(settings)
    return workspace


def evidence_of(workspace: Workspace, monkeypatch, **options):
    """Everything that the model and the baselines said in a backtest."""
    found = []
    judge = core.evaluation.backtest.judge
    monkeypatch.setattr(core.evaluation.backtest, "judge", lambda evidence, progress: found.append(evidence) or judge(evidence, progress))
    backtest(workspace, workspace.root / "out", test_from=FIRST, **options)
    return found[0]


# ---- shuffled labels


def by_chance(y, p, origin, times: int = 100) -> tuple[dict, dict[str, np.ndarray]]:
    """(metrics as they are, metrics under permuted outcomes): labels dealt out over the rows are exchangeable, so the test is exact.

    A hundred permutations: a metric without skill fails with a chance of 1 in 101, and one whose skill is 3 standard errors hardly ever.
    """
    random, orders = np.random.default_rng(0), metrics.prepare(p, origin)
    drawn = [metrics.summary(random.permutation(y), p, origin, orders=orders) for _ in range(times)]
    return metrics.summary(y, p, origin, orders=orders), {name: np.array([d[name] for d in drawn]) for name in METRICS}


def luck(name: str, value: float, chance: np.ndarray) -> float:
    """How often chance does at least as well."""
    return float(np.mean(chance >= value if name in metrics.HIGHER_IS_BETTER else chance <= value))


@fitted_ways
def test_shuffled_labels_give_no_skill_in_any_metric_and_real_ones_do(tmp_path, encoder, fitted, monkeypatch):
    """Of 100 permutations of the outcomes some do at least as well where there is no skill, and none where there is."""
    for shuffled in (True, False):
        said = evidence_of(shop(tmp_path / str(shuffled), encoder, FITTED[fitted], shuffled=shuffled), monkeypatch, baselines=())
        if shuffled:
            gives_no_skill_in_demand(said)
        whole = said.segment == "all"
        origin = said.origin[whole]
        for what, truth, p in (("rising", said.y, said.rising["model"]), ("falling", said.fell, said.falling)):
            value, chance = by_chance(truth[whole].astype(float), p[whole], origin)
            for name in METRICS:
                if np.isfinite(value[name]) and shuffled:
                    assert luck(name, value[name], chance[name]) > 0, (what, name)
            if what == "rising" and not shuffled:
                assert {name: luck(name, value[name], chance[name]) for name in NOTICES} == dict.fromkeys(NOTICES, 0.0)
            if shuffled:
                assert value["brier_skill"] < 0.02, what  # calibrated chances of nothing are the share of risers


def gives_no_skill_in_demand(said) -> None:
    """Realised units are dealt out over the rows, so no order of them suits the forecasts better than the real one."""
    known = (said.segment == "all") & np.isfinite(said.actual[:, WEEKS_4])
    q, actual, random = said.demand["model"][known][:, WEEKS_4].astype(float), said.actual[known][:, WEEKS_4], np.random.default_rng(0)
    loss = metrics.weighted_quantile_loss(actual, q, DEMAND_LEVELS)
    assert any(metrics.weighted_quantile_loss(random.permutation(actual), q, DEMAND_LEVELS) <= loss for _ in range(400))


# ---- corrupted futures


def late_products_gone(workspace: Workspace) -> None:
    """Products LATE have no row up to FIRST."""
    file = workspace.panel / "panel.parquet"
    table = pq.read_table(file).to_pandas()
    late = table["product_id"].isin([f"p{i:03d}" for i in LATE])
    pq.write_table(pa.Table.from_pandas(table[~late | (table["as_of"] > FIRST)], preserve_index=False), file)


def corrupt_future(workspace: Workspace) -> None:
    """What is known only after FIRST, out of recognition: labels and outcomes, later rows with their features and priors, units by day,
    and the texts of products that come later (of the same length, so that no batch of texts changes its shape)."""
    random, file = np.random.default_rng(9), workspace.panel / "panel.parquet"
    table = pq.read_table(file).to_pandas()
    days = table["as_of"].to_numpy().astype("datetime64[D]")
    first = np.datetime64(FIRST)
    later, unknown = days > first, days + np.timedelta64(28, "D") > first
    for name in ("rising", "falling"):
        table.loc[unknown & table[name].notna(), name] = True
    for name in ("n_horizon", "expected"):
        table.loc[unknown & table[name].notna(), name] = 777.0
    for weeks in DEMAND_WEEKS:
        beyond = (days + np.timedelta64(7 * weeks, "D") > first) & table[f"units_w{weeks}"].notna()
        table.loc[beyond, f"units_w{weeks}"] = 999.0
    for name in ("month_on_month", "orders_28d", "year_ago_lift", "n_base", "prior_a", "prior_b", "own_pace_orders", "base_w4"):
        table.loc[later, name] = (50 * random.random(later.sum())).astype(table[name].dtype)
    pq.write_table(pa.Table.from_pandas(table, preserve_index=False), file)
    texts = pq.read_table(workspace.panel / "texts.parquet").to_pandas()
    for i in LATE:
        texts.loc[i, "text"] = texts.loc[i, "text"].replace(WORDS[i % len(WORDS)], WORDS[(i + 1) % len(WORDS)])
    pq.write_table(pa.Table.from_pandas(texts, preserve_index=False), workspace.panel / "texts.parquet")
    with db.connect(workspace.warehouse) as con:
        con.execute("update daily set units = 500 where day > ?", [FIRST])


@fitted_ways
def test_a_corrupted_future_changes_nothing_that_is_said_at_the_first_test_origin(tmp_path, encoder, fitted, monkeypatch):
    """Model, calibrators, every baseline and the demand, to the bit; all that is fitted was fitted before."""
    running = None if fitted == "default" else ()
    said = []
    for corrupted in (False, True):
        workspace = shop(tmp_path / str(corrupted), encoder, FITTED[fitted], epochs=1)  # equal to the bit, however little is learnt
        late_products_gone(workspace)
        if corrupted:
            corrupt_future(workspace)
        monkeypatch.setattr(
            core.evaluation.backtest, "time", SimpleNamespace(monotonic=lambda: 0.0)
        )  # both tree searches get the same time
        said.append(evidence_of(workspace, monkeypatch, test_until=FIRST + timedelta(14), baselines=running))
    first, other = [e.origin == np.datetime64(FIRST) for e in said]
    before, after = said
    assert first.sum() == other.sum() == 2 * (PRODUCTS - len(LATE)) and not (before.y[~first] == after.y[~other]).all()
    for part in ("rising", "without", "demand"):
        mine, theirs = getattr(before, part), getattr(after, part)
        assert mine.keys() == theirs.keys() and mine
        for name in mine:
            assert mine[name][first].tobytes() == theirs[name][other].tobytes(), (part, name)
    assert before.falling[first].tobytes() == after.falling[other].tobytes()
    if running is None:
        assert len(before.rising) == 1 + len(baselines.BASELINES) and len(before.demand) > 2
