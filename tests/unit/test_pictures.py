"""Product pictures: images named after product numbers become thumbnails; what can't be used is listed and changes nothing."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from fixtures.serving import write_snapshot
from PIL import Image

from core import pictures
from core.errors import NotReady, UserError
from core.pictures import Pictures, add


@pytest.fixture
def shop(workspace):
    write_snapshot(workspace)
    return workspace


def image(colour: str = "red", size: tuple[int, int] = (300, 200), kind: str = "PNG", **more) -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", size, colour).save(kept, kind, **more)
    return kept.getvalue()


def folder(place: Path, **contents: bytes) -> Path:
    place.mkdir(exist_ok=True)
    for name, content in contents.items():
        (place / name.replace("__", ".")).write_bytes(content)
    return place


def shown(workspace, product: str) -> Image.Image:
    content = Pictures(workspace.pictures).get(product)
    assert content is not None
    return Image.open(io.BytesIO(content))


def test_images_become_small_webp_by_product_number(shop, tmp_path):
    names = {"P0007__png": image(), "p0008__JPG": image("blue", (50, 400), "JPEG"), "P0009__webp": image("green", (20, 20), "WEBP")}
    done = add(shop, [folder(tmp_path / "in", **names)])
    assert (done.stored, done.total, done.unknown, done.unusable) == (3, 3, [], [])
    first = shown(shop, "P0007")
    assert (first.format, first.size) == ("WEBP", (96, 64)) and first.convert("RGB").getpixel((40, 30))[0] > 200
    assert shown(shop, "P0008").size == (12, 96) and shown(shop, "P0009").size == (20, 20)
    assert Pictures(shop.pictures).get("P0001") is None and shop.pictures.stat().st_mode & 0o077 == 0


def test_names_that_match_no_product_are_listed(shop, tmp_path):
    done = add(shop, [folder(tmp_path / "in", P0007__png=image(), lamp__png=image(), notes__txt=b"no image")])
    assert done.unknown == ["lamp.png"] and "1 file is named after no product:\n  lamp.png" in str(done.text())


def test_a_camera_s_orientation_is_followed_and_its_metadata_dropped(shop, tmp_path):
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "taken by Ana"  # turned by a quarter
    add(shop, [folder(tmp_path / "in", P0007__jpg=image(size=(300, 200), kind="JPEG", exif=exif))])
    assert shown(shop, "P0007").size == (64, 96) and b"Ana" not in (Pictures(shop.pictures).get("P0007") or b"")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a whole"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a whole"),
        (image()[:150], "not a whole"),
        (image(kind="GIF"), "not a whole"),
        (image(size=(6000, 6000)), "pixels"),
        (b"\0" * 3_000_001, "larger than 3 MB"),
    ],
    ids=["empty", "svg", "cut", "gif", "bomb", "large"],
)
def test_an_unusable_file_is_named_and_leaves_the_picture_that_was_there(shop, tmp_path, monkeypatch, content, reason):
    monkeypatch.setattr(pictures, "MOST_PIXELS", 30_000_000)
    monkeypatch.setattr(pictures, "MOST_BYTES", 3_000_000)
    add(shop, [folder(tmp_path / "in", P0007__png=image())])
    before = shop.pictures.read_bytes()
    done = add(shop, [folder(tmp_path / "in", P0007__png=content)])
    assert done.stored == 0 and reason in str(done.unusable[0][1]) and "P0007.png" in str(done.text())
    assert shop.pictures.read_bytes() == before


def test_an_archive_adds_to_what_is_there_and_replaces_by_number(shop, tmp_path):
    add(shop, [folder(tmp_path / "in", P0007__png=image("red"), P0008__png=image("red"))])
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.writestr("photos/P0008.png", image("blue"))
        archive.writestr("../../P0009.png", image("blue"))  # a path is only a name here
    done = add(shop, [tmp_path / "more.zip"])
    assert (done.stored, done.total) == (2, 3) and not (tmp_path.parent / "P0009.png").exists()
    assert shown(shop, "P0007").convert("RGB").getpixel((9, 9))[0] > 200 and shown(shop, "P0008").convert("RGB").getpixel((9, 9))[2] > 200


def test_an_archive_that_unpacks_to_more_than_it_says_is_read_no_further(shop, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "MOST_BYTES", 1000)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("P0007.png", b"\0" * 50_000_000)
    assert "larger than" in str(add(shop, [tmp_path / "bomb.zip"]).unusable[0][1])


def test_what_is_no_source_says_what_is(shop, workspace, tmp_path):
    (tmp_path / "broken.zip").write_bytes(b"PK")
    for source, said in (("nowhere", "does not exist"), ("broken.zip", "can't be opened"), ("in", "There is none in in.")):
        folder(tmp_path / "in", notes__txt=b"")
        with pytest.raises(UserError, match=said):
            add(shop, [tmp_path / source])
    assert not shop.pictures.exists()


def test_pictures_need_products(workspace, tmp_path):
    with pytest.raises(NotReady, match="snapshot"):
        add(workspace, [tmp_path])


def test_a_damaged_archive_says_what_to_delete(workspace):
    workspace.pictures.write_bytes(b"PK damaged")
    with pytest.raises(UserError, match="Delete .*pictures.zip"):
        Pictures(workspace.pictures)


def test_twenty_thousand_pictures_are_listed_fast(tmp_path):
    file = tmp_path / "pictures.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for number in range(20_000):
            archive.writestr(zipfile.ZipInfo(f"P%2F{number}"), b"x" * 50)
    found = Pictures(file)
    assert found.get("P/19999") == b"x" * 50 and len(list(found)) == 20_000
