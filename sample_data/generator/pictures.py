"""Small pictures of the products: an icon of the category in one of ten colours, drawn, so that nobody's rights are touched."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from zlib import crc32

import pandas as pd
from PIL import Image, ImageColor, ImageDraw

SIDE, DRAWN = 96, 192  # pixels of a picture, and of the drawing that is scaled down to it
COLOURS = ("#2f6f8f", "#b5523b", "#4f7d4a", "#a67c1f", "#7a5a96", "#3d6fb0", "#9b4a6b", "#46797a", "#6b6f2c", "#5a6472")
WITHOUT = 0.06  # share of products without a picture, as in any shop

Draw = Callable[[ImageDraw.ImageDraw, str, str], None]


def _cup(d, ink, light):
    d.rounded_rectangle((46, 66, 126, 150), 18, fill=ink)
    d.arc((108, 80, 158, 128), -90, 90, fill=ink, width=12)
    d.rectangle((46, 66, 126, 82), fill=light)


def _pencil(d, ink, light):
    d.polygon(((48, 120), (120, 48), (146, 74), (74, 146)), fill=ink)
    d.polygon(((48, 120), (74, 146), (38, 156)), fill=light)


def _plant(d, ink, light):
    d.polygon(((62, 116), (130, 116), (120, 160), (72, 160)), fill=light)
    d.ellipse((52, 54, 96, 112), fill=ink)
    d.ellipse((96, 40, 142, 112), fill=ink)


def _bag(d, ink, light):
    d.arc((68, 34, 124, 106), 180, 360, fill=light, width=10)
    d.rounded_rectangle((44, 70, 148, 156), 12, fill=ink)


def _vase(d, ink, light):
    d.polygon(((80, 70), (112, 70), (106, 96), (86, 96)), fill=light)
    d.ellipse((58, 84, 134, 160), fill=ink)


def _blocks(d, ink, light):
    d.rectangle((44, 100, 94, 150), fill=ink)
    d.rectangle((100, 100, 150, 150), fill=light)
    d.polygon(((72, 92), (97, 42), (122, 92)), fill=ink)


def _cushion(d, ink, light):
    d.rounded_rectangle((42, 54, 150, 144), 26, fill=ink)
    d.line((64, 76, 128, 122), fill=light, width=8)
    d.line((128, 76, 64, 122), fill=light, width=8)


def _lamp(d, ink, light):
    d.polygon(((70, 44), (122, 44), (144, 100), (48, 100)), fill=ink)
    d.rectangle((90, 100, 102, 146), fill=light)
    d.rounded_rectangle((66, 144, 126, 158), 6, fill=light)


def _drop(d, ink, light):
    d.polygon(((96, 36), (132, 102), (60, 102)), fill=ink)
    d.ellipse((56, 78, 136, 156), fill=ink)
    d.arc((72, 94, 120, 142), 60, 150, fill=light, width=8)


def _jar(d, ink, light):
    d.rectangle((62, 40, 130, 60), fill=light)
    d.rounded_rectangle((54, 60, 138, 156), 16, fill=ink)
    d.rectangle((54, 92, 138, 124), fill=light)


ICONS: dict[str, Draw] = {
    "Kitchen & Dining": _cup,
    "Stationery & Craft": _pencil,
    "Garden & Outdoor": _plant,
    "Bags & Accessories": _bag,
    "Home Decor": _vase,
    "Toys & Games": _blocks,
    "Bed & Bath": _cushion,
    "Lighting": _lamp,
    "Wellness": _drop,
    "Tea & Pantry": _jar,
}


def archive(products: pd.DataFrame) -> tuple[bytes, int]:
    """Return a .zip of PNG files that are named after the products, and their number; a few products have none.

    products: products.csv. The same table gives the same bytes.
    """
    packed, drawn, count = io.BytesIO(), dict[tuple[str, str], bytes](), 0
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as file:
        for number, category in products.drop_duplicates("product_id")[["product_id", "category"]].itertuples(index=False):
            chance = crc32(number.encode())
            if category not in ICONS or chance % 1000 < WITHOUT * 1000:
                continue
            key = (category, COLOURS[chance // 1000 % len(COLOURS)])
            if key not in drawn:
                drawn[key] = _picture(*key)
            file.writestr(zipfile.ZipInfo(f"{number}.png"), drawn[key])
            count += 1
    return packed.getvalue(), count


def _picture(category: str, colour: str) -> bytes:
    ground = Image.blend(Image.new("RGB", (DRAWN, DRAWN), colour), Image.new("RGB", (DRAWN, DRAWN), "white"), 0.86)
    red, green, blue = (round(255 - (255 - part) * 0.45) for part in ImageColor.getrgb(colour))
    ICONS[category](ImageDraw.Draw(ground), colour, f"#{red:02x}{green:02x}{blue:02x}")
    kept = io.BytesIO()
    ground.resize((SIDE, SIDE), Image.Resampling.LANCZOS).quantize(16).save(kept, "PNG", optimize=True)
    return kept.getvalue()
