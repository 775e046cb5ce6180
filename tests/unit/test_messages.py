"""Messages are data: they survive JSON, are worded in either language, and no sentence bypasses the catalogues."""

from __future__ import annotations

import importlib.util
import re
import sys
from datetime import date, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from unit.wording_walk import Bypass, bypasses, computed_marks, labelled, sources

from core import messages
from core.errors import UpswingError, UserError
from core.messages import Message, deserialize, from_json, lines, msg, nmsg, preferred_language, sentences, serialize, show, to_json

REPOSITORY = Path(__file__).parents[2]
_spec = importlib.util.spec_from_file_location("catalogues", REPOSITORY / "scripts" / "catalogues.py")
catalogues = importlib.util.module_from_spec(_spec)
sys.modules["catalogues"] = catalogues
_spec.loader.exec_module(catalogues)
DOMAINS = [(domain, locale) for domain in catalogues.DOMAINS for locale in catalogues.locales(domain)]

# (files, literals) that are no text for people, as patterns, each with its reason.
EXEMPT: dict[tuple[str, str], str] = {
    (
        r"core/schema/.*|core/(capabilities/\w+|features)/tables\.py",
        r".*",
    ): "records of the data contract, for docs/; pages label tables themselves",
    (r"core/features/definitions\.py", r".*"): "records: the catalogue holds their meanings, collected by scripts/catalogues.py",
    (r"core/cli/.*", r"upswing .*"): "commands to type, in the examples of a command's help",
    (r"core/ingest/(convert|store)/.*", r"[^A-Z]*|.*try_cast\(.*"): "SQL is lower case; messages begin with a capital",
    (r"core/ingest/readers/workbook\.py", r"detect file format"): "part of an error of python-calamine",
    (r"core/.*", r"import FILE\.\.\."): "a command to type",
    (r"core/evaluation/backtest/judgement\.py", r"demand sample| random products"): "names of slices in metrics.json; page.py labels them",
    (
        r"core/(markup|report/(page|writer|style|drawings)|evaluation/backtest/page)\.py",
        r"\n(body|:root)\{.*|.*<!?\w+ .*| text-anchor=.*",
    ): "CSS, HTML and SVG",
    (r"core/evaluation/backtest/page\.py", r"8 weeks to|20 and more orders"): "how names of slices in metrics.json begin",
    (r"core/features/build\.py", r"create temp table .*|insert into .*| as float\) as |product_id, as_of, segment"): "SQL",
    (r"core/storage/warehouse\.py", r"\s*select .*"): "SQL",
    (r"core/storage/duckdb\.py", r"insert into | by name |create or replace temp table | where day .*"): "SQL",
    (r"core/storage/(snapshot_checks|state/.*)\.py", r"(insert|update|delete) .*|\" is null\)|count\(\*\) .*|\s*\w+ table .*"): "SQL",
    (r"core/(models/registry|storage/(snapshots|audit))\.py", r"command line"): "who acted: a name in the audit log, like `dashboard`",
    (r"core/storage/access\.py", r"No space left|could not set lock"): "what DuckDB's errors say",
    (r"core/models/text\.py", r".*"): "example reviews that define the direction of sentiment",
    (r"core/models/tracking\.py", r"TensorBoard event files"): "part of a log line",
    (r"core/(service_)?settings\.py", r".*"): "records of the settings: docs/ shows their meanings",
    (r"core/settings_file\.py", r"at line .*"): "a pattern of what TOML's errors say",
    (r"(core|dashboard)/.*", r"(y-MM-dd|YYYY-MM-DD) HH:mm|D MMM YYYY"): "a format of dates",
    (r"core/storage/state/purchase_orders\.py", r"purchase order"): "what a note of the change log is about: a machine name",
    (r"core/api/description\.py", r".*"): "for programmers, beside the words of OpenAPI",
    (r"pages/(recommendations|at_risk)\.py", r"upswing identify .*"): "a command to type",
    (r"dashboard/components/cards\.py", r"upswing import FILE\.\.\.\nupswing run"): "commands to type",
    (r"dashboard/components/plots\.py", r"Download plot.*"): "keys of plotly's own dictionary, which this module translates",
    (r"dashboard/components/track_record_charts\.py", r"(bottom|top) center"): "a position in plotly",
    (r"dashboard/data\.py", r"inventory what-if"): "the key under which views are stored",
    (r"dashboard/labels\.py", r"a rating outside 1 to |yes or no"): "machine names in snapshots, which this module labels",
}
LABELS = ("dashboard/labels.py", "dashboard/components/inventory/labels.py", "dashboard/i18n.py")  # look up marked strings by name


