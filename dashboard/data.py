"""What the pages know: the snapshot that is served, answers to stored questions, models, jobs and history of the workspace."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from core import data_age, jobs, report
from core.capabilities.forecast import listing
from core.capabilities.forecast.listing import FACTS
from core.capabilities.inventory import plan as plans
from core.capabilities.inventory.control import NO_ORDER, Rules
from core.data_age import DataAge
from core.errors import NotReady
from core.messages import msg
from core.models import registry
from core.schema import ALL, LIKELY, WORTH_SAYING
from core.settings import Settings, Values, effective
from core.storage import snapshots
from core.storage.queries import Serving
from core.storage.state import TERMS, AuditEntry, Job, Override, PurchaseOrder, State
from core.workspace import Workspace

SCENARIOS = "inventory what-if"  # the page that core.storage.state keeps them under


def workspace() -> Workspace:
    """Return the shop that `upswing serve` was started for."""
    return Workspace.at()


def rules() -> Settings:
    """Return the rules that this rerun's snapshot was made under; what it does not record is today's setting."""
    return _rules(st.session_state["_snapshot"], workspace().own_settings())


def settings() -> Settings:
    """Return the settings in effect: those of `upswing.toml` over what imports had inferred when the snapshot was made."""
    return effective(workspace().own_values(), inferred())


def inferred() -> Values:
    """Return what imports had inferred for the shop when the snapshot was made, by section and name."""
    return _serving(folder).facts() if (folder := st.session_state.get("_snapshot")) else {}


def age() -> DataAge:
    """Return how old the snapshot's data are."""
    return data_age.age(meta().as_of.date(), settings())


# ---- the snapshot


def resolve() -> None:
    """Fix the served snapshot for this rerun, so that a page never mixes two. Raises UserError where CURRENT is wrong or a file of
    the snapshot has changed: a page shows verified tables or none."""
    st.session_state["_snapshot"] = st.session_state["_changes"] = None
    found = snapshots.current(workspace())
    if found is not None:
        snapshots.verify(found.path)
    st.session_state["_snapshot"] = str(found.path) if found else None


def has_snapshot() -> bool:
    return st.session_state.get("_snapshot") is not None


# A snapshot folder never changes, so its answers stay right for as long as anybody asks for it.
@st.cache_resource(max_entries=3, show_spinner=False)
def _serving(folder: str) -> Serving:
    return Serving(Path(folder))


# Streamlit takes milliseconds to hash settings, and every page asks for the rules several times.
@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs={Settings: repr})
def _rules(folder: str, today: Settings) -> Settings:
    return _serving(folder).rules(today)


@st.cache_data(max_entries=512, show_spinner=False)
def _answer(folder: str, question: str, values: dict) -> pd.DataFrame:
    return _serving(folder).ask(question, **values)


def _folder() -> str:
    """Return the folder of this rerun's snapshot. Raises NotReady where there is none."""
    folder = st.session_state.get("_snapshot")
    if folder is None:
        raise NotReady(
            expected=msg("Pages need a published snapshot."),
            found=msg("No snapshot has been published yet."),
            to_do=msg("Run `upswing run` first."),
        )
    return folder


def ask(question: str, **values) -> pd.DataFrame:
    """Return the cached result of core/capabilities/forecast/queries/<question>.sql on this rerun's snapshot, with thresholds filled in."""
    return _answer(_folder(), question, {"likely": LIKELY, "worth_saying": WORTH_SAYING, **values})


def later(question: str, **values) -> Callable[[], pd.DataFrame]:
    """Return what asks a question of this rerun's snapshot when it is called, outside the session too; a large answer is not kept."""
    serving = _serving(st.session_state["_snapshot"])
    return lambda: serving.ask(question, likely=LIKELY, worth_saying=WORTH_SAYING, **values)


def one(question: str, **values) -> Any:
    """Return the first row of an answer, a Series whose fields are its columns; None if there is none."""
    answer = ask(question, **values)
    return None if answer.empty else answer.iloc[0]


def checked() -> bool:
    """Return whether held-out weeks checked the snapshot's model: a short history has none, and in some nothing rises."""
    return "average_precision" in set(ask("metrics").metric)


