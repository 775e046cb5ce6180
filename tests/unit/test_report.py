"""The weekly report: its figures, its words in both languages, shops of which little is known, and how it is written."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from fixtures.past_updates import no_past_updates
from fixtures.serving import NASTY, write_snapshot
from PIL import Image

from core import cli, data_age, formats, pictures, report
from core.capabilities.inventory import plan as plans
from core.capabilities.inventory.control import Rules
from core.errors import UserError
from core.report import writer
from core.storage.queries import Serving
from core.storage.snapshots import current
from core.storage.state import State
from core.workspace import Workspace

FAKE_BROWSER = """#!/bin/sh
for word in "$@"; do case "$word" in --print-to-pdf=*) printf '%s' "$FAKE_PDF" > "${word#--print-to-pdf=}";; esac; done
echo "what the browser says" >&2
"""


class Read(HTMLParser):
    """The texts of a page, its tables by the heading above each, and what its elements would load."""

    def __init__(self, text: str):
        super().__init__()
        self.texts, self.tables, self.tags, self.loads = [], {}, set(), []
        self._heading, self._inside = "", ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.loads += [value for name, value in attrs if name in ("src", "href", "srcset", "data", "action", "background")]
        self._inside = tag if tag in ("h2", "h3", "style") else self._inside
        if tag == "tr":
            self.tables.setdefault(self._heading, []).append([])
        if tag in ("td", "th"):
            self.tables[self._heading][-1].append("")

    def handle_endtag(self, tag):
        self._inside = "" if tag == self._inside else self._inside
        self._heading = "" if tag == "table" else self._heading

    def handle_data(self, data):
        if self._inside == "style":
            return
        self.texts.append(data)
        if self._inside in ("h2", "h3"):
            self._heading = data
        elif self.tables.get(self._heading) and self.tables[self._heading][-1]:
            self.tables[self._heading][-1][-1] += data

    @property
    def words(self) -> str:
        return "\n".join(self.texts)


@pytest.fixture(autouse=True)
def on_the_day(monkeypatch):
    """The snapshots' own last day, on every clock."""
    monkeypatch.setattr(data_age, "now", lambda: datetime(2011, 12, 5, 9, tzinfo=UTC))


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Workspace:
    workspace = Workspace(tmp_path_factory.mktemp("report"))
    write_snapshot(workspace)
    return workspace


@pytest.fixture(scope="module")
def sparse(tmp_path_factory) -> Workspace:
    """A shop without stock, costs, categories, customer groups, an earlier snapshot and held-out weeks."""
    workspace = Workspace(tmp_path_factory.mktemp("sparse"))
    unknown = {"price_cents": np.nan, "unit_cost_cents": np.nan}
    write_snapshot(
        workspace,
        segments=("all",),
        stock_known=0,
        categories=False,
        previous=False,
        reviews=False,
        planning=lambda frame: frame.assign(**unknown),
        metrics=lambda frame: frame.head(0),
    )
    return workspace


def html(shop: Workspace, language: str = "en") -> str:
    return report.html(shop, current(shop).path, language)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_report_loads_nothing_and_runs_nothing(shop, language):
    text = html(shop, language)
    read = Read(text)
    assert read.loads == [] and not read.tags & {"script", "link", "img", "iframe", "a"}
    assert re.findall(r"https?:|url\(|@import|//\w", re.sub(r"http://x", "", text)) == []  # one title names an address
    assert "default-src 'none'" in text


def test_products_have_their_pictures_in_the_file_as_far_as_its_bound_goes(workspace, tmp_path, monkeypatch):
    write_snapshot(workspace, products=20)
    for number in range(1, 20):
        Image.new("RGB", (40, 40), (10 * number, 90, 90)).save(tmp_path / f"P{number:04d}.png")
    pictures.add(workspace, [tmp_path])
    shown = Read(html(workspace)).loads
    assert all(address.startswith("data:image/webp;base64,") for address in shown), "nothing is loaded from elsewhere"
    assert len(shown) > 10 and "img-src data:" in html(workspace)
    monkeypatch.setattr(writer, "PICTURES", 4 * len(shown[0]))
    bounded = Read(html(workspace)).loads
    assert bounded == shown[: len(bounded)] and 1 <= len(bounded) < len(shown) and sum(map(len, bounded)) <= writer.PICTURES


@pytest.mark.parametrize("language", ["en", "zh"])
def test_titles_of_the_shop_stay_text(shop, language):
    figures = report.gather(Serving(current(shop).path), shop.own_settings(), [])
    titles = [title for title in NASTY if title in set(figures.risers.title) | set(figures.fallers.title)]
    assert titles, "no nasty title among the risers and fallers"
    text = html(shop, language)
    assert "<script>alert" not in text and "<b>Bold" not in text
    words = Read(text).words
    assert all(formats.shortened(title, 90) in words for title in titles)


