"""Trees for demand: they move the net's quantiles a share of the way, all weeks together, and come back from a model folder."""

from dataclasses import replace

import numpy as np
import pytest
from fixtures.tiny import tiny_encoder, tiny_panel

from core.models import demand_trees
from core.models.demand_trees import DemandTrees, fit_demand_trees
from core.models.panel import Panel, within
from core.models.predict import FittedModel
from core.models.train import fit
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS
from core.settings import ModelSettings, TrainingConfig

MEDIAN = DEMAND_LEVELS.index(0.5)
QUICK = TrainingConfig(refit=False, batch_rows=512, learning_rate=5e-3, trees_share=0.0, members=1, hidden=16, second=8, tower=8, token=8)


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch):
    monkeypatch.setattr(demand_trees, "ROUNDS", 40)


@pytest.fixture(scope="module")
def panel(tmp_path_factory) -> Panel:
    """A shop that sells twice its base where the price is high, and half of it elsewhere."""
    found = Panel.open(tiny_panel(tmp_path_factory.mktemp("panel")), tmp_path_factory.mktemp("cache"))
    ratio = np.where(found.x[:, found.feature_names.index("price")] > 0, 2.0, 0.5).astype(np.float32)
    return replace(found, units=np.where(np.isfinite(found.units), found.base * ratio[:, None], np.nan).astype(np.float32))


def grown(panel: Panel, share: float) -> DemandTrees | None:
    rows = panel.matured()
    return fit_demand_trees(panel, rows, panel.units[rows], replace(QUICK, demand_trees_share=share), seed=7)


def at_the_base(panel: Panel, rows: np.ndarray) -> np.ndarray:
    """(n, T, L) quantiles that all say the base."""
    return np.repeat(panel.base[rows].astype(float)[..., None], len(DEMAND_LEVELS), axis=2)


def test_trees_know_what_the_net_does_not_and_all_weeks_go_along(panel):
    rows = np.arange(0, len(panel), 7)
    moved = grown(panel, 1.0)(at_the_base(panel, rows), panel, rows)[..., MEDIAN]
    high = panel.x[rows, panel.feature_names.index("price")] > 0
    ratio = moved / panel.base[rows]
    assert (np.median(ratio[high], axis=0) > 1.4).all() and (np.median(ratio[~high], axis=0) < 0.85).all()


def test_half_a_share_goes_half_of_the_way_in_logs(panel):
    rows = np.arange(50)
    floor = 0.1 * np.array([1, 2, 4, 8, 13])
    net, half, whole = (
        np.log((q + floor)[:, 2])
        for q in (
            at_the_base(panel, rows)[..., MEDIAN],
            *(grown(panel, s)(at_the_base(panel, rows), panel, rows)[..., MEDIAN] for s in (0.5, 1.0)),
        )
    )
    np.testing.assert_allclose(half, (net + whole) / 2, atol=1e-6)


def test_a_pace_beyond_all_that_was_seen_is_followed_half_of_the_way(panel):
    features = [*panel.features, *({"name": name, "driver": "demand", "unit": ""} for name in ("own_pace", "units_per_order"))]

    def at(times: float) -> Panel:
        one = np.ones(len(panel), dtype=np.float32)
        return replace(panel, x=np.column_stack([panel.x, panel.base[:, 0] * times, one]), features=features)

    trees, rows = grown(at(1.0), 1.0), np.arange(0, len(panel), 7)
    fast, faster = (trees(at_the_base(panel, rows), at(times), rows)[:, 2:, MEDIAN] for times in (1e4, 3e4))
    floor = 0.1 * np.array(DEMAND_WEEKS)[2:]
    np.testing.assert_allclose((faster + floor) / (fast + floor), np.sqrt(3.0), rtol=1e-4)


def test_without_an_order_that_tells_a_pace_the_base_stands_for_it(panel):
    rows = np.arange(50)
    assert np.array_equal(demand_trees.pace(panel, rows, 2), np.log(panel.base[rows, 2].astype(np.float64)))


def test_quantiles_never_cross_whatever_the_net_says(panel):
    rows = np.arange(200)
    wild = np.random.default_rng(1).gamma(1.0, 20.0, size=(200, 5, len(DEMAND_LEVELS)))
    moved = grown(panel, 0.6)(wild, panel, rows)
    assert np.isfinite(moved).all() and (moved >= 0).all() and (np.diff(moved, axis=1) >= 0).all() and (np.diff(moved, axis=2) >= 0).all()