def exempt(bypass: Bypass) -> tuple[str, str] | None:
    return next((key for key in EXEMPT if re.fullmatch(key[0], bypass.place) and re.fullmatch(key[1], bypass.text, re.DOTALL)), None)


def forms(text) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


# ---- the catalogues


@pytest.mark.parametrize("domain, locale", DOMAINS)
def test_every_string_is_translated_and_no_translation_is_unused(domain, locale):
    present, wanted = catalogues.present(domain, locale), catalogues.wanted(domain, locale)
    assert [m.id for m in wanted if m.id and (present.get(m.id) is None or not catalogues.translated(present.get(m.id)))] == []
    assert [m.id for m in present if m.id and wanted.get(m.id) is None] == []


@pytest.mark.parametrize("domain, locale", DOMAINS)
def test_a_translation_keeps_every_value_that_is_filled_in(domain, locale):
    placeholder = re.compile(r"\{\w+\}|%\.\d+f|%%")
    wrong = [
        (m.id, form)
        for m in catalogues.present(domain, locale)
        if m.id
        for form in forms(m.string)
        if sorted(placeholder.findall(form)) != sorted(placeholder.findall(forms(m.id)[-1]))
    ]
    assert wrong == []


# ---- nothing bypasses them


@cache
def found() -> list[Bypass]:
    product = sources(REPOSITORY)
    codes = labelled(product)
    return [bypass for place, source in product.items() for bypass in bypasses(source, place, codes)]


def test_no_sentence_bypasses_the_catalogues():
    assert [str(bypass) for bypass in found() if exempt(bypass) is None] == []


def test_every_exemption_is_needed():
    used = {exempt(bypass) for bypass in found()}
    assert [key for key in EXEMPT if key not in used] == []


def test_marks_hold_literals_so_that_the_extraction_finds_them():
    product = sources(REPOSITORY)
    assert [str(b) for place, source in product.items() if place not in LABELS for b in computed_marks(source, place)] == []


@pytest.mark.parametrize(
    "planted",
    [
        'raise UserError("a reason", "none", "say why")',
        'raise UserError(expected=msg("A reason."), found=f"{count} of them", to_do=msg("Choose one."))',
        'raise UpswingError("it broke")',
        'progress("train", 0.5, f"epoch {epoch}")',
        'st.button("Save")',
        'st.caption(f"{rows} rows")',
        'st.button(_("Save"), help="Saves")',
        'st.selectbox(_("Segment"), names, placeholder="Segment")',
        'st.markdown(plain("Everyone"))',
        'st.info(_("Sound.") if ok else "Broken")',
        'st.write(" ".join([_("One"), "two"]))',
        'figure.update_layout(title={"text": "Sales"})',
        'figure.add_scatter(x=days, y=units, name="Forecast")',
        'cards.nothing_here("Nothing")',
        'said = "Late"\nst.warning(said)',
        'rows = [{"status": "out of stock today"}]',
        'def text(self):\n    return f"trained in {self.seconds} s"',
    ],
)
def test_a_planted_bypass_is_caught(planted):
    assert list(bypasses(planted, "pages/planted.py"))


@pytest.mark.parametrize(
    "fine",
    [
        'raise UserError(expected=msg("A reason."), found=found, to_do=msg("Choose one."))',
        'progress("train", 0.5, nmsg("{count} text", "{count} texts", 3))',
        'st.button(_("Save"), icon=":material/check:")',
        'st.caption(f":material/info: {text}")',
        "st.dataframe(rows)",
        'raise ValueError("no such stored query")',
        'def f():\n    """Return a sentence in a docstring."""',
    ],
)
def test_text_that_is_marked_or_data_is_not_caught(fine):
    assert list(bypasses(fine, "pages/fine.py")) == []