def held_back() -> bool:
    """Return whether there were held-out weeks: they give calibration errors even where nothing rises."""
    return "brier" in set(ask("metrics").metric)


def meta() -> pd.Series:
    """Return the snapshot's facts about itself. They are shared, so nobody may alter them."""
    return _meta(_folder())


@st.cache_resource(max_entries=3, show_spinner=False)
def _meta(folder: str) -> pd.Series:
    return _serving(folder).ask("meta").iloc[0]


def last_days() -> dict[str, pd.Timestamp]:
    """Return the last day of each imported table that has one. It is shared, so nobody may alter it."""
    return _last_days(_folder())


@st.cache_resource(max_entries=3, show_spinner=False)
def _last_days(folder: str) -> dict[str, pd.Timestamp]:
    found = _serving(folder).ask("quality")
    found = found[(found.kind == "freshness") & found.last_day.notna()]
    return dict(zip(found.table_name, found.last_day))


def choices() -> dict:
    """Return what filters can offer: categories, brands, suppliers, segments (everyone first) and the ranges of price, age and stock."""
    found = one("choices").to_dict()
    for name in ("categories", "brands", "suppliers", "segments"):
        found[name] = [] if found[name] is None else [str(v) for v in found[name]]
    return found | {"segments": found["segments"] or [ALL]}


def feature_spread(segment: str = ALL) -> dict[str, list[float]]:
    """Return how the values of the features behind facts spread over a segment's products: quantiles at
    core.capabilities.forecast.facts.LEVELS."""
    return listing.spread(ask("feature_spread", facts=FACTS, segment=segment))


def segments() -> list[str]:
    """Return the customer groups that are forecast, everyone first."""
    return choices()["segments"]


# ---- the plan: the snapshot's suggestions under what planners changed. Both are cached as they are, so nobody may alter them.


def inventory_rules() -> Rules:
    return Rules.of(rules().inventory)


def order_template() -> tuple[str, ...]:
    return workspace().own_settings().inventory.order_columns


def planner() -> str:
    """Return the name that the user of this session has given."""
    named = (str(st.session_state.get(key) or "").strip() for key in ("planner", "author"))
    return next(filter(None, named), "dashboard")


def overrides() -> list[Override]:
    """Return all overrides, open and ended, oldest first."""
    return _overrides(str(workspace().root), changes())


@st.cache_resource(max_entries=2, show_spinner=False)
def _overrides(root: str, version: tuple) -> list[Override]:
    return State(Workspace(Path(root))).overrides()


def changes() -> tuple[tuple, int]:
    """Return a key that changes with everything that planners change: overrides and purchase orders. It is read once a rerun; what
    changes either calls `reread`."""
    if st.session_state.get("_changes") is None:
        state = State(workspace())
        st.session_state["_changes"] = state.overrides_version(), state.orders_version()
    return st.session_state["_changes"]


def reread() -> None:
    """Let the rest of this rerun see a change that it has just made."""
    st.session_state["_changes"] = None


def purchase_orders() -> list[PurchaseOrder]:
    """Return all purchase orders, oldest first."""
    return _orders(str(workspace().root), changes()[1])


@st.cache_resource(max_entries=2, show_spinner=False)
def _orders(root: str, version: int) -> list[PurchaseOrder]:
    return State(Workspace(Path(root))).purchase_orders()


def on_the_way() -> pd.DataFrame:
    """Return the open lines of purchase orders, and what of them the plan counts beside the imported ones."""
    based = _basis(st.session_state["_snapshot"], inventory_rules())
    figures = dict(zip(based.products.product_id, based.terms.on_order))
    return plans.on_the_way(purchase_orders(), based.deliveries, figures, based.as_of)


def basis() -> plans.Basis:
    """Return the inputs of the plan under the service levels and lead times in force, and with purchase orders on the way."""
    return _replanned(st.session_state["_snapshot"], inventory_rules(), basis_key(), _terms(), purchase_orders())


def basis_key() -> tuple:
    """Return a key that changes with what `basis` is planned from, beside the snapshot and its rules."""
    return tuple(o.id for o in _terms()), changes()[1]


