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
    assert report.files[0].answers[STATE.key] == "pending"
    other = ORDERS.replace("country", "region")
    with pytest.raises(UserError):
        import_files(workspace, [write(tmp_path, "orders3.csv", other)])


def test_answers_outlive_imports_of_other_layouts(workspace, tmp_path, asking):
    asking(STATE)
    import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)], answers={STATE.key: "sale"})
    import_files(workspace, [write(tmp_path, "others.csv", ORDERS.replace("country", "region"))], answers={STATE.key: "pending"})
    report = import_files(workspace, [write(tmp_path, "orders2.csv", ORDERS)], dry_run=True)
    assert report.files[0].answers[STATE.key] == "sale"


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


# ---- each kind of answer reaches the rows, from the flag as from the page, which hands on the same keys

CUSTOMERS = "customer_id,Household,email\n" + "".join(f"c{i},{('Single', 'Family')[i % 2]},c{i}@mail.example\n" for i in range(40))
SOLD = "order_id,date,sku,title,qty,price,status\n"


def imported(workspace, tmp_path, name: str, text: str, flag: str, typed: str) -> None:
    file = write(tmp_path, name, text)
    import_files(workspace, [file], answers=flags.read({flag.strip("-").replace("-", "_"): [typed]}))


@pytest.mark.parametrize(
    ("typed", "query", "right"),
    [
        ("order-line", "select count(*), sum(order_count) from orders", (4, 4)),
        ("day-total", "select count(*), sum(order_count) from orders", (2, 7)),
        ("one-unit", "select sum(units), count(*) from orders", (4, 4)),
    ],
)
def test_what_each_row_is_reaches_the_import(workspace, tmp_path, typed, query, right):
    text = "date,sku,qty\n2024-03-05,A,2\n2024-03-05,A,3\n2024-03-06,A,4\n2024-03-06,A,4\n"
    imported(workspace, tmp_path, "sales.csv", text, "--each-row", typed)
    assert stored(workspace, query) == [right]


@pytest.mark.parametrize(("typed", "right"), [("Household=use", ["Household"]), ("Household=leave-out", [])])
def test_whether_a_column_groups_customers_reaches_the_import(workspace, tmp_path, typed, right):
    imported(workspace, tmp_path, "customers.csv", CUSTOMERS, "--attribute", typed)
    assert [name for (name,) in stored(workspace, "select distinct attribute from customers")] == right


@pytest.mark.parametrize(
    ("kind", "units"), [("sale", 3), ("return", -1), ("not a sale", 1), ("pending", 1)]
)  # 1 unit paid beside 2 in the state asked about; a return takes them back
def test_what_a_state_counts_as_reaches_the_import(workspace, tmp_path, kind, units):
    text = SOLD + "1,2024-03-05,A,Mug,1,4.50,paid\n2,2024-03-06,A,Mug,2,4.50,In Klärung\n"
    imported(workspace, tmp_path, "orders.csv", text, "--state", f"In Klärung={kind}")
    assert stored(workspace, "select sum(units) from orders") == [(units,)]


def test_a_line_that_is_a_product_all_the_same_reaches_the_import(workspace, tmp_path):
    text = SOLD + "1,2024-03-05,A,Mug,1,4.50,paid\n2,2024-03-06,G1,Gift card,1,25,paid\n"
    imported(workspace, tmp_path, "orders.csv", text, "--keep", "Gift card")
    assert stored(workspace, "select product_id from orders order by 1") == [("A",), ("G1",)]


@pytest.mark.parametrize(
    ("flag", "typed", "price"),
    [("--decimal", "price=,", 1250), ("--decimal", "price=.", 1250000), ("--column", "orders.unit_price=tax", 300)],
)
def test_how_and_where_a_price_is_written_reaches_the_import(workspace, tmp_path, flag, typed, price):
    text = "order_id,date,sku,qty,price,tax\n" + '1,2024-03-05,A,1,"12,500",3\n'
    imported(workspace, tmp_path, "orders.csv", text, flag, typed)
    assert stored(workspace, "select unit_price_cents from orders") == [(price,)]


