"""One table of a file as the matcher sees it: the names of its columns, what it is called, and what its rows show."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from core.ingest.names import by_plain
from core.ingest.questions import Answers, Question
from core.ingest.readers.source import SAMPLE_ROWS, Source
from core.ingest.recognise.evidence import Evidence
from core.ingest.recognise.mapping import RETURNS, Mapping
from core.ingest.recognise.rules import EACH_ROW
from core.ingest.recognise.table_plan import NO_SALES, TablePlan, tables_named
from core.ingest.words import column_words

BARE = ("id", "name", "description", "title", "名称")  # columns of lists of anything at all


@dataclass
class Sheet:
    """A source without a declared layout.

    mapping         the generic names, with those that a person gave
    added           columns that other files add to its rows
    answers         known for its questions, by their keys
    product_column  the one by whose values other files or the warehouse know products; "" where nothing shows it
    questions       what the matcher is not sure of
    evidence, first_rows  what all rows show; the first ones, for what a person confirms or all rows then decide
    """

    mapping: Mapping
    source: Source
    answers: Answers = field(default_factory=dict)
    added: tuple[str, ...] = ()
    product_column: str = ""
    questions: list[Question] = field(default_factory=list)

    def __post_init__(self):
        self.evidence, self.first_rows = Evidence(self.source), Evidence(self.source, SAMPLE_ROWS)

    @property
    def file(self) -> str:
        return self.source.file

    @property
    def columns(self) -> list[str]:
        return [*self.source.columns, *self.added]

    def asked(self, plans: list[TablePlan]) -> list[Question]:
        """Return the questions about what these plans read."""
        read = {f"{plan.table}.{c}": filled.sources for plan in plans for c, filled in plan.columns.items()}
        return [q for q in self.questions if q.flag == EACH_ROW or q.proposal in read.get(q.name, ())]

    @cached_property
    def own(self) -> dict[str, str]:
        """Plain name -> column, of its own columns."""
        return by_plain(self.source.columns)

    @property
    def present(self) -> dict[str, str]:
        """Plain name -> column, of its own and of those added."""
        return by_plain(self.columns)

    @cached_property
    def titles(self) -> tuple[str, ...]:
        """What it goes by, the most specific first."""
        return self.source.names or (self.file,)

    @cached_property
    def named(self) -> list[str]:
        """The tables that its name or its sheet's speaks of, and RETURNS."""
        return tables_named(self.mapping, self.titles)

    @property
    def is_named_no_sales(self) -> bool:
        return any(table in (*NO_SALES, RETURNS) for table in self.named)

    def by_name(self, place: str, present: dict[str, str] | None = None) -> str | None:
        """Return the column whose name is the best known one for "table.column", whatever its values are."""
        table, _, target = place.partition(".")
        rule = self.mapping.tables[table].rules.get(target)
        found = rule.found_in(self.own if present is None else present) if rule else None
        return found[0] if found else None

    def column_of(self, role: str) -> str | None:
        """Return the column whose name is the first known one of a role in core/ingest/words/column_names.toml."""
        return next((self.own[name] for name in column_words(role) if name in self.own), None)

    def orders(self, *targets: str) -> list[str]:
        """Return those of the targets of orders for which it has a column by name."""
        return [target for target in targets if self.by_name(f"orders.{target}")]

    @property
    def identifies_products(self) -> bool:
        """Whether a column identifies products beyond doubt, which a bare `name` or `id` does not."""
        known = {name: column for name, column in self.present.items() if name not in BARE}
        return any(self.by_name(f"{table}.product_id", known) for table in self.mapping.tables)

    @property
    def has_products(self) -> bool:
        """Whether its rows are about products: a bare `name` or `description` is a product's in rows with units."""
        return self.identifies_products or self.orders("product_id", "units") == ["product_id", "units"]

    @property
    def has_quantities(self) -> bool:
        """Whether a column holds units or money, as sales do."""
        return any(self.by_name(f"orders.{target}", self.present) for target in ("units", "line_total"))

    @property
    def has_ratings(self) -> bool:
        """Whether its rows are reviews, by their ratings."""
        return self.by_name("reviews.rating") is not None

    @property
    def lists_lines(self) -> bool:
        """Whether each row has a product with units or money; or, as in the lines of a till, with the number of an order and without
        an event or rating."""
        if not self.has_products or self.is_named_no_sales:
            return False
        acts = self.by_name("events.kind") or self.has_ratings
        return bool(self.orders("units", "unit_price", "line_total")) or bool(self.orders("order_id")) and not acts

    @cached_property
    def numbers_orders(self) -> str | None:
        """The bare `id` that numbers orders: rows with a day and a price give it several names, as lines of an order do."""
        number, title = self.own.get("id"), self.by_name("products.title")
        if number is None or title is None or "products" in self.named or len(self.orders("ordered_at", "unit_price")) < 2:
            return None
        several = self.evidence.different(number, title) >= NAMES_PER_ID * self.evidence.different(number)
        return number if several else None


NAMES_PER_ID = 1.2  # at least, for an id not to be a product's: titles that were corrected later are fewer
