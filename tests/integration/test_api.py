"""The HTTP service: routes, token, refusals."""

from __future__ import annotations

import pandas as pd
import pytest
from fixtures.customer_lists import KEY, OWN_IDS
from fixtures.serving import write_snapshot
from starlette.testclient import TestClient

from core.api import description
from core.api.app import application
from core.api.token import token
from core.errors import UserError
from core.workspace import Workspace

SECRET = "a-token-of-this-test-0123456789"


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Workspace:
    workspace = Workspace(tmp_path_factory.mktemp("api") / "shop")
    write_snapshot(workspace)
    (workspace.root / "privacy.key").write_bytes(KEY.hex().encode())
    return workspace


def client_of(workspace: Workspace, **headers: str) -> TestClient:
    return TestClient(application(workspace, SECRET), base_url="http://127.0.0.1", headers={"authorization": f"Bearer {SECRET}"} | headers)


@pytest.fixture(scope="module")
def client(shop) -> TestClient:
    return client_of(shop)


def served(shop: Workspace, table: str) -> pd.DataFrame:
    return pd.read_parquet(next(shop.snapshots.iterdir()) / f"{table}.parquet")


def test_health_needs_no_token_and_says_whether_there_is_a_snapshot(shop, workspace):
    assert client_of(shop, authorization="").get("/api/v1/health").json()["status"] == "ok"
    empty = client_of(workspace, authorization="").get("/api/v1/health")
    assert (empty.status_code, empty.json()["status"]) == (503, "no_snapshot")


@pytest.mark.parametrize("given", ["", "Bearer wrong", SECRET[:-1], "Bearer töken".encode("latin-1")])
def test_a_missing_or_wrong_token_is_refused(shop, given):
    for path in ("/api/v1/forecasts", "/api/v1/forecasts/P0001", "/api/v1/recommend?customer=17850"):
        answer = TestClient(application(shop, SECRET), base_url="http://127.0.0.1").get(path, headers={"authorization": given})
        assert answer.status_code == 401 and "forecasts" not in answer.json()


def test_a_page_under_another_host_name_gets_nothing(client):
    assert client.get("/api/v1/health", headers={"host": "evil.example"}).status_code == 400


def test_forecasts_come_by_chance_of_rising_page_by_page(client, shop):
    found = served(shop, "forecasts").query("segment == 'Germany'").sort_values("rising_probability", ascending=False)
    pages = [client.get("/api/v1/forecasts", params={"segment": "Germany", "limit": 20, "offset": k}).json()["forecasts"] for k in (0, 20)]
    chances = [row["rising_probability"] for page in pages for row in page]
    assert chances == pytest.approx(list(found.rising_probability[:40]))
    assert {"product_id", "title", "units_low", "units", "units_high"} <= set(pages[0][0])


def test_a_product_is_forecast_in_every_segment(client, shop):
    product = served(shop, "forecasts").product_id.iloc[0]
    rows = client.get(f"/api/v1/forecasts/{product}").json()["forecasts"]
    assert [row["segment"] for row in rows][0] == "all" and len(rows) == 4


def test_a_customer_gets_the_own_list_by_the_shops_number(client, shop):
    found = client.get("/api/v1/recommend", params={"customer": OWN_IDS[3], "limit": 5}).json()
    lists = served(shop, "recommendations")
    own = lists[lists.customer_id == lists.customer_id.unique()[3]].sort_values("place")
    assert found["list"] == "customer" and [p["product_id"] for p in found["products"]] == list(own.product_id[:5])


def test_an_unknown_customer_gets_the_list_of_the_group(client, shop):
    found = client.get("/api/v1/recommend", params={"customer": "nobody", "segment": "France"}).json()
    group = served(shop, "segment_recommendations").query("segment == 'France'").sort_values("place")
    assert found["list"] == "segment" and [p["product_id"] for p in found["products"]] == list(group.product_id)


def test_no_answer_holds_a_pseudonym(client, shop):
    known = set(served(shop, "recommended_customers").customer_id)
    texts = [client.get("/api/v1/recommend", params={"customer": own}).text for own in OWN_IDS[:5]]
    assert not any(name in text for name in known for text in texts)


@pytest.mark.parametrize(
    "path", ["/api/v1/forecasts?limit=0", "/api/v1/forecasts?limit=1e3", "/api/v1/forecasts?offset=-1", "/api/v1/recommend?limit=11"]
)
def test_a_number_out_of_bounds_is_refused_with_its_bounds(client, path):
    answer = client.get(path)
    assert answer.status_code == 400 and "is a whole number from" in answer.json()["error"]["expected"]


@pytest.mark.parametrize(
    "path", ["/api/v1/forecasts/NOPE", "/api/v1/forecasts/a%2Fb%00", "/api/v1/forecasts?segment=Narnia", "/api/v1/forecasts/'%3B--"]
)
def test_what_does_not_exist_is_not_found(client, path):
    answer = client.get(path)
    assert answer.status_code == 404 and set(answer.json()["error"]) == {"found", "expected", "to_do"}


def test_refusals_are_in_the_language_that_is_asked_for(client):
    answer = client.get("/api/v1/forecasts/NOPE", headers={"accept-language": "zh-CN,zh;q=0.9"})
    assert "没有" in answer.json()["error"]["found"]


def test_without_a_snapshot_the_service_says_what_to_do(workspace):
    answer = client_of(workspace).get("/api/v1/recommend?customer=1")
    assert answer.status_code == 503 and "upswing run" in answer.json()["error"]["to_do"]


def test_the_description_names_every_route(client):
    paths = client.get("/api/openapi.json").json()["paths"]
    page = client.get("/api").text
    assert set(paths) == {operation.path for operation in description.OPERATIONS}
    assert all(path in page for path in paths) and "<script" not in page
    for operation in description.OPERATIONS:
        assert client.get(operation.path.replace("{product}", "P0001")).status_code in (200, 404)


def test_the_token_is_made_once_and_is_the_owners_alone(workspace):
    first = token(workspace)
    assert token(workspace) == first and len(first) > 30
    assert (workspace.root / "api.token").stat().st_mode & 0o077 == 0
    (workspace.root / "api.token").write_text("short")
    with pytest.raises(UserError, match="makes a new token"):
        token(workspace)