@pytest.mark.parametrize("planted", ['_(f"{count} rows")', "msg(template)", """f"# {say(msg('Model card'))}" """.strip()])
def test_a_mark_that_the_extraction_cannot_read_is_caught(planted):
    assert list(computed_marks(planted, "pages/planted.py"))


# ---- a message


FULL = lines(
    msg("{files} of {shop} on {day}", files=["a.csv", "b.csv"], shop="Töne {x}", day=date(2026, 6, 29)),
    sentences(nmsg("{count} row", "{count} rows", np.int64(1234)), msg("The port is not free: {error}.", error=msg("There is none."))),
    msg("{share} at {time}", share=np.float32(0.5), time=datetime(2026, 6, 29, 7, 5)),
)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_message_survives_json_in_both_languages(language):
    assert from_json(to_json({"text": FULL, "rows": [1]}))["text"].show(language) == FULL.show(language)
    assert deserialize(serialize(FULL)).show(language) == FULL.show(language)


def test_text_of_earlier_versions_stays_text():
    assert deserialize("daily aggregate") == "daily aggregate" == serialize("daily aggregate")


def test_a_value_is_shown_as_its_language_writes_it():
    assert FULL.show() == (
        "a.csv, b.csv of Töne {x} on 29 Jun 2026\n1,234 rows The port is not free: There is none..\n0.5 at 29 Jun 2026 07:05"
    )
    assert FULL.show("zh") == "a.csv、b.csv of Töne {x} on 2026年6月29日\n1,234 行端口被占用：没有。。\n0.5 at 2026-06-29 07:05"


def test_a_plural_follows_its_count():
    rows = [nmsg("{count} row", "{count} rows", count).show() for count in (0, 1, 2)]
    assert rows == ["0 rows", "1 row", "2 rows"]


def test_a_sentence_without_translation_stays_english():
    assert Message("The moon is full.").show("zh") == "The moon is full."


def test_an_error_is_shown_found_expected_to_do_and_has_a_machine_form():
    error = UserError(
        expected=msg("A quantity must be 0 or more."), found=msg("The quantity is {value}.", value=-1), to_do=msg("Correct the quantity.")
    )
    assert str(error) == "The quantity is -1. A quantity must be 0 or more. Correct the quantity."
    assert show(error.message, "zh") == "数量为 -1。数量不能小于 0。请修改数量。"
    form = error.as_dict()
    assert form["error"] == "UserError" and form["text"] == str(error)
    assert form["found"] == {"message": "The quantity is {value}.", "values": {"value": -1}}
    assert UpswingError(msg("There is none.")).as_dict()["reason"] == {"message": "There is none."}


@pytest.mark.parametrize(
    "environ, language",
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "zh_TW"}, "zh"),
        ({"LC_ALL": "", "LANG": "zh_CN"}, "zh"),
        ({"UPSWING_LANG": "zh", "LC_ALL": "en_GB"}, "zh"),
    ],
)
def test_the_environment_chooses_the_language(environ, language):
    assert preferred_language(environ) == language


def test_a_sentence_that_resembles_another_is_worded_whole_in_chinese():
    # The words of one sentence inside another used to be translated by themselves, which scrambled the whole.
    error = UserError(
        expected=msg("Demand quantiles must never fall with their level."),
        found=msg(
            "{file} cannot be read: {error}.", file="a.csv", error="There is none. the names of your columns in the first line of b.csv"
        ),
        to_do=msg("Correct {file}.", file="the names of the columns.csv"),
    )
    assert show(error.message, "zh") == (
        "无法读取 a.csv：There is none. the names of your columns in the first line of b.csv。需求分位数不能随水平升高而下降。"
        "请修改 the names of the columns.csv。"
    )


def test_english_needs_no_catalogue_and_chinese_is_compiled_in_memory():
    assert not list((REPOSITORY / "core" / "locale").rglob("*.mo"))
    assert messages.translations("zh").gettext("Choose a reason.") == "请选择原因。"
