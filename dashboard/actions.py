"""What a press of a button does. Everything goes through the state store; long work is the worker's."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from core import jobs, settings_changes
from core.capabilities.feature import lists
from core.capabilities.inventory import plan
from core.errors import UserError
from core.messages import msg
from core.models import registry
from core.schema import ALL
from core.settings import Values
from core.storage import snapshots
from core.storage.state import FEATURED, Job, Line, PurchaseOrder, State
from dashboard import data
from dashboard.data import workspace

ACTOR = "dashboard"


def retrain(tuning: str, since: str) -> Job:
    """Request a retraining; return the one that is queued or running, if any."""
    return jobs.request(workspace(), "retrain", {"tuning": tuning, "since": since}, ACTOR)


def rescore() -> Job:
    return jobs.request(workspace(), "rescore", {}, ACTOR)


def backtest() -> Job:
    return jobs.request(workspace(), "backtest", {}, ACTOR)


def simulate() -> Job:
    return jobs.request(workspace(), "simulate", {}, ACTOR)


def explain(product_id: str) -> Job:
    """Request the words of one product."""
    return jobs.request(workspace(), "explain", {"product_id": product_id}, ACTOR)


def check_files(files: list, preset: str) -> Job:
    """Keep uploaded files in the workspace and ask what an import would understand of them. files: Streamlit's UploadedFile; a TOML
    file among them is the mapping of the others, and stands in for the preset. Raises UserError for two mappings, and where nothing
    else is there."""
    mappings = [f for f in files if f.name.lower().endswith(".toml")]
    if len(mappings) > 1 or len(mappings) == len(files):
        raise UserError(
            expected=msg("An import takes data files with at most one mapping (.toml)."),
            found=msg("These files were chosen: {files}.", files=[f.name for f in files]) if files else msg("No file is chosen."),
            to_do=msg("Choose the data together with its mapping."),
        )
    try:
        with jobs.uploading(workspace()) as folder:
            layout = {"mapping": str(keep(folder, mappings[0].name, mappings[0].getvalue()))} if mappings else {"preset": preset}
            kept = [str(keep(folder, f.name, f.getvalue())) for f in files if f not in mappings]
            return jobs.request(workspace(), "check", {"files": kept, **layout}, ACTOR)
    finally:
        jobs.drop_uploads(workspace())


def add_pictures(files: list) -> Job:
    """Keep uploaded images or archives of them in the workspace and ask for their pictures to be added. Raises UserError for none."""
    if not files:
        raise UserError(
            expected=msg("Pictures come from images, or from a .zip of them."),
            found=msg("No file is chosen."),
            to_do=msg("Choose images that are named after product numbers."),
        )
    with jobs.uploading(workspace()) as folder:
        kept = [str(keep(folder, f.name, f.getvalue())) for f in files]
        return jobs.request(workspace(), "pictures", {"files": kept}, ACTOR)


def check_again(check: Job, answers: dict[str, str], shop: dict) -> Job:
    """Ask what an import of the same files would understand with these answers, over those given before. shop: settings for later."""
    return jobs.request(workspace(), "check", _answered(check, answers) | ({"shop": shop} if shop else {}), ACTOR)


def import_checked(check: Job, answers: dict[str, str], shop: dict) -> Job:
    """Asks for the import of checked files. shop: settings of the shop to save with it."""
    return jobs.request(workspace(), "import", _answered(check, answers) | {"shop": shop or check.arguments.get("shop", {})}, ACTOR)


def _answered(check: Job, answers: dict[str, str]) -> dict:
    return check.arguments | {"answers": check.arguments.get("answers", {}) | answers}


def remove_files(check: Job) -> None:
    """Deletes files that wait to be imported."""
    jobs.let_go(workspace(), check)


def keep(folder: Path, name: str, content: bytes) -> Path:
    """Write an upload to a folder of its own, named by its hash, so that it keeps its name: the last part of it, tamed."""
    tame = re.sub(r"[^\w.\-]+", "_", Path(name.replace("\\", "/")).name).lstrip(".") or "file"
    end = tame.encode()[-120:].decode(errors="ignore")  # a file system counts bytes, of which a Chinese character has three
    own = folder / hashlib.sha256(content).hexdigest()[:12]
    own.mkdir(mode=0o700, exist_ok=True)
    target = own / end
    temporary = target.with_name(target.name + ".part")
    temporary.touch(mode=0o600)
    temporary.write_bytes(content)
    return temporary.replace(target)


def look_at_imports() -> Job:
    """Request the list of imports that can be taken back, and of product numbers."""
    return jobs.request(workspace(), "look", {}, ACTOR)


def check_undo(import_id: str) -> Job:
    """Request what taking back an import would change."""
    return jobs.request(workspace(), "check_undo", {"import_id": import_id}, ACTOR)


def undo_import(import_id: str) -> Job:
    return jobs.request(workspace(), "undo", {"import_id": import_id}, ACTOR)


def decide_numbers(decisions: list[tuple[str, str, str]]) -> Job:
    """Request decisions about product numbers: (old, new, kind) each."""
    return jobs.request(workspace(), "numbers", {"decisions": [list(one) for one in decisions]}, ACTOR)


def cancel(job_id: int) -> None:
    jobs.cancel(workspace(), job_id)


def promote(model_id: str, reason: str) -> Job:
    """Promote a model and request its forecasts."""
    return jobs.promote_and_rescore(workspace(), model_id, reason, ACTOR)


def discard(model_id: str, reason: str) -> None:
    registry.discard(workspace(), model_id, reason, ACTOR)


def back_to_previous_model(reason: str) -> Job:
    """Promote the previous champion again and request its forecasts."""
    registry.rollback(workspace(), reason, ACTOR)
    return rescore()


def serve_snapshot(snapshot_id: str, reason: str) -> None:
    snapshots.rollback(workspace(), snapshot_id, reason, ACTOR)


def change(wanted: list[dict], reason: str, comment: str) -> list[int]:
    """Set planners' values, all or none; return what `undo` takes. wanted: scope, name, field, value, expires_on each. Raises UserError."""
    rows, bases = data.plan(), _bases([one["name"] for one in wanted if one["field"] == "order_units"])
    of_product = rows.set_index("product_id", drop=False)
    made = State(workspace()).set_overrides(
        [
            one
            | {
                "before": plan.before(
                    of_product.loc[[one["name"]]] if one["scope"] == "product" else rows, one["scope"], one["name"], one["field"]
                ),
                "basis": bases.get(one["name"]) if one["field"] == "order_units" else None,
            }
            for one in wanted
        ],
        reason=reason,
        comment=comment,
        actor=data.planner(),
    )
    data.reread()
    return [override.id for override in made]


