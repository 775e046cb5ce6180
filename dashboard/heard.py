"""What core says, in the reader's language.

Core speaks English. Its errors, and how far a job is, come to a page as text, most of it through the list of jobs. So the sentences that a
page may meet stand here with their gaps; they are found again in the text and said in the reader's words. tests/app/test_heard.py holds
them against core's own. What is not among them stays English.
"""

from __future__ import annotations

import re
from functools import cache

from dashboard import labels
from dashboard.i18n import catalogue, language
from dashboard.labels import N_

SENTENCES = (
    # an error (core.errors.UserError), whose parts follow
    N_("Expected {expected}. Found {found}. To do: {act}."),
    # what could be found anywhere
    N_("none"),
    N_("none yet"),
    N_("nothing"),
    N_("nothing there yet"),
    N_("none of them"),
    N_("done"),
    N_("failed"),
    N_("cancelled"),
    # files, core/ingest
    N_("a file to import"),
    N_("name one or more files"),
    N_("rows in {file}"),
    N_("an empty file"),
    N_("an empty table"),
    N_("only empty sheets"),
    N_("export it again"),
    N_("CSV, Excel (.xlsx), Parquet or JSON lines, gzipped or not"),
    N_("{file}, an old Excel workbook (.xls)"),
    N_("save it as .xlsx or CSV"),
    N_("{file}, a zip archive that is no workbook"),
    N_("unpack it and name the files in it"),
    N_("text in {file}"),
    N_("a binary file"),
    N_("export it as CSV, Excel (.xlsx), Parquet or JSON lines"),
    N_("one JSON object a line in {file}"),
    N_("a JSON array or one JSON object a line in {file}"),
    N_("export it as JSON lines"),
    N_("a readable file {file}"),
    N_("a damaged one ({error})"),
    N_("export or copy it again"),
    N_("each product under one name in {file}, which tells of products alone"),
    N_("{names} names of {products}"),
    N_("call it products if it is a list of them"),
    N_("it has several names for most products"),
    N_("each customer once in {file}, which tells of customers alone"),
    N_("{customers} in {rows} rows"),
    N_("call it customers if it is a list of them"),
    N_("it tells of customers, and of most of them several times"),
    N_("it names no products, and files with the lines of its orders say the rest"),
    N_("it fits no table; for {table}, say, no column is known as {columns}"),
    N_("with {file}, which lists categories, the list of products that they are of"),
    N_("none with their ids"),
    N_("name that list in the same import, or leave this one out"),
    N_("the names of the columns in the first line of {file}"),
    N_("{columns}, which look like values"),
    N_("write a line of names above it, for example user_id,item_id,behavior_type,timestamp"),
    N_("sales in {file}"),
    N_("returns, by its name (or its sheet's)"),
    N_("the columns that [{table}] of {mapping} names in {file}"),
    N_("no {asked} among {columns}"),
    N_("correct the mapping"),
    N_("columns {columns}"),
    N_("among the files one with the columns {columns}"),
    N_("name that file too: the others are read through it"),
    N_("the rows of {file} to be what they were when it was imported before"),
    N_("{rows} for {table} that another mapping or currency read otherwise, and that would count twice"),
    N_("import all files under the new mapping into a new workspace, or keep to the old mapping"),
    N_("one total of a product and day among the files of an import"),
    N_("others in {other} than in {file} for {times} of them, the first being {product} on {day}"),
    N_(
        "if they are parts of the shop, give each file a column `channel`, or import what they add up to; if one corrects the "
        "other, import "
        "it by itself, after the other"
    ),
    N_("at most {most} views in one file"),
    N_("split the file by dates, or give fewer products"),
    N_("orders from files such as {file}, or purchases from logs of events"),
    N_("{count} purchases stored as orders"),
    N_("import the files of orders together with the logs, into a new workspace: purchases are then left to them"),
    N_("no personal data in [{table}] {column}"),
    N_("column {column}, which looks like {what}"),
    N_("take {column} out of the mapping; names, mails, phones and addresses never enter the warehouse"),
    N_("sales by day or week in {file}, or single order lines"),
    N_("columns that are months ({months})"),
    N_("export them by day or week: what rises within weeks cannot be told from months; or leave the file out"),
    N_("no other import at work"),
    N_("import {job} {status}, asked for at {when} UTC"),
    N_("send these files again once it has ended"),
    N_("{file}: {rows} rows read"),
    N_("{file}: checking {table}"),
    N_("{file}: storing {table}"),
    # history that is too short, data that are not there
    N_("at least {count} days of history"),
    N_("{first_day} to {last_day}"),
    N_("import an export that reaches further back"),
    N_("orders, views, carts or reviews in the warehouse"),
    N_("import a file with one of them"),
    N_("days with {signal}"),
    N_("import a file with some"),
    N_("products with {count} days of history after an origin, to learn what rose"),
    N_("no origin whose outcome is known"),
    N_("import a longer history, or choose an earlier `since`"),
    N_("import a longer history"),
    N_("import more history"),
    N_("features with values in the panel"),
    N_("none in any row"),
    N_("run `upswing features` again"),
    N_("run `upswing {step}` first"),
    N_("products that sold lately before {day}"),
    N_("import newer data, then `upswing features`"),
    N_("origins whose horizon has passed"),
    N_("import at least {count} days more"),
    N_("{least} weekly origins to learn from, {count} days before the first one to test on"),
    N_("{count} origins with known labels, {first_day} to {last_day}"),
    N_("{least} weekly origins to learn from, {count} days before the {weeks} weeks that are simulated"),
    N_("{count} origins, {first_day} to {last_day}"),
    N_("simulate fewer weeks, or import a longer history"),
    N_("products with a cost or a price, sold in these weeks"),
    N_("import prices with the orders, or a product file"),
    # models and snapshots
    N_("a champion model"),
    N_("run `upswing train`, then `upswing promote ID`"),
    N_("a model of format {format} that reads {count} tokens"),
    N_("format {format}, {count} tokens"),
    N_("train again with this version"),
    N_("train again"),
    N_("train again, or rebuild the features"),
    N_("the {count} features this model was trained on"),
    N_("features {features}"),
    N_("{file} of model {model} with SHA-256 {hash}"),
    N_("the file was changed: restore it or train again"),
    N_("the first day of the shop's data in panel.json"),
    N_("a panel of an earlier version"),
    N_("the columns {columns} in panel.parquet"),
    N_("a panel without them"),
    N_("the weights of encoder {name} with SHA-256 {hash}"),
    N_("reinstall requirements.txt"),
    N_("install requirements.txt"),
    N_("model {model} to be sound"),
    N_("train a new one with `upswing train`"),
    N_("a candidate or a retired model"),
    N_("{model}, which is {status}"),
    N_("choose another one"),
    N_("a model that is not served"),
    N_("the champion {model}"),
    N_("promote another one first"),
    N_("an earlier champion"),
    N_("promote a candidate instead"),
    N_("a reason"),
    N_("say in a few words why; it goes into the audit log"),
    N_("a complete snapshot in {folder}"),
    N_("run `upswing publish` again, or `upswing snapshots` and `upswing rollback ID` to serve an earlier one"),
    N_("a snapshot fit to be served"),
    N_("serve another one, or publish anew"),
    N_("a published snapshot"),
    N_("run `upswing run` first"),
    N_("CURRENT in {folder} to name a snapshot"),
    N_("choose one that `upswing snapshots` lists, with `upswing rollback ID`"),
    N_("a snapshot that holds {table}"),
    N_("one of an earlier version"),
    N_("run `upswing score` and `upswing publish`"),
    N_("to be the only one working on {path}"),
    N_("another Upswing process that is writing to it"),
    N_("wait for that job to end (see `upswing jobs`) and try again"),
    # what planners fill in
    N_("a quantity of 0 or more"),
    N_("correct the quantity"),
    N_("a day such as 2026-03-31"),
    N_("correct the day"),
    N_("a service level from 50% to below 100%"),
    N_("correct the service level"),
    N_("a lead time above 0 days"),
    N_("correct the lead time"),
    N_("a reason from the list"),
    N_("choose a reason, so that others can follow the change"),
    # how far a job is
    N_("daily aggregate"),
    N_("new days"),
    N_("texts and neighbours"),
    N_("reading {count} reviews"),
    N_("{count} of {all} origins"),
    N_("writing the panel"),
    N_("ranks"),
    N_("{count} of {all} rows"),
    N_("{count} texts"),
    N_("{count} of {all} texts encoded"),
    N_("epoch {epoch} of at most {all}"),
    N_("epoch {epoch} of {all}, from all origins"),
    N_("checking on the last origins"),
    N_("trees"),
    N_("{before}: the encoder learns"),
    N_("opening model and panel"),
    N_("what came of earlier forecasts"),
    N_("{count} forecasts"),
    N_("{count} forecasts, {masks} masks each"),
    N_("words of {count} products"),
    N_("history and neighbours"),
    N_("suggestions"),
    N_("writing {table}"),
    N_("checking"),
    N_("serving"),
    N_("snapshot {snapshot}"),
    N_("block {block} of {all}: {work}"),
    N_("learning what was known on {day}"),
    N_("published snapshot {snapshot}"),
    N_("trained candidate {model} in {seconds} s: {figures}"),
    N_("trained candidate {model} in {seconds} s; the history is too short to check it, so it says little more than the base rate"),
    N_("Levels that promised {promised} achieved {achieved}."),
    N_("Stocks were told to last until the next delivery with a chance of {told} on average; {lasted} did."),
    N_("the words of {product}"),
    N_("the language head learns"),
    N_("the worker was stopped; request the job again"),
    N_("The work did not come to its end: {cause}. See {log}."),
    N_("A fault of ours: {error}. The whole story is in {log}."),
)
_A_DAY = r"\d{4}-\d\d-\d\d"