def test_a_script_in_the_shops_name_and_in_every_title_stays_text(workspace):
    bad = "</style><script>alert(1)</script>"
    write_snapshot(workspace, products=20, meta=lambda frame: frame.assign(shop=bad))
    text = html(workspace)
    assert "<script" not in text and bad in Read(text).words


def test_headings_are_chinese_in_the_chinese_report(shop):
    tables = Read(html(shop, "zh")).tables
    headings = [*tables, *(cell for rows in tables.values() for cell in rows[0])]
    assert len(headings) > 30 and [heading for heading in headings if re.search("[A-Za-z]", heading)] == []


def test_the_figures_are_those_of_the_tables(shop):
    serving = Serving(current(shop).path)
    basis = plans.read(serving, Rules.of(shop.own_settings().inventory))
    plan = plans.make(basis, [])
    read = Read(html(shop))
    rows = read.tables["Orders by supplier"]
    due = plan[plan.order_units > 0]
    assert rows[-1][:3] == ["Total", str(len(due)), formats.number(due.order_units.sum(), 0)]
    for name, mine in due.groupby("supplier"):
        row = next(row for row in rows if row[0] == name)
        money = formats.money(mine.line_cost_cents.sum(), "GBP", "en", short=True)
        assert row[1:4] == [str(len(mine)), formats.number(mine.order_units.sum(), 0), money]
    forecasts = serving.ask("own_units").sort_values("rising_probability", ascending=False)
    listed = read.tables["Rising products"][1:]
    assert [row[1] for row in listed] == [formats.percent(p) for p in forecasts.rising_probability.head(len(listed))]
    for amount in (plans.at_risk(plan), plans.excess(plan)):
        assert formats.money(amount.cents, "GBP", "en", short=True) in read.words


def test_a_planners_quantity_is_in_the_orders(shop, tmp_path):
    workspace = Workspace(tmp_path / "planned").create()
    write_snapshot(workspace)
    plan = plans.make(plans.read(Serving(current(workspace).path), Rules()), [])
    first = plan[plan.order_units > 0].iloc[0]
    before = Read(html(workspace)).tables["Orders by supplier"][-1]
    State(workspace).set_override(
        "product", first.product_id, "order_units", first.order_units + 60, reason="other", actor="ana", expires_on=date(2011, 12, 18)
    )
    after = Read(html(workspace)).tables["Orders by supplier"][-1]
    assert int(after[2].replace(",", "")) == int(before[2].replace(",", "")) + 60


@pytest.mark.parametrize("language", ["en", "zh"])
def test_of_a_shop_of_which_little_is_known_only_that_is_said(sparse, language):
    read = Read(html(sparse, language))
    assert not re.search(r"\b(nan|None|NaT)\b", read.words.replace("None.", ""))
    if language == "en":
        assert not {"Order", "Stop or mark down", "Orders by supplier", "Customer groups", "Changes since the last update"} & {*read.texts}
        assert "no prices or costs known" in read.words and "unchecked" in read.words
        assert "Margin at risk" not in read.words


def test_a_shop_without_stock_is_told_nothing_of_order_by_dates(sparse, monkeypatch):
    monkeypatch.setattr(data_age, "now", lambda: datetime(2012, 5, 5, 9, tzinfo=UTC))
    words = Read(html(sparse)).words
    assert "These data are 153 days old." in words and "order-by" not in words


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_table_has_a_column_without_values(shop, sparse, language):
    for page in (shop, sparse):
        for heading, rows in Read(html(page, language)).tables.items():
            empty = [name for name, *values in zip(*rows) if {*values} <= {"", "–"} and "26" not in name]  # trends are drawn
            assert not empty, f"{heading}: {empty}"


def test_rows_read_are_the_sum_of_what_became_of_them(shop):
    said = re.search(r"Rows read: ([\d,]+)\. Kept: ([\d,]+)\. Skipped: ([\d,]+)\. Rejected: ([\d,]+)\.", Read(html(shop)).words)
    read, *parts = (int(count.replace(",", "")) for count in said.groups())
    assert read == sum(parts)


def test_reasons_are_facts_and_say_which_way_they_push(shop):
    reasons = [row[3] for row in Read(html(shop)).tables["Rising products"][1:]]
    assert all("▲" in cell or "▼" in cell for cell in reasons) and any(re.search(r"×|%|weeks", cell) for cell in reasons)