def _terms() -> list[Override]:
    return [o for o in overrides() if o.field in TERMS and o.ended_at is None]


@st.cache_resource(max_entries=2, show_spinner=False)
def _basis(folder: str, rules: Rules) -> plans.Basis:
    return plans.read(_serving(folder), rules)


@st.cache_resource(max_entries=4, show_spinner=False)
def _replanned(folder: str, rules: Rules, key: tuple, _terms: list[Override], _orders: list[PurchaseOrder]) -> plans.Basis:
    return plans.replanned(_basis(folder, rules), _terms, _orders)


def plan() -> pd.DataFrame:
    """Return the plan, one row a product, as core.capabilities.inventory.plan.make gives it; of stale data without passed days."""
    standing = plans.standing(overrides(), purchase_orders())
    return _plan(st.session_state["_snapshot"], inventory_rules(), changes(), _passed(), basis(), standing)


def _passed() -> date | None:
    """Return the day before which the plan names no day; None where the data are recent enough for any."""
    return age().passed


@st.cache_resource(max_entries=4, show_spinner=False)
def _plan(folder: str, rules: Rules, version: tuple, passed: date | None, _based: plans.Basis, _made: list[Override]) -> pd.DataFrame:
    return plans.without_passed(plans.make(_based, _made), passed)


def planned(product: str) -> pd.Series | None:
    """Return a product's row of the plan, None where it has none."""
    found = plan()
    found = found[found.product_id == product]
    return None if found.empty else found.iloc[0]


def headline() -> pd.Series:
    """Return the shop in one row: the question's, and by the plan to_order, order_cost_cents, stock_known, stock_unknown."""
    planned = plan()
    ordered, unknown = planned.order_units > 0, int(planned.status.isin(NO_ORDER).sum())
    return pd.concat(
        [
            one("headline"),
            pd.Series(
                {
                    "to_order": int(ordered.sum()),
                    "order_cost_cents": plans.total(planned.line_cost_cents[ordered]),
                    "stock_known": len(planned) - unknown,
                    "stock_unknown": unknown,
                }
            ),
        ]
    )


def stock_known() -> bool:
    """Return whether any product has a stock figure that orders can be planned from."""
    return plans.stock_known(plan())


def decisions(limit: int) -> pd.DataFrame:
    """Return decisions by the plan, up to `limit` of each kind: kind, product and reason."""
    return _decisions(st.session_state["_snapshot"], inventory_rules(), (changes(), _passed()), limit, plan())


@st.cache_data(max_entries=16, show_spinner=False)
def _decisions(folder: str, rules: Rules, version: tuple, limit: int, _plan: pd.DataFrame) -> pd.DataFrame:
    return plans.decisions(_serving(folder), _plan, limit)


def money() -> dict[str, plans.Amount] | None:
    """Return the shop in money: revenue and margin that likely risers bring beyond their usual rate, margin at risk, excess stock, and
    what the suggested orders gain. None where interest is no sales."""
    if meta().signal != "orders":
        return None
    return _money(st.session_state["_snapshot"], inventory_rules(), changes(), plan(), placed(math.inf), basis())


@st.cache_resource(max_entries=8, show_spinner=False)
def _money(
    folder: str, rules: Rules, version: tuple, _plan: pd.DataFrame, _bought: pd.DataFrame, _based: plans.Basis
) -> dict[str, plans.Amount]:
    return plans.worth(_based, _plan, _bought, _answer(folder, "own_units", {}))