def heard(text: str) -> str:
    """The same in the language of this session; gaps are filled with what core filled them with, said likewise."""
    if language() == "en" or not text:
        return text
    for sentence, pattern in _patterns():
        if found := pattern.fullmatch(text):
            return catalogue(language()).gettext(sentence).format(**{gap: _told(gap, value) for gap, value in found.groupdict().items()})
    return text


def _told(gap: str, value: str) -> str:
    if gap == "table":
        return labels.table(value)
    if gap == "work":
        step, _space, message = value.partition(" ")
        return f"{labels.said(labels.STEPS, step)} {heard(message)}".rstrip()
    return heard(value)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern], ...]:
    """Each sentence and what it looks like with its gaps filled, those that say most first."""
    parts = {sentence: re.split(r"\{(\w+)\}", sentence) for sentence in SENTENCES}  # words and gaps in turns

    def looks(sentence: str) -> re.Pattern:
        ways = [
            re.escape(part) if at % 2 == 0 else f"(?P<{part}>{_A_DAY if part.endswith('day') else '.+'})"
            for at, part in enumerate(parts[sentence])
        ]
        return re.compile("".join(ways), re.DOTALL)

    return tuple((s, looks(s)) for s in sorted(SENTENCES, key=lambda s: -sum(map(len, parts[s][::2]))))
