"""No name, mail, phone or address passes the door; ids become pseudonyms that meet again."""

from __future__ import annotations

import stat

import pytest
from fixtures.importing import notes, stored, write

from core.errors import UserError
from core.ingest import import_files
from core.ingest.convert.pseudonyms import pseudonyms
from core.ingest.recognise.personal_data import MAIL_ADDRESSES, PHONE_NUMBERS, SINGLE_PERSONS, holds_personal, looks_personal
from core.storage import duckdb as db


def everything(workspace) -> str:
    """All text in the warehouse."""
    with db.connect(workspace.warehouse, read_only=True) as con:
        names = [n for (n,) in con.execute("select table_name from information_schema.tables").fetchall()]
        return " ".join(str(con.execute(f"select * from {n}").fetchall()) for n in names)


def test_customer_ids_become_pseudonyms_that_meet_across_files_and_imports(workspace, tmp_path):
    import_files(
        workspace,
        [
            write(tmp_path, "customers.csv", "customer_id,tier\nalice-77,gold\n"),
            write(tmp_path, "orders.csv", "ordered_at,product_id,units,customer_id\n2024-03-01,A,1,alice-77\n"),
        ],
    )
    import_files(
        workspace, [write(tmp_path, "reviews.csv", "review_id,created_at,product_id,rating,customer_id\n1,2024-03-02,A,5,alice-77\n")]
    )
    assert "alice" not in everything(workspace)
    assert (
        len(
            {
                *stored(workspace, "select customer_id from customers"),
                *stored(workspace, "select customer_id from orders"),
                *stored(workspace, "select customer_id from reviews"),
            }
        )
        == 1
    )
    assert stat.S_IMODE((workspace.root / "privacy.key").stat().st_mode) == 0o600


def test_ids_that_went_through_floats_meet_the_others(workspace, tmp_path):
    import_files(
        workspace,
        [
            write(tmp_path, "orders.csv", "ordered_at,product_id,units,customer_id\n2024-03-01,A,1,13085.0\n2024-03-02,A,1,\n"),
            write(tmp_path, "customers.csv", "customer_id,tier\n13085,gold\n"),
        ],
    )
    assert stored(workspace, "select count(*) from orders join customers using (customer_id)") == [(1,)]


def test_pseudonyms_differ_by_workspace_and_by_kind():
    assert pseudonyms(b"one", "customer", ["7"]) != pseudonyms(b"two", "customer", ["7"])
    assert pseudonyms(b"one", "customer", ["7"]) != pseudonyms(b"one", "visitor", ["7"])
    assert pseudonyms(b"one", "customer", ["7", "8"]) == pseudonyms(b"one", "customer", ["7"]) + pseudonyms(b"one", "customer", ["8"])


def test_columns_of_persons_are_not_read_as_attributes(workspace, tmp_path):
    text = "customer_id,name,email,phone,street,city contact,tier\n" + "".join(
        f"c{i},Ann {i},a{i}@example.org,+44 20 7946 0{i:03},Road {i},b{i}@example.org,gold\n" for i in range(9)
    )
    report = import_files(workspace, [write(tmp_path, "customers.csv", text)])
    assert stored(workspace, "select distinct attribute from customers") == [("tier",)]
    assert "example.org" not in everything(workspace) and "Ann" not in everything(workspace)
    assert notes(report, 0).count("is not read") == 5


def test_a_list_of_persons_is_not_taken_for_a_list_of_products(workspace, tmp_path):
    with pytest.raises(UserError, match="Personal data"):
        import_files(workspace, [write(tmp_path, "export.csv", "id,name,email\n1,Ann Smith,a@example.org\n")])


def test_a_mapping_that_asks_for_personal_data_is_refused(workspace, tmp_path):
    mapping = write(tmp_path, "m.toml", '[customers]\ncustomer_id = "id"\nmail = "E-Mail"\n')
    with pytest.raises(UserError, match="E-Mail"):
        import_files(workspace, [write(tmp_path, "c.csv", "id,E-Mail\n1,a@example.org\n")], mapping=mapping)
    mapping = write(tmp_path, "m2.toml", '[customers]\ncustomer_id = "id"\nregion = "r"\n')
    with pytest.raises(UserError, match="mail addresses"):
        import_files(workspace, [write(tmp_path, "c2.csv", "id,r\n1,a@example.org\n")], mapping=mapping)


def test_all_mails_and_phones_in_reviews_and_searches_are_masked(workspace, tmp_path):
    import_files(
        workspace,
        [
            write(
                tmp_path,
                "reviews.csv",
                "review_id,created_at,product_id,rating,title,body\n"
                "1,2024-03-02,A,5,x@y.org,Write to ann.smith@example.org or +44 20 7946 0958 or +44 20 7946 0959 (12.50 paid)\n",
            ),
            write(tmp_path, "events.csv", "occurred_at,product_id,kind,query\n2024-03-01 10:00,A,search_click,ann@example.org\n"),
        ],
    )
    assert stored(workspace, "select title, body from reviews") == [("[mail]", "Write to [mail] or [phone] or [phone] (12.50 paid)")]
    assert stored(workspace, "select query from events") == [("[mail]",)]


def test_quarantined_values_show_no_persons(workspace, tmp_path):
    import_files(
        workspace,
        [
            write(
                tmp_path,
                "orders.csv",
                "ordered_at,product_id,units,customer_id\n2024-03-01,A,ann@example.org,c1\n2024-03-01,A,1,ann@example.org,secret\n",
            ),
            write(tmp_path, "customers.csv", "customer_id,tier\n,gold\n"),
        ],
    )
    assert stored(workspace, "select value from quarantine order by file, line") == [(None,), ("[mail]",), (None,)]
    assert "secret" not in everything(workspace)


@pytest.mark.parametrize(
    "column",
    [
        "E-mail",
        "Customer Name",
        "first_name",
        "Billing Address",
        "Phone No.",
        "收货人姓名",
        "手机号",
        "联系电话",
        "邮箱",
        "Date of birth",
        "ShippingStreet",
    ],
)
def test_columns_of_persons_are_known_by_their_names(column):
    assert looks_personal(column)


@pytest.mark.parametrize(
    "column", ["product_name", "title", "country", "商品名称", "tier", "age_band", "channel", "item name", "category_name", "brand name"]
)
def test_columns_of_goods_are_not_taken_for_personal(column):
    assert not looks_personal(column)


def test_values_tell_mails_phones_and_single_persons():
    assert holds_personal(["a@b.org", None, "c@d.com"]) == MAIL_ADDRESSES
    assert holds_personal(["+44 20 7946 0958", "13812345678"]) == PHONE_NUMBERS
    assert holds_personal(["2024-03-05", "2024-03-06"]) is None
    assert holds_personal(["4006381333931", "4006381333932"]) is None
    assert holds_personal([f"x{i}" for i in range(300)], attribute=True) == SINGLE_PERSONS
    assert holds_personal(["gold", "silver"] * 200, attribute=True) is None


def test_an_address_that_tells_customers_apart_is_kept_as_a_pseudonym_alone(workspace, tmp_path):
    orders = "order_date,sku,qty,Email\n2024-01-05,A,1,ann@example.org\n2024-01-06,A,2,ann@example.org\n2024-01-06,B,1,bob@example.org\n"
    import_files(workspace, [write(tmp_path, "orders.csv", orders)])
    assert stored(workspace, "select count(*), count(distinct customer_id) from orders") == [(3, 2)]
    assert "example.org" not in everything(workspace)
