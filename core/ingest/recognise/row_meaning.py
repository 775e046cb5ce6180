"""What one row of sales is where the file cannot say, and sheets that count all sales of a product so far."""

from __future__ import annotations

from dataclasses import replace

from core.ingest.questions import Answers, Question
from core.ingest.recognise.mapping import ColumnRule
from core.ingest.recognise.matcher import match
from core.ingest.recognise.rules import DAY_TOTAL, EACH_ROW, ONE_UNIT, ORDER_LINE, RUNNING_TOTAL
from core.ingest.recognise.sheet import Sheet
from core.ingest.recognise.table_plan import ColumnSource, Found, TablePlan
from core.messages import Message, msg

_OF_A_COUNT = ("unit_price", "channel", "country", "currency", "status")  # what holds for a count: no order, customer or amount does


def question(file: str, proposal: str, about: Message | None = None, *, rows: int = 0, share: float = 0.0) -> Question:
    """Return the question what one row of a file is. about: why it must be answered, whatever else; share: of orders that it changes."""
    choices = (
        (ORDER_LINE, msg("one line of an order")),
        (DAY_TOTAL, msg("the total of a product and day")),
        (ONE_UNIT, msg("one unit")),
        (RUNNING_TOTAL, msg("all units of a product sold so far")),
    )
    share = share if about is None else 1.0
    return Question(EACH_ROW, "", proposal, choices, about or msg("What is one row of {file}?", file=file), file, rows=rows, share=share)


def counted_orders(sheet: Sheet) -> Found | None:
    """Return what fills the orders of a sheet that counts all sales of a product so far, and ask whether it does; None for any other."""
    known, listed = match(sheet, "orders"), match(sheet, "products")
    counter, answer = sheet.column_of("counters"), sheet.answers.get(EACH_ROW, "")
    day, product = sheet.column_of("days_of_counts"), known.get("product_id")
    if "title" in listed and product and product.sources[0] in listed["title"].sources:
        product = listed.get("product_id", product)  # a bare `id` beside a title
    when = known.get("ordered_at") or day and ColumnSource(ColumnRule(columns=(day,)), (day,))
    if not counter or not when or not product or "order_id" in known or sheet.by_name("orders.units") or answer == ONE_UNIT:
        return None
    key = product.sources[0]
    if not answer and sheet.evidence.different(key) >= sheet.evidence.different(key, when.sources[0]):
        return None  # a list of products as of one day
    about = msg(
        "Column {column} of {file} seems to count all sales of a product so far. What is one row?", column=repr(counter), file=sheet.file
    )
    if (asked := question(sheet.file, RUNNING_TOTAL, about)) not in sheet.questions:
        sheet.questions.append(asked)
    needed = {"ordered_at": when, "product_id": product, "units": ColumnSource(ColumnRule(columns=(counter,)), (counter,))}
    return needed | {target: filled for target, filled in known.items() if target in _OF_A_COUNT}


def meaning(answers: Answers, asked: list[Question]) -> str:
    """Return what a row is by an answer or, without one, by a question's proposal; "" for neither."""
    return answers.get(EACH_ROW) or next((q.proposal for q in asked if q.flag == EACH_ROW), "")


def with_running_totals(plans: list[TablePlan]) -> list[TablePlan]:
    """Return the plans with the units of orders as running totals; each row then dates what it says of its product."""
    orders = plans[0].columns
    if plans[0].table != "orders" or {"order_id", "customer_id"} & orders.keys() or orders["units"].constant is not None:
        return plans
    dated = {"updated_at": orders["ordered_at"]}
    return [
        replace(plan, running=True, columns=plan.columns | (dated if plan.table == "products" else {}))
        if plan.table in ("orders", "products")
        else plan
        for plan in plans
    ]
