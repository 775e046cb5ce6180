"""The words, figures and tables of the weekly report in one language. What the shop wrote is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from html import escape

from core import formats
from core.capabilities.inventory.control import MAX_COVER_WEEKS
from core.formats import absent, number, shortened
from core.markup import Markup, table
from core.messages import Message, sentences, show
from core.pictures import Pictures, data_address

TITLE = 90  # characters of a product's title
PICTURES = 300_000  # bytes of the data addresses of all pictures; the first products have one
NOTHING = "–"  # what core.formats writes for nothing


class Writer:
    """Write parts of the report in one language and one currency, with the shop's pictures of the first products."""

    def __init__(self, language: str, currency: str, pictures: Pictures):
        self.language, self.currency = language, currency
        self.pictures, self.room, self.illustrated = pictures, PICTURES, any(True for _ in pictures)

    def say(self, text: Message | str) -> str:
        return escape(show(text, self.language))

    def day(self, value) -> str:
        return formats.day(value, self.language)

    def money(self, cents: float) -> str:
        return formats.money(cents, self.currency, self.language, short=True)

    def paragraph(self, *texts: Message | str, kind: str = "") -> str:
        said = self.say(sentences(*texts))
        return f"<p{f' class={kind}' if kind else ''}>{said}</p>" if said else ""

    def table(self, head: Sequence[Message | str], rows: list[list], words: Set[int] = frozenset()) -> str:
        """Return a table without the columns in which no row has a value. words: columns of sentences."""
        kept = [i for i in range(len(head)) if any(row[i] not in ("", NOTHING) for row in rows)]
        said = {place for place, i in enumerate(kept) if i in words}
        return table([show(head[i], self.language) for i in kept], [[self.cell(row[i]) for i in kept] for row in rows], words=said)

    def cell(self, value) -> str:
        return value if isinstance(value, Markup) else show(value, self.language)

    def two(self, first: Message | str, second: Message | str = "", kind: str = "") -> Markup:
        """Return a cell of two lines, the second one small. kind: rise or fall, for its colour."""
        head = f"<span class={kind}>{self.say(first)}</span>" if kind else self.say(first)
        return Markup(head + (f"<small>{self.say(second)}</small>" if second else ""))

    def product(self, row) -> Markup:
        name = self.two(shortened(row.title, TITLE), "" if absent(row.category) else row.category)
        return Markup(f"<span class=picture>{self.picture(row.product_id)}</span>{name}") if self.illustrated else name

    def picture(self, product_id: str) -> str:
        address = data_address(self.pictures.get(product_id))
        if not address or len(address) > self.room:
            return ""
        self.room -= len(address)
        return f'<img src="{address}" alt="">'

    def weeks(self, cover: float) -> str:
        return f"> {MAX_COVER_WEEKS:.0f}" if not absent(cover) and cover >= MAX_COVER_WEEKS else number(cover, None)

    def section(self, title: Message, parts: Iterable[str]) -> str:
        return f"<section><h2>{self.say(title)}</h2>{''.join(parts)}</section>"

    def part(self, title: Message, body: str) -> str:
        return f"<h3>{self.say(title)}</h3>{body}"
