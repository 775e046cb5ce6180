"""Lists under the shop's own customer numbers. They exist outside the workspace only: inside it, customers are pseudonyms."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from core.errors import NotReady, UserError
from core.ingest.convert.pseudonyms import pseudonyms
from core.messages import msg
from core.storage import keys, snapshots
from core.storage.queries import Serving
from core.workspace import Workspace

QUESTIONS = {"recommendations": "recommended_to", "at-risk": "at_risk_of"}  # what can be asked about customers


def lists_of(workspace: Workspace, customers: Iterable[str], what: str = "recommendations") -> tuple[pd.DataFrame, int]:
    """Return the answer to one of QUESTIONS about customers by the shop's own ids, and for how many of them there is none.

    The first column, customer, has these ids, in their order. Raises NotReady without a snapshot, UserError where the key of the
    pseudonyms is lost.
    """
    snapshot = snapshots.current(workspace)
    if snapshot is None:
        raise NotReady(
            expected=msg("Recommendations need a published snapshot."),
            found=msg("No snapshot has been published yet."),
            to_do=msg("Run `upswing run` first."),
        )
    snapshots.verify(snapshot.path)
    own = list(dict.fromkeys(text for customer in customers if (text := customer.strip())))
    key = keys.customers_key(workspace, create=False)
    known = pd.DataFrame({"customer": own, "customer_id": pseudonyms(key, "customer", own), "line": range(len(own))})
    found = Serving(snapshot.path).ask(QUESTIONS[what], {"asked": known})
    return found, len(own) - found.customer.nunique()


def pseudonym(key: bytes, customer: str) -> str:
    """Return the pseudonym of a customer by the shop's own id."""
    return pseudonyms(key, "customer", [customer.strip()])[0]


def read_ids(file: Path, column: str = "") -> list[str]:
    """Return the customers' ids of a CSV file: its only column, the one named customer_id, or `column`.

    Raises UserError where the file or the column cannot be found.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as opened:
            rows = list(csv.reader(opened))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            expected=msg("The customers' numbers are read from a CSV file in UTF-8."),
            found=msg("{file} cannot be read: {problem}", file=str(file), problem=str(error)),
            to_do=msg("Name another file."),
        ) from error
    heading = rows[0] if rows else []
    wanted = column or (heading[0] if len(heading) == 1 else "customer_id")
    if wanted not in heading:
        raise UserError(
            expected=msg("The file needs a column with the shop's own customer numbers."),
            found=msg("{file} has the columns {columns}.", file=file.name, columns=heading),
            to_do=msg("Name the right one with `--column NAME`."),
        )
    place = heading.index(wanted)
    return [row[place] for row in rows[1:] if len(row) > place]
