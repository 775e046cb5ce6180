"""The plan that planners see, change and send. The page and the exports show the same table.

table.py applies the planner's overrides to the snapshot's suggestions; budget.py cuts the plan at a budget; orders.py turns it into
purchase orders and lists; forecast_value_added.py measures whether the changes were right, whatif.py what other terms would do.
"""

from core.capabilities.inventory.plan.budget import DROPPED, Ranking, Steps, rank, within
from core.capabilities.inventory.plan.bulk import orderable, scaled
from core.capabilities.inventory.plan.decisions import decisions, stock_known
from core.capabilities.inventory.plan.forecast_value_added import STEPS, errors, hindsight, remembered
from core.capabilities.inventory.plan.money import Amount, at_risk, excess, extra, gain, worth
from core.capabilities.inventory.plan.orders import ORDER_COLUMNS, order_columns, orders_csv, orders_workbook
from core.capabilities.inventory.plan.purchase_orders import on_the_way, order_file, standing
from core.capabilities.inventory.plan.table import (
    CLASSES,
    RISKS,
    SNOOZED,
    STOP_CHANCE,
    STOP_COVER_WEEKS,
    WITHHELD,
    Basis,
    before,
    by_supplier,
    export,
    make,
    problem_counts,
    read,
    replanned,
    select,
    stop_list,
    total,
    without_passed,
)
from core.capabilities.inventory.plan.whatif import Outlook, Scenario, outlook, scenario_orders

__all__ = [
    "Amount",
    "CLASSES",
    "DROPPED",
    "ORDER_COLUMNS",
    "RISKS",
    "SNOOZED",
    "STEPS",
    "STOP_CHANCE",
    "STOP_COVER_WEEKS",
    "WITHHELD",
    "Basis",
    "Outlook",
    "Ranking",
    "Scenario",
    "Steps",
    "at_risk",
    "before",
    "by_supplier",
    "decisions",
    "errors",
    "excess",
    "export",
    "extra",
    "gain",
    "hindsight",
    "make",
    "on_the_way",
    "order_columns",
    "orderable",
    "order_file",
    "orders_csv",
    "orders_workbook",
    "outlook",
    "problem_counts",
    "rank",
    "read",
    "remembered",
    "replanned",
    "scaled",
    "scenario_orders",
    "select",
    "standing",
    "stock_known",
    "stop_list",
    "total",
    "within",
    "without_passed",
    "worth",
]
