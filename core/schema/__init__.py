"""The data contract as data: one record for each table, and the vocabulary that tables share.

The warehouse's tables are in warehouse.py. The serving tables of a snapshot belong to the capability that writes them
(core/capabilities/NAME/tables.py); core.capabilities.registry lists them all.
"""

from core.schema.table import FIRST_VERSION, Column, Table, by_name, optional, required
from core.schema.vocabulary import (
    ALL,
    DEMAND_LEVELS,
    DEMAND_WEEKS,
    DRIVERS,
    EVENT_KINDS,
    LIKELY,
    MAP_KINDS,
    REASONS,
    SALES_LEVEL,
    SIGNALS,
    WORTH_SAYING,
)
from core.schema.warehouse import CANONICAL, GIVEN, IMPORTS, MAPS, NOT_MISSED, RESPONSES

__all__ = [
    "ALL",
    "CANONICAL",
    "DEMAND_LEVELS",
    "DEMAND_WEEKS",
    "DRIVERS",
    "EVENT_KINDS",
    "FIRST_VERSION",
    "GIVEN",
    "IMPORTS",
    "LIKELY",
    "MAPS",
    "MAP_KINDS",
    "NOT_MISSED",
    "REASONS",
    "RESPONSES",
    "SALES_LEVEL",
    "SIGNALS",
    "WORTH_SAYING",
    "Column",
    "Table",
    "by_name",
    "optional",
    "required",
]
