"""Impressions, lists of searches and contacts: what is read of their files, and how rows that are alike are stored."""

from __future__ import annotations

from fixtures.importing import ORDERS, PRODUCTS, add_up, stored, write

from core.ingest import import_files
from core.ingest.undo import imports, undo_import

IMPRESSIONS = (
    "shown_at,product_id,campaign,placement,position,segment,cost,propensity,clicked,visitor_id\n"
    "2024-03-01 10:00,A1,spring,home,1,GB,0.004,0.25,yes,v1\n"
    "2024-03-01 10:00,A1,spring,home,1,GB,0.004,0.25,yes,v1\n"
    "2024-03-01 10:00,B2,spring,home,2,GB,0.002,0.75,no,v1\n"
    "2024-03-01 10:01,B2,spring,home,2,GB,0.002,0.75,0,\n"
    "2024-03-01 10:01,B2,spring,home,2,GB,0.002,0.75,1,\n"
)
SEARCHES = (
    "searched_at,query,search_id,product_id,position,clicked,bought,customer_id\n"
    "2024-03-01 10:00,red mug,s1,A1,1,1,0,c1\n"
    "2024-03-01 10:00,red mug,s1,B2,2,0,0,c1\n"
    "2024-03-01 10:05,mail jo@example.org,s2,,,,,c2\n"
    "2024-03-01 10:06,mug,s3,A1,0,0,0,\n"
)
CONTACTS = (
    "contacted_at,customer_id,campaign,channel,treated,propensity,cost\n"
    "2024-03-01 09:00,c1,win back,email,true,0.8,0.002\n"
    "2024-03-01 09:00,c2,win back,email,control,0.8,\n"
    "2024-03-01 09:00,c3,win back,email,maybe,0.8,\n"
)


def reasons(workspace) -> list[tuple]:
    return stored(workspace, "select value, reason from quarantine order by line")


def test_impressions_of_nobody_known_add_up_and_those_of_a_person_are_one(workspace, tmp_path):
    report = import_files(workspace, [write(tmp_path, "shown.csv", IMPRESSIONS)])
    assert report.files[0].main.table == "impressions"
    assert add_up(report) == {"read": 5, "kept": 3, "dropped": 2, "quarantined": 0}
    found = stored(
        workspace, "select product_id, position, shown, clicked, cost_cents, propensity from impressions order by shown_at, position"
    )
    assert found == [("A1", 1, 1, 1, 0.4, 0.25), ("B2", 2, 1, 0, 0.2, 0.75), ("B2", 2, 2, 1, 0.4, 0.75)]
    assert stored(workspace, "select count(*) from events") == [(0,)]


def test_totals_of_an_advertising_report_are_replaced_by_a_newer_one(workspace, tmp_path):
    head = "日期,商品ID,推广计划,展现量,点击量,花费\n"
    import_files(workspace, [write(tmp_path, "report.csv", head + "2024-03-01,A1,新品,1200,30,45.5\n2024-03-01,B2,新品,800,4,12\n")])
    later = import_files(workspace, [write(tmp_path, "report2.csv", head + "2024-03-01,A1,新品,1250,31,46\n")])
    assert (later.files[0].main.table, later.files[0].main.replaced) == ("impressions", 1)
    found = stored(workspace, "select product_id, shown, clicked, cost_cents from impressions order by 1")
    assert found == [("A1", 1250, 31, 4600), ("B2", 800, 4, 1200)]


def test_a_search_keeps_its_list_and_one_without_results_has_no_product(workspace, tmp_path):
    report = import_files(workspace, [write(tmp_path, "lists.csv", SEARCHES)])
    assert report.files[0].main.table == "searches"
    found = stored(workspace, "select search_id, product_id, position, clicked, bought from searches order by search_id, position")
    assert found == [("s1", "A1", 1, 1, 0), ("s1", "B2", 2, 0, 0), ("s2", None, None, None, None)]
    assert reasons(workspace) == [("0", "The position is below 1, which is the first one.")]
    assert "jo@example.org" not in str(stored(workspace, "select query from searches"))
    ((customers, clear),) = stored(
        workspace, "select count(distinct customer_id), count(*) filter (where customer_id = 'c1') from searches"
    )
    assert (customers, clear) == (2, 0)


def test_contacts_say_who_was_contacted_and_who_was_held_out(workspace, tmp_path):
    files = [write(tmp_path, "sent.csv", CONTACTS), write(tmp_path, "orders.csv", ORDERS)]
    assert [f.main.table for f in import_files(workspace, files).files] == ["contacts", "orders"]
    found = stored(workspace, "select treated, propensity, cost_cents from contacts order by treated")
    assert found == [(False, 0.8, None), (True, 0.8, 0.2)]
    assert reasons(workspace) == [("maybe", "The value is neither yes nor no.")]
    ((both,),) = stored(workspace, "select count(*) from contacts c where customer_id in (select customer_id from orders)")
    assert both == 2  # pseudonyms are those of the orders


def test_the_same_files_again_add_nothing_and_an_undo_takes_all_back(workspace, tmp_path):
    texts = {"a.csv": IMPRESSIONS, "b.csv": SEARCHES, "c.csv": CONTACTS}
    files = [write(tmp_path, name, text) for name, text in texts.items()]
    import_files(workspace, files)
    count = "select (select count(*) from impressions), (select count(*) from searches), (select count(*) from contacts)"
    before = stored(workspace, count)
    assert add_up(import_files(workspace, files))["kept"] == 0 and stored(workspace, count) == before
    for one in imports(workspace):
        undo_import(workspace, one["import_id"])
    assert stored(workspace, count) == [(0, 0, 0)]


def test_files_of_other_kinds_are_not_taken_for_these_tables(workspace, tmp_path):
    files = {
        "orders.csv": "date,sku,qty,price,campaign,placement,position\n2024-03-01,A1,2,4.5,spring,home,1\n",
        "clicks.csv": "event_time,event_type,product_id,session_id,query,position\n2024-03-01 10:00,view,A1,s1,mug,1\n",
        "contacts.csv": "customer_id,created_at,campaign,country\nc1,2024-03-01,spring,GB\nc2,2024-03-02,mail,DE\n",
        "promotions.csv": "sku,start_date,end_date,campaign\nA1,2024-03-01,2024-03-08,spring\n",
        "products.csv": PRODUCTS,
    }
    report = import_files(workspace, [write(tmp_path, name, text) for name, text in files.items()])
    assert [f.main.table for f in report.files] == ["orders", "events", "customers", "promotions", "products"]


def test_a_planned_promotion_is_kept_and_moves_no_last_day_of_sales(workspace, tmp_path):
    planned = "product_id,starts_on,ends_on,kind,discount\nA1,2027-03-01,2027-03-08,promotion,20%\n"
    report = import_files(workspace, [write(tmp_path, "orders.csv", ORDERS), write(tmp_path, "promotions.csv", planned)])
    assert add_up(report)["quarantined"] == 0
    assert stored(workspace, "select cast(starts_on as varchar), discount from promotions") == [("2027-03-01", 0.2)]
