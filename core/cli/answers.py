"""The flags that answer questions of an import: each declared once, and read into answers by the questions' keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from core.cli.command import option
from core.errors import UserError
from core.messages import Message, msg


@dataclass(frozen=True)
class AnswerFlag:
    """One flag.

    named    it is given as NAME=VALUE, once for each name; else once as VALUE
    choices  the values that it takes; () for any
    said     the answer where it is given as NAME alone
    """

    flag: str
    help: Message
    metavar: str
    named: bool = False
    choices: tuple[str, ...] = ()
    said: str = ""

    @property
    def parameter(self) -> str:
        """The name of the function's parameter: "each_row" for "--each-row"."""
        return self.flag.strip("-").replace("-", "_")

    @property
    def annotation(self) -> Any:
        """The parameter's type, as typer reads it."""
        return Annotated[list[str] | None, option(self.flag, self.help, self.metavar)]

    def key(self, given: str) -> tuple[str, str]:
        """Return (key of the question, answer) of what was typed behind the flag. Raises UserError for what it does not take."""
        if self.said:
            return f"{self.flag} {given.strip()}", self.said
        name, sign, value = given.partition("=") if self.flag == "--column" else given.rpartition("=")
        if self.named and not (name.strip() and sign and value.strip()):
            raise UserError(
                found=msg("{flag} is {value}.", flag=self.flag, value=repr(given)),
                expected=msg("It is given as {form}.", form=self.metavar),
                to_do=msg("Correct it, or remove it: the import then asks."),
            )
        name, value = (name.strip(), value.strip()) if self.named else ("", given.strip())
        if self.choices and value not in self.choices:
            raise UserError(
                found=msg("{flag} is {value}.", flag=self.flag, value=repr(given)),
                expected=msg("Its values are {choices}.", choices=list(self.choices)),
                to_do=msg("Choose one of them."),
            )
        return f"{self.flag} {name}".strip(), value


FLAGS: tuple[AnswerFlag, ...] = (
    AnswerFlag(
        "--column",
        msg(
            "What your files call a column, such as orders.units=Menge, or its value on every row, such as orders.units==1; "
            "remembered for later imports. Repeat it for more columns."
        ),
        "TABLE.COLUMN=NAME",
        named=True,
    ),
    AnswerFlag(
        "--state",
        msg('What a state of your orders counts as, such as "Partially paid=sale". Repeat it for more states.'),
        "STATE=MEANING",
        named=True,
        choices=("sale", "return", "not a sale", "pending"),
    ),
    AnswerFlag(
        "--date-format",
        msg('How the dates of a column are written, such as "Order date=mdy". Repeat it for more columns.'),
        "COLUMN=FORMAT",
        named=True,
    ),
    AnswerFlag(
        "--decimal",
        msg('The decimal sign of the numbers in a column, such as "Price=,". Repeat it for more columns.'),
        "COLUMN=SIGN",
        named=True,
        choices=(".", ","),
    ),
    AnswerFlag(
        "--amount",
        msg("What an amount is, such as Total=order-total. Repeat it for more columns."),
        "COLUMN=MEANING",
        named=True,
        choices=("unit-price", "line-total", "order-total"),
    ),
    AnswerFlag(
        "--keep",
        msg('A line that is set aside although it is a product, such as "Gift card". Repeat it for more lines.'),
        "LINE",
        said="product",
    ),
    AnswerFlag(
        "--attribute",
        msg('Whether a column of customers forms groups, such as "Household=use". Repeat it for more columns.'),
        "COLUMN=MEANING",
        named=True,
        choices=("use", "leave-out"),
    ),
    AnswerFlag(
        "--leave-out",
        msg("Whether a file is skipped, such as stores.csv=yes. Repeat it for more files."),
        "FILE=MEANING",
        named=True,
        choices=("yes", "no"),
    ),
    AnswerFlag("--time-zone", msg("The shop's time zone, such as Europe/Berlin."), "ZONE"),
    AnswerFlag("--as-of", msg("The last day whose data may be used."), "YYYY-MM-DD"),
    AnswerFlag(
        "--each-row",
        msg(
            "What a row of sales is: one unit, one line of an order, the total of a product and day, or all units of a product sold so far."
        ),
        "MEANING",
        choices=("one-unit", "order-line", "day-total", "running-total"),
    ),
    AnswerFlag(
        "--stock-rows",
        msg("What several counts of one product and day are: places whose stock adds up, or corrections of which the last one counts."),
        "MEANING",
        choices=("add", "last"),
    ),
    AnswerFlag(
        "--bundles",
        msg("What counts where an order has both the line of a bundle and lines of its parts: the bundle, its parts, or both."),
        "MEANING",
        choices=("whole", "parts", "both"),
    ),
    AnswerFlag(
        "--same-orders",
        msg("Which file is right where two files of an import have the same orders with other lines: the last, the first, or both."),
        "MEANING",
        choices=("last", "first", "both"),
    ),
)


def read(given: dict[str, list[str] | None]) -> dict[str, str]:
    """Return the answers behind the flags of one command line. given: parameter -> what was typed behind its flag, in order."""
    return dict(flag.key(text) for flag in FLAGS for text in given.get(flag.parameter) or ())