def placed(budget_cents: float | None, suppliers: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return the plan as orders that can be placed, of these suppliers or of all, within a budget where there is one."""
    folder, rules = st.session_state["_snapshot"], inventory_rules()
    ranking = _ranking(folder, rules, basis_key(), basis())
    return _placed(folder, rules, (changes(), _passed()), budget_cents, suppliers, plan(), ranking)


@st.cache_resource(max_entries=4, show_spinner=False)
def _ranking(folder: str, rules: Rules, ids: tuple, _based: plans.Basis) -> plans.Ranking:
    return plans.rank(_based)


@st.cache_resource(max_entries=8, show_spinner=False)
def _placed(
    folder: str, rules: Rules, version: tuple, budget: float | None, suppliers: tuple, _plan: pd.DataFrame, _ranking: plans.Ranking
) -> pd.DataFrame:
    return plans.within(_plan[_plan.supplier.isin(suppliers)] if suppliers else _plan, _ranking, budget)


def weekly_report(language: str) -> Callable[[], str]:
    """Return what makes the weekly report of this rerun's snapshot when it is called, outside the session too."""
    place, folder = workspace(), Path(st.session_state["_snapshot"])
    return lambda: report.html(place, folder, language)


def plan_problems() -> dict[str, int]:
    """Return the number of products with each problem. Planners' changes do not affect it."""
    return _problems(st.session_state["_snapshot"], inventory_rules())


@st.cache_resource(max_entries=2, show_spinner=False)
def _problems(folder: str, rules: Rules) -> dict[str, int]:
    return plans.problem_counts(_basis(folder, rules).products)


def plan_version(asked: dict) -> str:
    """Return a key that differs where the rows of a filtered plan may differ."""
    told = (st.session_state["_snapshot"], changes(), sorted(asked.items()))
    return hashlib.sha256(repr(told).encode()).hexdigest()[:12]


def hindsight() -> pd.DataFrame:
    """Planners' quantities whose time is over, against what was needed."""
    made = overrides()
    products = sorted({o.name for o in made if o.field == "order_units"})
    return plans.hindsight(made, ask("plan_sales", products=products), meta().as_of.date())


# ---- what changes while one looks: models, jobs, audit


def models() -> list[registry.Model]:
    return registry.models(workspace())


def previous_champion() -> str | None:
    return registry.previous_champion(workspace())


def kept_snapshots() -> list[snapshots.Snapshot]:
    return snapshots.history(workspace())


def recent_jobs(kinds: tuple[str, ...], limit: int = 20) -> list[Job]:
    """Return the latest jobs of these kinds, newest first."""
    return jobs.recent(workspace(), limit, *kinds)


def last_import() -> Job | None:
    """Return the last import that kept files, even where forecasting then failed: `result` has its text and its report as a dictionary."""
    return next((job for job in recent_jobs(("import",)) if "report" in job.result), None)


def stored_imports() -> tuple[Job | None, Job | None]:
    """Return the last list of imports and the last check of an undo, each None where the warehouse has changed since."""
    changed = max((job.id for job in recent_jobs(("import", "undo", "numbers")) if job.status not in ("queued", "cancelled")), default=0)
    look, check = (next((job for job in recent_jobs((kind,)) if job.status == "done"), None) for kind in ("look", "check_undo"))
    return tuple(job if job is not None and job.id > changed else None for job in (look, check))  # type: ignore[return-value]


def waiting_files() -> Job | None:
    """The last check of files that are still there and not imported."""
    return jobs.waiting_files(workspace())


@st.cache_data(show_spinner=False, max_entries=4)
def first_values(files: tuple[str, ...]) -> dict[str, dict[str, list[str]]]:
    """The first values of each column of files that wait to be imported. They are shown, and stored nowhere."""
    from core.ingest.preview import first_values as read

    return read([Path(file) for file in files])


def last_done(kind: str) -> Job | None:
    """Return the last completed job of a kind with a summary, such as a backtest's or a simulation's."""
    return next((job for job in jobs.recent(workspace(), 20, kind, status="done") if "summary" in job.result), None)


def explained(product_id: str, model: str) -> pd.DataFrame:
    """Return the words of a product that a job explained for this model: position, text, attribution; empty before it has."""
    for job in jobs.recent(workspace(), 50, "explain", status="done"):
        if job.result.get("product_id") == product_id and job.result.get("model") == model:
            return pd.DataFrame(job.result["words"], columns=["position", "text", "attribution"])
    return pd.DataFrame(columns=["position", "text", "attribution"])


def worker_alive() -> bool:
    return jobs.worker_alive(workspace())


def audit(limit: int = 30) -> list[AuditEntry]:
    return State(workspace()).audit(limit)
