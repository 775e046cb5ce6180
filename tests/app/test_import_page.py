"""The Data page before an import: what it asks, what can be changed, and that files and answers outlive every step."""

from __future__ import annotations

import pytest

from core import ingest, jobs
from core.ingest.recognise.rules import RULES, targets
from core.storage.state import State
from dashboard import labels
from tests.app.test_jobs_page import checked, uploads
from tests.app.visit import words

STATES = (
    "order_id,date,sku,title,qty,price,status\n"
    + "".join(f"{i},2024-03-{1 + i % 28:02},A,<b>Mug</b> *blue*,1,4.50,paid\n" for i in range(60))
    + "61,2024-03-06,A,Mug,2,4.50,In Klärung\n62,2024-03-07,G1,Gift card,1,25,paid\n"
).encode()


def wait(open_page, workspace, *files: tuple[str, bytes], **page):
    """Upload files and check them; returns the page that asks. page: of the visit to it."""
    at = open_page("data", workspace=workspace)
    for name, content in files:
        at.file_uploader(key="files").upload(name, content)
    at.form_submit_button[0].click().run()
    checked(workspace)
    return open_page("data", workspace=workspace, **page)


def pressed(at, label: str = "Import"):
    return next(b for b in at.form_submit_button if b.label == label).click().run()


TILL = ("Bestelldatum;Artikelnummer;Menge\n" + "".join(f"{1 + i // 2:02}.03.2024;A{i % 5};{1 + i % 3}\n" for i in range(40))).encode()


def test_sales_of_unknown_columns_beside_known_ones_are_asked_about(open_page, workspace):
    at = wait(open_page, workspace, ("orders.csv", STATES.replace("In Klärung".encode(), b"paid")), ("kasse.csv", TILL))
    asked = {s.label: s.value for s in at.selectbox}
    assert (asked["Order date"], asked["SKU or name"], asked["Units"]) == ("Bestelldatum", "Artikelnummer", "Menge")
    pressed(at, "Continue")
    checked(workspace)
    at = open_page("data", workspace=workspace)
    assert not at.exception and not [s for s in at.selectbox if s.label == "Order date"]
    pressed(at)
    job = jobs.recent(workspace)[0]
    assert job.kind == "import" and job.arguments["answers"]["--column orders.units"] == "Menge"


def test_a_file_that_asks_for_its_columns_can_be_left_out_and_read_after_all(open_page, workspace):
    at = wait(open_page, workspace, ("orders.csv", STATES.replace("In Klärung".encode(), b"paid")), ("kasse.csv", TILL))
    next(s for s in at.selectbox if s.label == r"What does kasse\.csv contain?").select("nothing").run()
    pressed(at, "Continue")
    assert jobs.recent(workspace)[0].arguments["answers"] == {"--leave-out kasse.csv": "yes"}
    checked(workspace)
    at = open_page("data", workspace=workspace)
    assert "Not read: You chose to skip it" in words(at) and not at.form_submit_button[0].disabled
    next(s for s in at.selectbox if s.label == r"Read kasse\.csv or skip it?").select("no")
    pressed(at)
    checked(workspace)
    at = open_page("data", workspace=workspace)
    assert "Order date" in [s.label for s in at.selectbox]


def test_none_of_these_is_an_answer_for_a_column_that_is_doubtful(open_page, workspace):
    at = wait(open_page, workspace, ("sales.csv", b"date,sku,sales\n2024-03-01,A,5\n2024-03-02,A,6\n2024-03-03,B,5\n"))
    units = next(s for s in at.selectbox if s.label == "Units")
    assert units.value == "sales" and units.options[-1] == "None of these"
    units.select("-")
    pressed(at, "Continue")
    job = jobs.recent(workspace)[0]
    assert (job.kind, job.arguments["answers"]) == ("check", {"--column orders.units": "-"})
    checked(workspace)
    at = open_page("data", workspace=workspace)
    assert not at.exception and "sales" not in [s.value for s in at.selectbox if s.label == "Units"]


