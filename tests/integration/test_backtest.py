"""The backtest tells the truth: its files, its embargo, no skill without signal, and a rival that wins is the winner."""

from __future__ import annotations

import json
import sys
from datetime import date, timedelta
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from fixtures.panels import Regression, write_daily, write_panel
from fixtures.shops import encoder
from sklearn.metrics import average_precision_score

from core.errors import Cancelled, NotReady, UserError
from core.evaluation.backtest import as_known, backtest, judgement
from core.evaluation.backtest import demand as demand_part
from core.evaluation.backtest.ablations import ABLATIONS, choose_ablations
from core.evaluation.backtest.blocks import plan
from core.evaluation.baselines import DEMAND_BASELINES
from core.evaluation.baselines import demand as demand_baselines
from core.evaluation.baselines import rising as baselines
from core.models.panel import Panel
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS
from core.settings import Settings, TrainingConfig
from core.workspace import Workspace

PREDICTIONS = [
    "block",
    "origin",
    "product_id",
    "segment",
    "rising_probability",
    "falling_probability",
    "rising",
    "falling",
    "n_base",
    "n_horizon",
    "expected",
    "days_on_sale",
]
DEMAND = ["block", "origin", "product_id", "segment", "weeks", "level", "quantile", "actual"]
SUNDAYS = [date(2020, 1, 5) + timedelta(7 * k) for k in range(56)]