def test_how_dates_are_written_and_their_last_day_reach_the_import(workspace, tmp_path):
    days = "".join(f"{i},0{1 + i % 9}/0{1 + i // 9}/2024,A,Mug,1,4.50,paid\n" for i in range(18))
    file = write(tmp_path, "orders.csv", SOLD + days)
    import_files(workspace, [file], answers=flags.read({"date_format": ["date=dmy"]}))
    assert stored(workspace, "select max(ordered_at)::date::varchar from orders") == [("2024-02-09",)]


# ---- columns that may group customers are a question about persons


def test_a_column_that_may_group_customers_is_asked_about_and_left_out_by_proposal(workspace, tmp_path):
    file = write(tmp_path, "customers.csv", CUSTOMERS)
    asked = import_files(workspace, [file], dry_run=True).open()
    assert [(q.argument(), q.persons) for q in asked] == [("--attribute Household=leave-out", True)]
    with pytest.raises(UserError, match="--attribute Household=leave-out"):
        import_files(workspace, [file])


@pytest.mark.parametrize(
    "values",
    [["Single"] * 40, [f"Family {i}" for i in range(40)], ["1", "2"] * 20, ["Anna Schmidt", "Jan Horn"] * 20, ["Single"] * 39 + ["Family"]],
    ids=["one", "all differ", "numbers", "names", "one customer"],
)
def test_a_column_that_cannot_group_customers_is_left_out_without_a_question(workspace, tmp_path, values):
    rows = "".join(f"c{i},{value}\n" for i, value in enumerate(values))
    report = import_files(workspace, [write(tmp_path, "customers.csv", "customer_id,Household\n" + rows)])
    assert report.questions == [] and "Household" in report.files[0].outside


@pytest.mark.parametrize("values", [["a@mail.example", "b@mail.example"], ["0171 5500000", "0171 5500001"]])
def test_persons_data_stay_out_whatever_is_answered(workspace, tmp_path, values):
    rows = "".join(f"c{i},{values[i % 2]}\n" for i in range(40))
    imported(workspace, tmp_path, "customers.csv", "customer_id,Household\n" + rows, "--attribute", "Household=use")
    assert stored(workspace, "select count(*) from customers where attribute = 'Household'") == [(0,)]


# ---- states and lines as they are shown


def test_what_reaches_a_person_in_a_state_is_masked_and_can_be_answered_as_shown(workspace, tmp_path):
    text = SOLD + "1,2024-03-05,A,Mug,1,4.50,paid\n" + "".join(f"{i},2024-03-06,A,Mug,1,4.50,call 0171 55000{i:02}\n" for i in range(2, 9))
    file = write(tmp_path, "orders.csv", text)
    report = import_files(workspace, [file], dry_run=True)
    assert [q.argument() for q in report.open()] == ["--state 'call [phone]=sale'"] and "0171" not in str(report.text())
    assert [(s.value, s.rows) for s in report.files[0].main.states] == [("call [phone]", 7), ("paid", 1)]
    import_files(workspace, [file], answers={"--state call [phone]": "pending"})
    assert stored(workspace, "select count(*) from orders") == [(1,)]


def test_a_gift_card_with_a_number_of_its_own_is_no_product(workspace, tmp_path):
    text = SOLD + "1,2024-03-05,A,Mug,1,4.50,paid\n2,2024-03-06,G1,Gift card,1,25,paid\n"
    report = import_files(workspace, [write(tmp_path, "orders.csv", text)])
    assert [(line.name, line.units, line.cents, line.comes_back) for line in report.files[0].main.aside_lines] == [
        ("Gift card", 1, 2500, True)
    ]
    assert stored(workspace, "select product_id from products") == [("A",)]