def test_quotations_are_skipped_with_advice_and_can_be_read_as_sales(open_page, workspace):
    at = wait(open_page, workspace, ("quotations.csv", b"order_id,date,sku,qty,price\n1,2024-03-01,A,2,10\n2,2024-03-02,A,1,10\n"))
    assert "quotations.csv lists quotations, judging by its name. Export the orders or invoices instead." in words(at).replace("\\", "")
    pressed(at)
    assert "Nothing to import" in words(at) and jobs.recent(workspace)[0].kind == "check"
    next(s for s in at.selectbox if s.label.startswith("Read quotations")).select("no")
    pressed(at)
    checked(workspace)
    at = open_page("data", workspace=workspace)
    pressed(at)
    assert jobs.recent(workspace)[0].kind == "import"


def test_a_file_that_cannot_be_read_holds_the_import_up_until_it_is_left_out(open_page, workspace):
    months = b"month,sku,qty\n2024-01,A,5\n2024-02,A,7\n"
    at = wait(open_page, workspace, ("orders.csv", STATES.replace("In Klärung".encode(), b"paid")), ("monthly.csv", months))
    (way_out,) = (s for s in at.selectbox if "Continue without it?" in s.label)
    assert way_out.value == "yes" and way_out.options == ["skip it"]
    pressed(at)
    job = jobs.recent(workspace)[0]
    assert (job.kind, job.arguments["answers"]) == ("import", {"--leave-out monthly.csv": "yes"})


def test_each_state_can_be_changed_and_the_files_are_checked_again_before_they_are_stored(open_page, workspace):
    at = wait(open_page, workspace, ("orders.csv", STATES))
    drop_downs = {s.label.replace("\\", ""): s for s in at.selectbox}
    assert drop_downs["paid · 61 rows"].value == "sale"
    assert drop_downs["What does 'In Klärung' in column status count as? It is not a known status."].value == "sale"
    drop_downs["paid · 61 rows"].select("pending")
    at.text_input[0].set_value("Tassen")
    pressed(at)
    job = jobs.recent(workspace)[0]
    assert (job.kind, job.arguments["answers"]) == ("check", {"--state In Klärung": "sale", "--state paid": "pending"})
    checked(workspace)
    again = open_page("data", workspace=workspace)
    assert next(s for s in again.selectbox if s.label == "paid · 61 rows").value == "pending" and again.text_input[0].value == "Tassen"
    pressed(again)
    job = jobs.recent(workspace)[0]
    assert (job.kind, job.arguments["answers"]["--state paid"], job.arguments["shop"]["name"]) == ("import", "pending", "Tassen")


def test_a_line_set_aside_is_brought_back_and_set_aside_again(open_page, workspace):
    at = wait(open_page, workspace, ("orders.csv", STATES))
    assert at.multiselect[0].options == ["Gift card"]
    at.multiselect[0].select("Gift card")
    pressed(at)
    checked(workspace)
    again = open_page("data", workspace=workspace)
    assert again.multiselect[0].value == ["Gift card"]
    again.multiselect[0].unselect("Gift card")
    pressed(again)
    assert jobs.recent(workspace)[0].arguments["answers"]["--keep Gift card"] == "aside"
    checked(workspace)
    assert open_page("data", workspace=workspace).multiselect[0].value == []


def test_an_answer_other_than_the_proposal_shows_its_statement_before_the_import(open_page, workspace):
    at = wait(open_page, workspace, ("orders.csv", STATES))
    next(s for s in at.selectbox if "Klärung" in s.label).select("not a sale")
    pressed(at)
    assert jobs.recent(workspace)[0].kind == "check"
    checked(workspace)
    pressed(open_page("data", workspace=workspace))
    assert jobs.recent(workspace)[0].kind == "import"


def test_a_check_of_answers_that_fails_leaves_the_files_and_the_answers_before_it(open_page, workspace):
    at = wait(open_page, workspace, ("orders.csv", STATES))
    at.multiselect[0].select("Gift card")
    pressed(at)
    state = State(workspace)
    token = state.take_worker() or state.worker().token
    state.end_job(state.claim_job(token).id, token, "failed", error="no such zone")
    jobs.drop_uploads(workspace)
    again = open_page("data", workspace=workspace)
    assert uploads(workspace) == ["orders.csv"] and again.multiselect[0].value == [] and "File check: failed" in words(again)


def test_times_in_utc_are_asked_about_with_a_list_of_zones(open_page, workspace):
    times = "".join(f"{i},2024-03-13T{i % 24:02}:30:00Z,A1,1,1.50,USD\n" for i in range(240))
    at = wait(open_page, workspace, ("orders.csv", b"order_id,date,sku,qty,price,currency\n" + times.encode()))
    (zone,) = (s for s in at.selectbox if "In which time zone" in s.label)
    assert zone.value == "America/New_York" and "Europe/Berlin" in zone.options
    assert "Time zone" not in [s.label for s in at.selectbox]
    pressed(at)
    assert jobs.recent(workspace)[0].arguments["answers"] == {"--time-zone": "America/New_York"}


