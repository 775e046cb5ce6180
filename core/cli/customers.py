"""Commands that speak of customers by the shop's own numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from core.cli.command import USE, argument, command, option
from core.cli.session import Session
from core.messages import lines, msg, nmsg
from core.storage import private


@command("recommend", USE, msg("Show the recommendations for one customer."), "upswing recommend 17850", writes=False)
def recommend(session: Session, customer: Annotated[str, argument("CUSTOMER", msg("The shop's own number of the customer."))]) -> None:
    from core.capabilities.recommendations.own_ids import lists_of

    found, _ = lists_of(session.workspace, [customer])
    text = (
        msg("There is no list for customer {customer}: nothing bought in the last year, or not under this number.", customer=customer)
        if found.empty
        else lines(
            *(msg("{place}. {product} {title}", place=row.place, product=row.product_id, title=row.title) for row in found.itertuples())
        )
    )
    session.report(text, {"customer": customer, "products": found.drop(columns="customer").to_dict("records")})


@command(
    "identify",
    USE,
    msg("Write what is known of many customers, under the shop's own customer numbers: recommendations, or the chance of not coming back."),
    "upswing identify --customers customers.csv --out lists.csv",
    "upswing identify --list at-risk --customers customers.csv --out at-risk.csv",
    writes=False,
)
def identify(
    session: Session,
    customers: Annotated[str, option("--customers", msg("CSV file with the customer numbers."), "IDS.csv")],
    out: Annotated[str, option("--out", msg("File to write; its ending chooses the format: .csv, .parquet or .xlsx."), "FILE")],
    list_: Annotated[Literal["recommendations", "at-risk"], option("--list", msg("What to write."))] = "recommendations",
    column: Annotated[str, option("--column", msg("The column with the customer numbers; default customer_id."), "NAME")] = "",
) -> None:
    import pyarrow as pa

    from core.capabilities.recommendations.own_ids import lists_of, read_ids
    from core.storage.export import write_table

    found, without = lists_of(session.workspace, read_ids(Path(customers), column), list_)
    rows = write_table(pa.Table.from_pandas(found, preserve_index=False), Path(out))
    private.share(Path(out))
    wrote = msg("Wrote {rows} rows to {file}.", rows=rows, file=out)
    missing = nmsg("Nothing is known of {count} customer.", "Nothing is known of {count} customers.", without) if without else ""
    session.report(lines(wrote, missing) if without else wrote, {"rows": rows, "without": without, "out": out})