def _bases(products: list[str]) -> dict[str, dict]:
    """Return what hindsight will need of the quantities of these products."""
    if not products:
        return {}
    rows, sales, as_of = data.plan().set_index("product_id"), data.ask("plan_sales", products=products), data.meta().as_of.date()
    by_product, none = dict(list(sales.groupby("product_id"))), sales.head(0)
    return {product: plan.remembered(rows.loc[product], by_product.get(product, none), as_of) for product in products}


def change_settings(changes: Values) -> None:
    """Set settings; None takes one out of `upswing.toml`. Raises UserError, and changes nothing, where a value is not allowed."""
    if columns := changes.get("inventory", {}).get("order_columns"):
        plan.order_columns(columns)
    settings_changes.change(workspace(), changes, data.planner())


def send_test_message() -> Job:
    return jobs.request(workspace(), "test_message", {}, data.planner())


def keep_scenario(name: str, scenario: plan.Scenario) -> None:
    """Save a what-if scenario under its name, in place of one of the same name."""
    State(workspace()).save_view(data.SCENARIOS, name, asdict(scenario), data.planner())


def take_back(override_id: int) -> None:
    State(workspace()).end_override(override_id, data.planner())
    data.reread()


def undo(change: list[int]) -> None:
    """Undo a change: what it replaced holds again."""
    State(workspace()).undo_overrides(change, data.planner())
    data.reread()


def order(lines: pd.DataFrame, ship_to: str, terms: str) -> list[PurchaseOrder]:
    """Record a draft purchase order for each supplier of these rows of the plan."""
    state, currency, actor = State(workspace()), data.meta().currency, data.planner()
    try:
        return [
            state.create_order(str(supplier), _lines(theirs), currency=currency, ship_to=ship_to, terms=terms, actor=actor)
            for supplier, theirs in lines.groupby("supplier")
        ]
    finally:
        data.reread()


