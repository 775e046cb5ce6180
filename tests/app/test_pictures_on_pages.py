"""Pictures on the pages: a picture where the shop has one, else a tile; and how they are uploaded."""

from __future__ import annotations

import io

from PIL import Image

from core.pictures import add, add_files
from core.progress import silent
from core.storage.state import State
from dashboard import actions
from dashboard.components import search
from tests.app.visit import lists


def image() -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", (30, 30), "red").save(kept, "PNG")
    return kept.getvalue()


def test_a_product_shows_its_picture_and_one_without_a_tile(open_page, shop, tmp_path):
    (tmp_path / "P0007.png").write_bytes(image())
    add(shop, [tmp_path / "P0007.png"])
    found = {
        row["id"]: row["cells"][0]["picture"] for one in lists(open_page("rising", workspace=shop, limit="all")) for row in one["rows"]
    }
    assert {product for product, picture in found.items() if picture} <= {"P0007"} and len(found) > 10
    assert lists(open_page("rising", workspace=shop, q="P0007"))[0]["rows"][0]["cells"][0]["picture"].startswith("data:image/webp;base64,")
    assert len(open_page("product", workspace=shop, product="P0007").get("image")) == 1
    assert len(open_page("product", workspace=shop, product="P0008").get("image")) == 0
    compared = lists(open_page("compare", workspace=shop, products="P0007,P0008"))[0]["rows"]
    assert [row["cells"][0]["picture"][:15] for row in compared] == ["data:image/webp", ""]


def test_a_search_shows_the_pictures_of_the_products_it_finds(shop, tmp_path, monkeypatch):
    monkeypatch.setenv("UPSWING_WORKSPACE", str(shop.root))
    (tmp_path / "P0007.png").write_bytes(image())
    assert search.picture("product:P0007") == ""
    add(shop, [tmp_path / "P0007.png"])
    assert search.picture("product:P0007").startswith("data:image/webp;base64,")
    assert search.picture("product:P0008") == search.picture("supplier:P0007") == ""


def test_an_upload_becomes_a_job_whose_left_out_files_are_listed(open_page, shop, monkeypatch):
    monkeypatch.setenv("UPSWING_WORKSPACE", str(shop.root))

    class Upload:
        def __init__(self, name: str):
            self.name = name

        def getvalue(self) -> bytes:
            return image()

    actions.add_pictures([Upload("P0007.png"), Upload("lamp.png")])
    token = State(shop).take_worker()
    job = State(shop).claim_job(token)
    State(shop).end_job(job.id, token, "done", result=add_files(shop, job.arguments, silent))
    at = open_page("data", workspace=shop)
    assert not at.exception, at.exception
    assert "1 file left out" in [one.label for one in at.expander] and "lamp.png" in at.text[0].value


def test_no_chosen_file_is_said_and_requests_nothing(open_page, shop):
    at = open_page("data", workspace=shop)
    next(b for b in at.button if b.key == "add_pictures").click()
    at.run()
    assert "No file is chosen" in at.error[0].value and State(shop).jobs() == []