@pytest.fixture(autouse=True, scope="module")
def quick():
    """Few trees and replicates, and no time for a search: what is tested here does not hang on their number, nor on the machine's speed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(baselines, "TREES", 40)
        patch.setattr(baselines, "THREADS", 1)
        patch.setitem(baselines.LIGHTGBM, "learning_rate", 0.15)
        patch.setattr(demand_baselines, "TREES", 5)
        patch.setitem(demand_baselines.LIGHTGBM, "num_threads", 1)
        patch.setattr(demand_part, "SAMPLE_PRODUCTS", 10)
        patch.setattr(judgement.metrics, "REPLICATES", 60)
        patch.setattr(judgement, "SLICE_REPLICATES", 10)
        patch.setattr("core.evaluation.backtest.time", SimpleNamespace(monotonic=lambda: 0.0))
        yield


def shop(folder, **options) -> Workspace:
    workspace = Workspace(folder).create()
    workspace.save_settings(workspace.settings().with_values("model", encoder=encoder()))
    write_panel(workspace.panel, **options)
    write_daily(workspace.warehouse, products=options.get("products", 80))
    return workspace


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """(workspace, report) of a backtest in blocks."""
    workspace = shop(tmp_path_factory.mktemp("shop"))
    return workspace, backtest(workspace, workspace.root / "out", fit=Regression)


def test_the_files_have_exactly_the_columns_of_the_design(done):
    _, report = done
    assert sorted(f.name for f in report.out.iterdir()) == [
        "demand.parquet",
        "metrics.json",
        "predictions.parquet",
        "report.html",
        "report.zh.html",
    ]
    assert pq.read_schema(report.out / "predictions.parquet").names == PREDICTIONS
    assert pq.read_schema(report.out / "demand.parquet").names == DEMAND


def test_predictions_hold_every_labelled_row_of_the_test_origins_once(done):
    workspace, report = done
    table = pq.read_table(report.out / "predictions.parquet")
    keys = list(zip(*(table[c].to_pylist() for c in ("origin", "product_id", "segment"))))
    tested = {o for b in report.metrics["blocks"] for o in SUNDAYS if b["test_from"] <= str(o) <= b["test_until"]}
    assert len(keys) == len(set(keys)) == len(tested) * 80 * 2
    assert {k[0] for k in keys} == tested
    panel = Panel.open(workspace.panel, workspace.cache)
    truth = {
        (a.astype(date), panel.products[p], panel.segments[s]): r
        for a, p, s, r in zip(panel.as_of, panel.product, panel.segment, panel.rising)
    }
    assert [truth[k] > 0 for k in keys] == table["rising"].to_pylist()


def test_demand_holds_each_week_and_level_and_is_null_where_the_weeks_have_not_passed(done):
    _, report = done
    table = pq.read_table(report.out / "demand.parquet").to_pandas()
    rows = pq.read_metadata(report.out / "predictions.parquet").num_rows
    assert len(table) == rows * len(DEMAND_WEEKS) * len(DEMAND_LEVELS)
    assert sorted(table["level"].unique()) == list(DEMAND_LEVELS)
    last = SUNDAYS[0] + timedelta(7 * 59)
    passed = [o + timedelta(7 * w) <= last for o, w in zip(table["origin"], table["weeks"])]
    assert (table["actual"].notna() == passed).all() and not all(passed)
    one = table[(table["origin"] == table["origin"].iloc[0]) & (table["product_id"] == "p003") & (table["segment"] == "all")]
    assert one.pivot(index="weeks", columns="level", values="quantile").shape == (5, 9)


def test_every_metric_has_its_interval_for_all_and_for_each_slice(done):
    _, report = done
    stored = json.loads((report.out / "metrics.json").read_text())
    assert stored == report.metrics
    names = {"model", *(b.name for b in baselines.BASELINES), *(b.name for b in DEMAND_BASELINES if not b.missing())}
    assert set(stored["metrics"]) == names == set(stored["learners"])
    assert {"all", "block 1", "segment GB", "20 and more orders in the base window", "8 weeks to a year on sale"} <= set(stored["slices"])
    for learner, slices in stored["metrics"].items():
        for name, figures in slices.items():
            for metric, figure in figures.items():
                assert set(figure) == {"value", "low", "high"}, (learner, name, metric)
    for name in stored["slices"]:
        for metric in ("average_precision", "brier_skill", "precision_at_50", "ece", "wql_4w", "bias_4w", "coverage_80_4w"):
            figure = stored["metrics"]["model"][name][metric]
            assert figure["low"] <= figure["high"], (name, metric)


def test_the_main_figure_is_that_of_the_written_predictions_of_segment_all(done):
    _, report = done
    table = pq.read_table(report.out / "predictions.parquet").to_pandas().query("segment == 'all'")
    figure = report.metrics["metrics"]["model"]["all"]["average_precision"]
    assert figure["value"] == pytest.approx(average_precision_score(table["rising"], table["rising_probability"]))
    assert figure["low"] < figure["value"] < figure["high"]


def test_baselines_of_segment_all_are_not_judged_on_other_segments(done):
    figures = done[1].metrics["metrics"]
    assert "segment GB" not in figures["lightgbm"] and "segment GB" in figures["lightgbm_text_segments"]


def test_every_demand_learner_is_compared_on_one_sample_and_the_quick_ones_on_all(done):
    figures = done[1].metrics["metrics"]
    for learner in ("model", "seasonal_naive", "lightgbm_quantile", "twelve_week_mean"):
        assert {"wql_4w", "mase_4w", "bias_4w", "coverage_80_4w"} <= set(figures[learner]["demand sample"]), learner
        assert ("all" in figures[learner]) == (learner != "twelve_week_mean")
    assert "wql_4w" in figures["lightgbm_quantile"]["all"] and "wql_8w" not in figures["lightgbm_quantile"]["all"]
    sample = done[1].metrics["slices"]["demand sample"]
    assert sample["origins"] == 2 * len(done[1].metrics["blocks"]) and 0 < sample["rows"] <= 10 * sample["origins"]
    html = (done[1].out / "report.html").read_text()
    whole, sample = (part.split("</table>")[0] for part in html.split("<h2>Demand quantiles")[1].split("<table>")[1:])
    assert "<td>LightGBM quantiles</td>" in whole and "<td>LightGBM quantiles</td>" in sample
    assert "Mean of the last 12 weeks" not in whole and "Mean of the last 12 weeks" in sample


def test_a_baseline_whose_package_is_missing_is_left_out_and_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "statsforecast", None)
    demand = tuple(b.name for b in DEMAND_BASELINES)
    report = backtest(shop(tmp_path, products=30), tmp_path / "out", test_from=SUNDAYS[48], fit=Regression, baselines=demand)
    lacking = {b.name for b in DEMAND_BASELINES if b.needs == ("statsforecast",)}
    assert report.metrics["left_out"] == {name: ["statsforecast"] for name in lacking} and len(lacking) == 4
    assert not lacking & (set(report.metrics["metrics"]) | set(report.metrics["learners"]))
    assert "auto_ets was left out because a package is not installed: statsforecast." in (report.out / "report.html").read_text()


def test_the_ablation_says_what_a_driver_adds_to_the_model_itself(done):
    found = done[1].metrics["ablation"]
    assert set(found) == {"momentum"} and {"all", "block 1"} <= set(found["momentum"])
    for metric in ("average_precision", "brier_skill"):
        figure = found["momentum"]["all"][metric]
        assert figure["value"] > figure["low"] > 0  # the made-up risers follow momentum


class Switched(Regression):
    """One whose skill hangs on a switch: with the squared error as its loss it ranks the wrong way round."""

    def __init__(self, panel, rows, settings, progress):
        super().__init__(panel, rows, settings, progress)
        self.wrong = settings.recipe.objective == "brier"

    def predict(self, panel, rows, without=""):
        predicted = super().predict(panel, rows, without)
        return predicted | {"rising": 1 - predicted["rising"]} if self.wrong else predicted


def test_each_switch_is_refitted_flipped_alone_on_the_same_rows_and_judged_on_the_same_resamples(tmp_path):
    learnt = []

    class Watched(Switched):
        def __init__(self, panel, rows, settings, progress):
            super().__init__(panel, rows, settings, progress)
            learnt.append((settings.recipe, settings.model, rows))

    workspace = shop(tmp_path, products=30)
    report = backtest(workspace, tmp_path / "out", test_from=SUNDAYS[44], fit=Watched, switches=("objective", "members"), baselines=())
    assert [r for r, _, _ in learnt] == [TrainingConfig(), TrainingConfig(objective="brier"), TrainingConfig(members=1)]
    assert all((rows == learnt[0][2]).all() and model == learnt[0][1] for _, model, rows in learnt)
    found, said = report.metrics["switches"], report.metrics["switch_settings"]
    assert set(found) == set(said) == {"objective", "members"} and "all" in found["objective"]
    assert found["objective"]["all"]["average_precision"]["low"] > 0 and found["objective"]["all"]["brier_skill"]["verdict"] == "ahead"
    assert {(f["value"], f["low"], f["high"], f["verdict"]) for f in found["members"]["all"].values()} == {(0.0, 0.0, 0.0, "even")}
    assert said["objective"] == {
        "setting": "recipe.objective",
        "is": "log",
        "instead": "brier",
        "seconds": 0.0,
        "meaning": said["objective"]["meaning"],
    }
    html = (report.out / "report.html").read_text()
    assert "squared error of the probability" in html and "Upswing minus itself retrained" in html
    assert "objective" in str(report.text())


def test_every_switch_is_a_setting_with_something_to_flip_to_and_a_flipped_one_goes_back_to_the_default():
    for switch in ABLATIONS:
        flipped = switch.changed_settings(Settings())
        assert switch.setting(flipped) == switch.value != switch.setting(Settings()), switch.name
        assert switch.changed_settings(flipped) == Settings() and switch.meaning
    assert (
        len({switch.name for switch in ABLATIONS}) == len(ABLATIONS) == len(choose_ablations((), Settings()))
        and choose_ablations(None, Settings()) == {}
    )


def test_a_backtest_takes_the_blocks_and_baselines_that_were_asked_for(done, tmp_path):
    report = backtest(done[0], tmp_path / "out", fit=Regression, blocks=(2,), baselines=("base_rate", "seasonal_naive"))
    (block,) = report.metrics["blocks"]
    assert block["block"] == 2 and block["test_from"] == done[1].metrics["blocks"][1]["test_from"]
    assert set(report.metrics["learners"]) == {"model", "base_rate", "seasonal_naive"}
    alone = backtest(done[0], tmp_path / "alone", fit=Regression, blocks=(2,), baselines=())
    assert set(alone.metrics["metrics"]) == {"model"} and alone.metrics["differences"] == {}
    assert "no baseline" in str(alone.text()) and "Best" not in str(alone.text())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"blocks": (9,)}, "The blocks are 1, 2"),
        ({"switches": ("warp",)}, "The ablations are objective"),
        ({"baselines": ("oracle",)}, "The baselines are base_rate"),
    ],
)
def test_a_block_switch_or_baseline_that_there_is_not_is_refused(done, tmp_path, given, message):
    with pytest.raises(UserError, match=message):
        backtest(done[0], tmp_path / "out", fit=Regression, **given)
    assert not (tmp_path / "out").exists()


def test_slices_tell_ages_text_and_categories_apart(done):
    slices = done[1].metrics["slices"]
    assert slices["category lamps"]["products"] == 27 and slices["category mugs"]["products"] == 27
    assert slices["text of 30 to 99 characters"]["rows"] == slices["all"]["rows"]  # "winter thing number 0. maker. goods" and its like
    assert "text with Chinese" not in slices


def test_a_second_run_gives_the_same_figures(done, tmp_path):
    workspace, report = done
    again = backtest(workspace, tmp_path, fit=Regression, baselines=("lightgbm", "lightgbm_quantile")).metrics
    assert again["slices"] == report.metrics["slices"]
    for part in ("metrics", "differences"):
        assert again[part] == {learner: report.metrics[part][learner] for learner in again[part]} and "lightgbm" in again[part]


def test_the_page_is_self_contained_and_well_formed_where_it_draws(done):
    html = (done[1].out / "report.html").read_text()
    assert "http://" not in html and "https://" not in html and "<script" not in html
    drawings = html.split("<svg")[1:]
    assert len(drawings) == 2
    for drawing in drawings:
        assert drawing.count("<polyline") >= 3 and "nan" not in drawing


def test_a_shop_whose_name_is_markup_stays_text_on_the_page(tmp_path):
    workspace = shop(tmp_path, products=30, origins=34)
    workspace.save_settings(workspace.settings().with_values("shop", name="<b>Sons & Co</b>"))
    html = (backtest(workspace, tmp_path / "out", fit=Regression, baselines=()).out / "report.html").read_text()
    assert "&lt;b&gt;Sons &amp; Co&lt;/b&gt;" in html and "<b>Sons" not in html


@pytest.mark.parametrize("shuffled", [True, False])
def test_shuffled_labels_give_no_skill_through_the_whole_backtest(tmp_path, shuffled):
    """The labels of a shuffled panel are exchangeable over rows, so a permutation test of the predictions is exact: each
    of its p values is below 0.002 with that probability. The unshuffled panel shows that the test would notice skill."""
    workspace, rivals = shop(tmp_path, shuffled=shuffled, seed=4), ("lightgbm", "lightgbm_text", "momentum")
    report = backtest(workspace, tmp_path / "out", test_from=SUNDAYS[40], fit=Regression, baselines=rivals)
    table = pq.read_table(report.out / "predictions.parquet").to_pandas().query("segment == 'all'")
    random = np.random.default_rng(0)
    y, p = table["rising"].to_numpy(), table["rising_probability"].to_numpy()
    observed = average_precision_score(y, p)
    chance = np.array([average_precision_score(random.permutation(y), p) for _ in range(500)])
    assert ((chance >= observed).mean() < 0.002) == (not shuffled)
    for learner in ("model", *rivals):
        figure = report.metrics["metrics"][learner]["all"]
        slack = 4 * chance.std()  # four standard errors of average precision by chance: once in 30,000
        assert (figure["average_precision"]["value"] > y.mean() + slack) == (not shuffled), learner
        assert (figure["brier_skill"]["value"] > 0.01) == (not shuffled), learner


class Blind(Regression):
    """Ranks the wrong way round."""

    def predict(self, panel, rows, without=""):
        predicted = super().predict(panel, rows, without)
        return predicted | {"rising": 1 - predicted["rising"]}


def test_a_baseline_that_wins_is_reported_as_winning(tmp_path):
    workspace = shop(tmp_path, products=50)
    report = backtest(workspace, tmp_path / "out", test_from=SUNDAYS[44], fit=Blind, baselines=("lightgbm", "lightgbm_text"))
    best = report.metrics["best"]["all"]["average_precision"]
    assert best.startswith("lightgbm")
    assert report.metrics["differences"][best]["all"]["average_precision"]["verdict"] == "behind"
    assert report.metrics["differences"][best]["all"]["brier"]["verdict"] == "behind"  # lower is better, and ours is higher
    title = report.metrics["learners"][best]
    for text in (str(report.text()), (report.out / "report.html").read_text()):
        assert f"Best average precision: {title}; Upswing is " in text and "behind. The difference is more than chance." in text


def test_a_model_that_wins_is_reported_as_ahead(tmp_path):
    class Oracle(Regression):
        def predict(self, panel, rows, without=""):
            return super().predict(panel, rows) | {"rising": 0.05 + 0.9 * panel.rising[rows]}

    workspace = shop(tmp_path, products=50)
    rivals = tuple(b.name for b in baselines.BASELINES)
    report = backtest(workspace, tmp_path / "out", test_from=SUNDAYS[44], fit=Oracle, baselines=rivals).metrics
    assert {report["best"]["all"][m] for m in ("average_precision", "brier", "brier_skill")} == {"model"}
    assert {report["differences"][b.name]["all"]["brier"]["verdict"] for b in baselines.BASELINES} == {"ahead"}


# ---- the level follows


class Low(Regression):
    """Says half of the odds."""

    def predict(self, panel, rows, without=""):
        predicted = super().predict(panel, rows, without)
        return predicted | {"rising": predicted["rising"] / (2 - predicted["rising"])}


def test_the_level_follows_what_came_of_earlier_forecasts_and_knows_nothing_of_later_outcomes(tmp_path):
    workspace = shop(tmp_path, products=120, seed=2)
    later = shop(tmp_path / "later", products=120, seed=2)
    day, file = np.datetime64(SUNDAYS[48]), later.panel / "panel.parquet"
    panel = pq.read_table(file)
    unknown = panel["as_of"].to_numpy() > day - np.timedelta64(28, "D")
    turned = pc.if_else(pa.array(unknown), pc.invert(panel["rising"]), panel["rising"])
    pq.write_table(panel.set_column(panel.column_names.index("rising"), "rising", turned), file)
    told = {}
    for name, place, follows in (("followed", workspace, True), ("fixed", workspace, False), ("later", later, True)):
        place.save_settings(place.settings().with_values("recipe", follow_level=follows))
        report = backtest(place, tmp_path / f"out {name}", train_until=SUNDAYS[36], test_from=SUNDAYS[44], fit=Low, baselines=())
        told[name] = pq.read_table(report.out / "predictions.parquet").to_pandas().set_index(["origin", "product_id", "segment"])
    moved = (told["followed"].rising_probability - told["fixed"].rising_probability).groupby("origin")
    assert (moved.min() > 0).all()
    early = told["followed"].index.get_level_values("origin").to_numpy().astype("datetime64[D]") <= day
    assert 0 < early.sum() < len(early)
    same = told["followed"].rising_probability == told["later"].rising_probability
    assert same[early].all() and not same[~early].any()


# ---- what is learnt from


def test_a_learner_sees_nothing_that_was_not_known_at_the_first_test_origin(tmp_path):
    found = {}

    class Spy(Regression):
        def __init__(self, panel, rows, settings, progress):
            super().__init__(panel, rows, settings, progress)
            found.update(panel=panel, rows=rows)

    workspace = shop(tmp_path, products=30)
    backtest(workspace, tmp_path / "out", train_until="2020-08-02", test_from="2020-09-06", test_until="2020-09-20", fit=Spy, baselines=())
    panel, first = found["panel"], np.datetime64("2020-09-06")
    assert panel.as_of[found["rows"]].max() == np.datetime64("2020-08-02")
    assert (panel.as_of[np.isfinite(panel.rising)] + 28 <= first).all()
    for i, weeks in enumerate(DEMAND_WEEKS):
        known = np.isfinite(panel.units[:, i])
        assert known.any() and (panel.as_of[known] + 7 * weeks <= first).all()
    assert np.isnan(panel.units[found["rows"], 4]).any()  # 13 weeks from August reach into the test


def test_labels_after_the_first_test_origin_do_not_change_what_is_learnt(tmp_path):
    workspace = shop(tmp_path, products=30)
    panel, day = Panel.open(workspace.panel, workspace.cache), date(2020, 9, 6)
    other = as_known(panel, day, 28)
    late = panel.as_of + 28 > np.datetime64(day)
    assert np.isnan(other.rising[late]).all() and np.isnan(other.expected[late]).all()
    assert (other.rising[~late] == panel.rising[~late]).all() and other.x is panel.x


def test_the_setting_since_bounds_what_is_learnt_from(tmp_path):
    workspace = shop(tmp_path, products=30)
    workspace.save_settings(workspace.settings().with_values("model", since="2020-04-05"))
    report = backtest(workspace, tmp_path / "out", test_from=SUNDAYS[48], fit=Regression, baselines=()).metrics
    assert report["blocks"][0]["train_from"] == "2020-04-05"


def test_no_block_learns_from_fewer_origins_than_the_least_because_of_since(tmp_path):
    workspace = shop(tmp_path, products=30)
    workspace.save_settings(workspace.settings().with_values("model", since=str(SUNDAYS[24])))
    blocks = backtest(workspace, tmp_path / "out", fit=Regression, baselines=()).metrics["blocks"]
    assert [(b["test_from"], b["train_until"]) for b in blocks] == [(str(b.test[0]), str(b.train_until)) for b in plan(SUNDAYS[24:], 28)]
    assert all(b["train_from"] == str(SUNDAYS[24]) for b in blocks)


def test_a_since_that_leaves_too_little_is_refused(tmp_path):
    workspace = shop(tmp_path, products=30)
    workspace.save_settings(workspace.settings().with_values("model", since="2020-12-06"))
    with pytest.raises(UserError, match="earlier `since`"):
        backtest(workspace, tmp_path / "out", fit=Regression)


# ---- what is asked for


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"train_until": "31.7.2020"}, "--train-until takes a date"),
        ({"test_from": "2020-8"}, "--test-from takes a date"),
    ],
)
def test_a_date_that_is_none_is_refused_by_its_option(done, tmp_path, given, message):
    with pytest.raises(UserError, match=message):
        backtest(done[0], tmp_path / "out", **given)


def test_a_backtest_without_a_panel_names_the_step_to_run(workspace, tmp_path):
    with pytest.raises(NotReady, match="upswing features"):
        backtest(workspace, tmp_path / "out")


def test_a_file_in_the_place_of_the_folder_is_refused(done, tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(UserError, match="is written into a folder"):
        backtest(done[0], tmp_path / "out", fit=Regression)
    assert (tmp_path / "out").read_text() == "mine"


def test_a_backtest_tells_how_far_it_is_and_stops_when_asked(done, tmp_path):
    heard = []

    def progress(step, share, message="", **figures):
        heard.append((step, share, message, figures))
        if step == "judge":
            raise Cancelled()

    with pytest.raises(Cancelled):
        backtest(done[0], tmp_path / "out", fit=Regression, baselines=("base_rate",), progress=progress)
    shares = [share for step, share, _, _ in heard if step == "backtest"]
    assert shares == sorted(shares) and 0 <= shares[0] and shares[-1] <= 1
    assert any("half way" in str(message) and figures == {"loss": 0.2} for _, _, message, figures in heard)
    assert not (tmp_path / "out" / "metrics.json").exists()


def test_the_drawings_are_well_formed_xml_once_attributes_are_quoted(done):
    import re

    for drawing in re.findall(r"<svg.*?</svg>", (done[1].out / "report.html").read_text(), re.S):
        quoted = re.sub(r"=([^\s'\">/]+)(?=[\s/>])", r'="\1"', drawing)
        assert ElementTree.fromstring(quoted).tag == "svg"