def test_what_a_row_is_can_be_changed_where_no_column_shows_it(open_page, workspace):
    at = wait(open_page, workspace, ("sales.csv", b"date,sku,qty\n2024-03-05,A,2\n2024-03-06,A,1\n"))
    row = next(s for s in at.selectbox if "What is one row" in s.label)
    assert row.value == "day-total"
    row.select("order-line")
    pressed(at)
    assert jobs.recent(workspace)[0].arguments["answers"] == {"--each-row": "order-line"}


def test_counts_of_all_sales_so_far_are_asked_about_and_read_as_differences(open_page, workspace):
    counts = b"date,sku,title,sale_count,price\n2024-01-03,A,Cream,130,9\n2024-01-02,A,Cream,120,10\n2024-01-01,A,Cream,100,11\n"
    at = wait(open_page, workspace, ("counts.csv", counts))
    row = next(s for s in at.selectbox if "sales of a product so far" in s.label)
    assert row.value == "running-total" and "set aside" in words(at)
    pressed(at)
    assert jobs.recent(workspace)[0].arguments["answers"] == {"--each-row": "running-total"}


def test_a_column_that_may_group_customers_is_asked_about_and_persons_values_are_not_shown(open_page, workspace):
    people = "customer_id,Household,email\n" + "".join(f"c{i},{('Single', 'Family')[i % 2]},c{i}@mail.example\n" for i in range(40))
    at = wait(open_page, workspace, ("customers.csv", people.encode()), ("orders.csv", STATES))
    (group,) = (s for s in at.selectbox if "Household" in s.label)
    assert group.value == "leave-out"
    shown = "".join(str(frame.value) for frame in at.dataframe)
    assert "Single, Family" in shown and "mail.example" not in shown


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_name_of_a_table_or_column_of_ours_is_on_the_page(open_page, workspace, language):
    at = wait(open_page, workspace, ("orders.csv", STATES), ("pricelist.csv", b"SKU,List price\nA,4\n"), language=language)
    shown = words(at) + "".join(str(frame.value) for frame in at.dataframe) + "".join(s.label for s in at.selectbox)
    assert not [
        name for name in ("ordered_at", "product_id", "unit_price", "orders.", "00:00:00") if name in shown.replace("orders.csv", "")
    ]
    assert not at.exception


def test_every_column_of_the_contract_has_a_label():
    assert [f"{t}.{c}" for t in RULES for c in targets(t) if c not in labels.COLUMNS] == []


def test_files_of_the_watched_folder_are_the_users_and_are_not_removed_by_the_page(open_page, workspace):
    workspace.inbox.mkdir()
    (workspace.inbox / "orders.csv").write_bytes(STATES)
    jobs.request(workspace, "check", {"files": [str(workspace.inbox / "orders.csv")]})
    checked(workspace)
    at = open_page("data", workspace=workspace)
    assert [b.label for b in at.form_submit_button] == ["Import"] and "To leave one out, move it elsewhere" in words(at)


def test_next_weeks_export_shows_only_what_is_new_or_different(open_page, workspace, tmp_path):
    (tmp_path / "march.csv").write_bytes(STATES)
    ingest.import_files(workspace, [tmp_path / "march.csv"], answers={"--state In Klärung": "sale"})
    new = STATES + b"63,2024-04-01,A,Mug,1,4.50,paid\n64,2024-04-02,A,Mug,1,4.50,cancelled\n"
    at = wait(open_page, workspace, ("april.csv", new))
    months, states = (frame.value for frame in at.dataframe)
    assert list(months.month) == ["2024-04"] and list(states.name) == ["cancelled"]
    assert "Only what is new or different is shown" in words(at)
    at.toggle[0].set_value(True).run()
    assert list(at.dataframe[0].value.month) == ["2024-03", "2024-04"] and len(at.dataframe) > 2
    pressed(at, "Remove files")
    renamed = wait(open_page, workspace, ("april.csv", new.replace(b"title", b"product name")))
    assert not renamed.toggle and len(renamed.dataframe) > 2