def _lines(rows: pd.DataFrame) -> list[Line]:
    """Return the lines of an order that is placed today, or on the day that a row goes out where that is later."""
    today = pd.Timestamp.today().normalize()
    return [
        Line(
            row.product_id,
            row.title,
            float(row.order_units),
            float(row.unit_cost_cents) if row.unit_cost_cents > 0 else None,
            ((row.goes_out if row.goes_out > today else today) + pd.Timedelta(days=float(np.ceil(row.lead_time_days)))).date(),
        )
        for row in rows.itertuples()
    ]


def set_order_status(number: str, status: str, on: date | None, received: dict[str, float]) -> None:
    State(workspace()).set_order_status(number, status, data.planner(), on=on, received=received)
    data.reread()


def watch(product: str) -> None:
    State(workspace()).watch(product, data.planner())


def unwatch(product: str) -> None:
    State(workspace()).unwatch(product)


def add_note(product: str, text: str) -> None:
    """Add a note to a product under the user's name. Raises UserError without one, and for an empty or overlong note."""
    if data.planner() == ACTOR:
        raise UserError(
            expected=msg("A note carries the name of its author."),
            found=msg("No name is given."),
            to_do=msg("Fill in your name."),
        )
    State(workspace()).add_note(product, text, data.planner())


def delete_note(note_id: int) -> None:
    State(workspace()).delete_note(note_id)


def save_view(page: str, name: str, choices: dict[str, list[str]], private: bool) -> None:
    """Save the controls of a page under a name. Raises UserError for a view without a name, and for a private one of nobody's."""
    who = data.planner()
    if not name.strip() or private and who == ACTOR:
        raise UserError(
            expected=msg("A view needs a name. A private view also needs your name."),
            found=msg("A field is empty."),
            to_do=msg("Fill it in."),
        )
    State(workspace()).save_view(page, name.strip(), choices, who, private)


def delete_view(page: str, name: str, owner: str) -> None:
    State(workspace()).delete_view(page, name, owner)


def set_alerts(product: str, thresholds: dict[str, float | None]) -> None:
    """Set the alerts on a product by kind; None for none."""
    for kind, threshold in thresholds.items():
        State(workspace()).set_alert(product, kind, threshold, data.planner())


def pick(products: list[str], way: str) -> None:
    """Let lists to feature always or never name these products; "" leaves them to the lists."""
    State(workspace()).pick(products, way, data.planner())


def keep_featured(
    name: str, segment: str, products: pd.DataFrame, share: float, first_day: date, last_day: date, dose: float, seen: dict | None = None
) -> None:
    """Keep featuring a list as an action, less a control of this share. products: product_id, expected_units; seen: in which share of
    cases each change would be seen. Raises UserError."""
    seed = lists.new_seed()
    control = lists.hold_out(list(products.product_id), share, seed)
    done = products[~products.product_id.isin(control)]
    State(workspace()).keep_action(
        FEATURED,
        name,
        segment=segment,
        products=list(done.product_id),
        control=control,
        seed=seed,
        first_day=first_day,
        last_day=last_day,
        expected_units=float(done.expected_units.sum()),
        details={"share": share, "dose": dose, **_made_on(), **({"power": seen} if seen else {})},
        actor=data.planner(),
    )


def record_action(
    kind: str, name: str, products: list[str], control: list[str], first_day: date, last_day: date, expected_units: float, cost: float
) -> None:
    """Record an action. expected_units: in its days; cost: in units of the currency. Raises UserError."""
    if both := [product for product in products if product in control]:
        raise UserError(
            expected=msg("A product is part of the action or held out, not both."),
            found=msg("These are both: {products}.", products=both),
            to_do=msg("Take them out of one of the two lists."),
        )
    State(workspace()).keep_action(
        kind,
        name,
        segment=ALL,
        products=products,
        control=control,
        seed=lists.new_seed(),
        first_day=first_day,
        last_day=last_day,
        expected_units=expected_units * 28 / max((last_day - first_day).days + 1, 1),
        details={"cost_cents": round(100 * cost), **_made_on()},
        actor=data.planner(),
    )


def _made_on() -> dict[str, str]:
    return {"snapshot": str(data.meta().snapshot), "as_of": f"{data.meta().as_of:%Y-%m-%d}"}


def undo_action(action_id: int) -> None:
    State(workspace()).undo_action(action_id, data.planner())