def test_the_far_weeks_have_trees_of_their_own_and_the_weeks_between_go_between(panel):
    far = np.array(panel.units)
    far[:, 4] *= 3
    rows = np.arange(0, len(panel), 7)
    other = replace(panel, units=far)
    usual, more = (grown(p, 1.0)(at_the_base(p, rows), p, rows)[..., MEDIAN] + 0.1 * np.array(DEMAND_WEEKS) for p in (panel, other))
    ratio = np.median(more / usual, axis=0)
    assert ratio[:3] == pytest.approx(1) and 1.3 < ratio[3] < ratio[4] < 3.2 and ratio[4] > 2


def test_the_far_weeks_trees_count_for_as_much_as_half_a_year_of_origins_has_taught_them(panel):
    known = np.unique(panel.as_of[np.isfinite(panel.units[:, 4])])
    of_half = np.where(np.isin(panel.as_of, known[:13]) | (np.arange(5) != 4)[:, None], panel.units.T, np.nan).T
    young = grown(replace(panel, units=of_half), 1.0)
    assert young.trust == 0.5 and grown(panel, 1.0).trust == 1 and DemandTrees.from_arrays(young.arrays(), 1.0).trust == 0.5
    rows = np.arange(50)
    floor = 0.1 * np.array(DEMAND_WEEKS)
    near, half, far = (np.log(replace(young, trust=t)(at_the_base(panel, rows), panel, rows)[..., MEDIAN] + floor) for t in (0.0, 0.5, 1.0))
    np.testing.assert_allclose(half[:, 0], near[:, 0])
    np.testing.assert_allclose(half[:, 4], (near[:, 4] + far[:, 4]) / 2, atol=0.02)  # weeks never fall, which may lift one of them


def test_where_no_far_week_is_known_yet_the_near_one_speaks_for_all(panel):
    near = np.array(panel.units)
    near[:, 4] = np.nan
    only = grown(replace(panel, units=near), 1.0)
    assert len(only.ensembles) == 1 and len(DemandTrees.from_arrays(only.arrays(), 1.0).ensembles) == 1
    rows = np.arange(50)
    moved = only(at_the_base(panel, rows), panel, rows)[..., MEDIAN] + 0.1 * np.array(DEMAND_WEEKS)
    ratio = moved / (panel.base[rows] + 0.1 * np.array(DEMAND_WEEKS))
    np.testing.assert_allclose(ratio, np.repeat(ratio[:, :1], 5, axis=1), rtol=1e-5)


def test_without_a_share_or_with_few_rows_there_are_none(panel):
    assert grown(panel, 0.0) is None
    rows = panel.matured()[:100]
    assert fit_demand_trees(panel, rows, panel.units[rows], QUICK, seed=7) is None


def test_a_model_folder_gives_them_back_to_the_last_digit(panel, tmp_path):
    encoder = str(tiny_encoder(tmp_path / "encoder"))
    model = fit(panel, panel.matured(), ModelSettings(encoder=encoder, max_epochs=1, device="cpu"), recipe=QUICK)
    model.save(tmp_path / "model")
    loaded, latest = FittedModel.load(tmp_path / "model"), panel.latest()
    assert loaded.demand_trees.share == QUICK.demand_trees_share and loaded.weights_hash() == model.weights_hash()
    assert np.array_equal(loaded.predict(panel, latest)["demand"], model.predict(panel, latest)["demand"])
    assert not np.array_equal(replace(loaded, demand_trees=None).predict(panel, latest)["demand"], model.predict(panel, latest)["demand"])


def test_the_demand_head_reads_as_they_are_the_columns_that_drivers_read_as_ranks(panel, tmp_path):
    column = panel.feature_names.index("trend")
    features = [f | {"unit": "times"} if f["name"] == "trend" else f for f in panel.features]
    ranked = replace(panel, features=features, ranks=within(panel.x[:, [column]], panel.as_of.astype(np.int64)))
    settings = ModelSettings(encoder=str(tiny_encoder(tmp_path / "encoder")), max_epochs=1, device="cpu")
    model, latest = fit(ranked, ranked.matured(), settings, recipe=replace(QUICK, demand_trees_share=0.0)), ranked.latest()
    assert model.net.config.plain == (column,)
    x = np.array(ranked.x)
    x[:, column] += 2  # the whole shop trends: no rank changes
    before, after = (model.predict(p, latest) for p in (ranked, replace(ranked, x=x)))
    assert np.array_equal(before["logit"], after["logit"]) and not np.array_equal(before["demand"], after["demand"])