def test_of_stale_data_the_report_says_how_old_they_are_and_names_no_day_that_has_passed(shop, monkeypatch):
    dated = Read(html(shop)).tables
    assert "Order by" in dated["Order"][0] and "Next order day" in dated["Orders by supplier"][0]
    monkeypatch.setattr(data_age, "now", lambda: datetime(2012, 5, 5, 9, tzinfo=UTC))
    read = Read(html(shop))
    assert "These data are 153 days old. Past order-by dates are hidden." in read.words
    assert "Order by" not in read.tables["Order"][0] and "Next order day" not in read.tables["Orders by supplier"][0]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_how_right_we_were_is_one_line_and_a_table_of_the_judged_updates(shop, language):
    found = Serving(current(shop).path).ask("track_by_update", segment="all", categories=[])
    last, read = found.iloc[-1], Read(html(shop, language))
    heading = "How right we were" if language == "en" else "预测复盘"
    rows = read.tables[heading][1:]
    counts = "{hits} of {calls}" if language == "en" else "{calls} 款中 {hits} 款"
    assert [row[0] for row in rows[:2]] == [formats.day(day, language) for day in found.as_of.iloc[:-3:-1]]
    assert [row[1] for row in (rows[0], rows[-1])] == [
        counts.format(hits=formats.number(hits, 0), calls=formats.number(calls, 0))
        for hits, calls in ((last.hits, last.called_judged), (found.hits.sum(), found.called_judged.sum()))
    ]
    assert rows[-1][2:6] == [
        formats.percent(found[part].sum() / found[of].sum())
        for part, of in (("hits", "called_judged"), ("possible", "called_judged"), ("risers", "judged"), ("inside", "ranged"))
    ]
    assert rows[-1][6] == formats.money(found.extra_margin_cents.sum(), "GBP", language, short=True)
    if language == "en":
        said = (
            f"Of our {last.called_judged:.0f} calls of 6 Nov 2011, the products with the highest chances, {last.hits:.0f} rose in the next"
        )
        assert said in read.words and "4 updates were replayed" in read.words


def test_a_shop_without_past_updates_is_told_when_there_will_be_results(workspace):
    write_snapshot(workspace, products=20, **no_past_updates())
    read = Read(html(workspace))
    assert "No forecast is old enough to judge. First results appear with data to 11 Dec 2011." in read.words
    assert "How right we were" not in read.tables


# ---- the command


def test_the_command_writes_the_report_in_the_language_asked_for(shop, tmp_path, capsys):
    out = tmp_path / "week.html"
    assert cli.main(["report", "--out", str(out), "--workspace", str(shop.root), "--lang", "zh"]) == 0
    assert out.read_text(encoding="utf-8").startswith("<!doctype html><html lang=zh-CN>")
    assert str(out) in capsys.readouterr().out


def test_a_name_that_is_no_html_is_refused(shop, tmp_path, capsys):
    assert cli.main(["report", "--out", str(tmp_path / "week.pdf"), "--workspace", str(shop.root)]) == 2
    assert "ends in .html" in capsys.readouterr().err and list(tmp_path.iterdir()) == []


def test_a_workspace_without_a_snapshot_is_told_to_make_one(workspace, tmp_path, capsys):
    assert cli.main(["report", "--out", str(tmp_path / "week.html"), "--workspace", str(workspace.root)]) == 2
    assert "upswing run" in capsys.readouterr().err


def test_without_a_browser_a_pdf_is_refused_before_anything_is_written(shop, tmp_path, monkeypatch):
    monkeypatch.setenv("CHROMIUM", "no-such-browser")
    with pytest.raises(UserError, match="no-such-browser"):
        report.write(shop, tmp_path / "week.html", "en", as_pdf=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("printed", "code"), [("%PDF-1.7 pages", 0), ("", 1), ("no pdf", 1)])
def test_a_pdf_is_written_whole_or_the_browsers_own_words_are_shown(shop, tmp_path, monkeypatch, capsys, printed, code):
    browser = tmp_path / "browser"
    browser.write_text(FAKE_BROWSER)
    browser.chmod(0o755)
    monkeypatch.setenv("CHROMIUM", str(browser))
    monkeypatch.setenv("FAKE_PDF", printed)
    out = tmp_path / "out" / "week.html"
    out.parent.mkdir()
    assert cli.main(["report", "--out", str(out), "--pdf", "--workspace", str(shop.root)]) == code
    names = sorted(file.name for file in Path(out.parent).iterdir())
    assert names == (["week.html", "week.pdf"] if code == 0 else ["week.html"])
    assert code == 0 or "what the browser says" in capsys.readouterr().err
