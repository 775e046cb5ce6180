"""Questions of an import: one that matters refuses it with the flags to answer with, and answers are remembered by layout."""

from __future__ import annotations

import pytest
from fixtures.importing import ORDERS, stored, write

from core.cli import answers as flags
from core.errors import UserError
from core.ingest import import_files, importing
from core.ingest.questions import Question
from core.messages import msg

STATE = Question(
    "--state", "Partially paid", "sale", (), msg("It is unknown what {state} counts as.", state="Partially paid"), "orders.csv"
)
SMALL = Question("--state", "Rare", "sale", (), msg("It is unknown what {state} counts as.", state="Rare"), "orders.csv", share=0.004)


@pytest.fixture
def asking(monkeypatch):
    """Every file raises these questions."""

    def ask(*questions: Question) -> None:
        plan = importing.plan_sources

        def planned(*given):
            found = plan(*given)
            for p in found:
                p.report.questions += questions
            return found

        monkeypatch.setattr(importing, "plan_sources", planned)

    return ask


def test_an_open_question_refuses_the_import_with_the_flag_to_answer_with_and_stores_nothing(workspace, tmp_path, asking):
    asking(STATE, SMALL)
    with pytest.raises(UserError) as error:
        import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)])
    assert "--state 'Partially paid=sale'" in str(error.value.to_do) and "Rare" not in str(error.value)
    assert error.value.exit_code == 2 and not workspace.warehouse.exists()


def test_an_answer_is_remembered_for_files_of_the_same_layout_alone(workspace, tmp_path, asking):
    asking(STATE)
    import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)], answers={STATE.key: "pending"})
    report = import_files(workspace, [write(tmp_path, "orders2.csv", ORDERS.replace("2024-03", "2024-04"))])
    assert report.files[0].answers == {STATE.key: "pending"}
    other = ORDERS.replace("country", "region")
    with pytest.raises(UserError):
        import_files(workspace, [write(tmp_path, "orders3.csv", other)])


def test_answers_outlive_imports_of_other_layouts(workspace, tmp_path, asking):
    asking(STATE)
    import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)], answers={STATE.key: "sale"})
    import_files(workspace, [write(tmp_path, "others.csv", ORDERS.replace("country", "region"))], answers={STATE.key: "pending"})
    report = import_files(workspace, [write(tmp_path, "orders2.csv", ORDERS)], dry_run=True)
    assert report.files[0].answers == {STATE.key: "sale"}


def test_the_day_up_to_which_data_count_is_asked_for_every_time(workspace, tmp_path, asking):
    asking(Question("--as-of", "", "2024-03-02", (), msg("The last day is far from the others."), "orders.csv"))
    file = write(tmp_path, "orders.csv", ORDERS)
    import_files(workspace, [file], answers={"--as-of": "2024-03-02"})
    with pytest.raises(UserError, match="--as-of 2024-03-02"):
        import_files(workspace, [file])


def test_a_dry_run_lists_its_questions_and_refuses_none(workspace, tmp_path, asking):
    asking(STATE, SMALL)
    report = import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)], dry_run=True)
    assert report.questions == [STATE, SMALL] and report.open() == [STATE]


def test_a_refusal_stays_short_however_many_questions_are_open(workspace, tmp_path, asking):
    asking(*(Question("--state", f"state {i} of a shop", "sale", (), msg("Unknown state."), "orders.csv") for i in range(60)))
    with pytest.raises(UserError, match="--dry-run shows 4[0-9] more questions") as error:
        import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)])
    assert len(str(error.value)) <= 600


def test_a_constant_fills_a_column_that_a_file_lacks_and_changes_no_list_of_products(workspace, tmp_path):
    sales = write(tmp_path, "verkauf.csv", "date,sku,Preis\n2024-03-05,A,4.50\n2024-03-06,A,4.50\n")
    products = write(tmp_path, "products.csv", "sku,title,created_at\nA,Mug,2024-01-05\n")
    with pytest.raises(UserError):
        import_files(workspace, [sales])
    given = {"--column orders.units": "=1", "--column orders.unit_price": "Preis"}
    import_files(workspace, [sales, products], answers=given)
    assert stored(workspace, "select sum(units), sum(unit_price_cents), count(*) from orders") == [(2.0, 900, 2)]
    assert stored(workspace, "select title from products") == [("Mug",)]
    later = write(tmp_path, "verkauf2.csv", "date,sku,Preis\n2024-03-07,A,4.50\n")
    import_files(workspace, [later])
    assert stored(workspace, "select sum(units) from orders") == [(3.0,)]


def test_flags_become_answers_by_the_keys_of_questions():
    typed = {
        "state": ["a=b=sale", "Open=pending"],
        "column": ["orders.units==1", "orders.order_id=Beleg Nr"],
        "keep": ["Gift card"],
        "time_zone": ["Europe/Berlin"],
        "as_of": None,
    }
    assert flags.read(typed) == {
        "--state a=b": "sale",
        "--state Open": "pending",
        "--column orders.units": "=1",
        "--column orders.order_id": "Beleg Nr",
        "--keep Gift card": "product",
        "--time-zone": "Europe/Berlin",
    }


@pytest.mark.parametrize("typed", [{"state": ["Open"]}, {"state": ["Open=sold"]}, {"each_row": ["mug"]}, {"column": ["=x"]}])
def test_a_flag_that_cannot_be_read_is_refused(typed):
    with pytest.raises(UserError):
        flags.read(typed)
