"""The catalogue: products with titles in English and Chinese, brands, suppliers, and the links between products."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from generator import vocabulary as words
from generator.calendar import DAYS, SPAN, date_of

LAUNCHED_BEFORE = 0.55  # share of the products that were on sale before the first day


@dataclass
class Catalogue:
    """`table` is products.csv; the arrays have one entry per product, in the same order."""

    table: pd.DataFrame
    kind: list[words.Kind]
    theme: list[str]
    series: np.ndarray  # products of one brand and theme share a number
    language: np.ndarray  # "en", "zh" or "both"
    launch: np.ndarray  # day of launch; negative = before the first day
    last: np.ndarray  # last day on sale
    weight: np.ndarray  # expected orders a day, up to one factor for the whole shop
    links: pd.DataFrame
    beside: list[list[int]]  # products bought together with it, by the links, in both directions

    def __len__(self) -> int:
        return len(self.table)


def build(rng: np.random.Generator, count: int) -> Catalogue:
    """Return `count` products with unique ids and titles."""
    shares = np.array([c[2] for c in words.CATEGORIES.values()])
    category_of = rng.choice(len(shares), count, p=shares / shares.sum())
    brands = list(words.BRANDS)
    popularity = rng.dirichlet(np.full(len(brands), 3.0))
    themes_of = {brand: rng.choice(list(words.THEMES), 8, replace=False) for brand in brands}
    names = list(words.CATEGORIES)
    kinds_in = {name: [k for k in words.KINDS if k.category == name] for name in names}
    rows, kinds, themes, languages, seen = [], [], [], [], set()
    while len(rows) < count:
        category = names[category_of[len(rows)]]
        kinds_here = kinds_in[category]
        odds = np.array([0.4 if k.season else 1.0 for k in kinds_here])
        kind = kinds_here[rng.choice(len(kinds_here), p=odds / odds.sum())]
        brand = brands[rng.choice(len(brands), p=popularity)]
        tasty = category in ("Tea & Pantry", "Wellness") and kind.key not in ("roller", "yogamat", "mooncake", "lunarbox")
        pool = words.FLAVOURS_OF.get(kind.key, words.FLAVOURS_OF[category]) if tasty else list(themes_of[brand])
        theme = pool[min(int(rng.exponential(2.6)), len(pool) - 1)] if not tasty else pool[rng.integers(len(pool))]
        row = _describe(rng, kind, brand, theme, (words.FLAVOURS if tasty else words.THEMES)[theme], tasty)
        if row["title"] in seen:
            continue
        seen.add(row["title"])
        rows.append(row | {"category": category, "brand": brand})
        kinds.append(kind)
        themes.append(theme)
        languages.append({"zh": "zh", "both": "both"}.get(words.BRANDS[brand], "en"))
    table = pd.DataFrame(rows)
    prefix = table["category"].map(lambda c: words.CATEGORIES[c][0])
    numbers = rng.choice(np.arange(1000, 10000), count, replace=False)
    table.insert(0, "product_id", [f"{p}-{n}" for p, n in zip(prefix, numbers)])
    launch, last = _lives(rng, count)
    table["launched_on"] = [date_of(d) for d in launch]
    table.loc[rng.random(count) < np.where(launch < 0, 0.06, 0.0), "launched_on"] = ""
    out_of_season = np.array([1.0 if not k.season else 0.9 if k.season in words.LOCAL_SEASONS else 0.45 for k in kinds])
    # A shop launches what it believes in, and sees little of what failed before the first day.
    weight = rng.lognormal(0, 1.12, count) * out_of_season * np.where(launch > 0, 1.5, 1.0)
    series = pd.factorize(table["brand"] + "/" + pd.Series(themes))[0]
    catalogue = Catalogue(table, kinds, themes, series, np.array(languages), launch, last, weight, pd.DataFrame(), [])
    _buying(rng, catalogue)
    catalogue.links, catalogue.beside = _links(rng, catalogue)
    return catalogue


def _describe(rng, kind: words.Kind, brand: str, theme: str, theme_words: tuple[str, str], tasty: bool) -> dict:
    """Return title, description, price and material of one product, in the style of its brand."""
    style = words.BRANDS[brand]
    made_of = kind.materials[rng.integers(len(kind.materials))]
    material = words.MATERIALS[made_of]
    size = kind.sizes[rng.integers(len(kind.sizes))]
    colour = list(words.COLOURS.values())[rng.integers(len(words.COLOURS))]
    adjective = words.ADJECTIVES[rng.integers(len(words.ADJECTIVES))]
    coloured = not tasty and rng.random() < 0.55
    mat_en, mat_zh = ("", "") if material[0] in ("Paper", "Plush", "Tube", "Real Wax") or rng.random() < 0.3 else material[:2]
    parts = [
        adjective[0] if rng.random() < 0.22 else "",
        theme_words[0] if theme != "plain" else "",
        "" if mat_en.startswith("in ") else mat_en,
        kind.en,
        mat_en if mat_en.startswith("in ") else "",
    ]
    noun_en = " ".join(dict.fromkeys(p for p in parts if p))
    size_zh = re.sub(r"(?:Set|Pack) of (\d+)", r"\1件套", size)
    for en, zh in words.SIZES_ZH:
        size_zh = size_zh.replace(en, zh)
    lead_zh = (adjective[1] if rng.random() < 0.45 else "") + ("" if theme == "plain" else theme_words[1])
    needless = mat_zh in ("罐装", "袋装", "礼盒装") or kind.zh.startswith(mat_zh)
    noun_zh = lead_zh + ("" if needless else mat_zh) + kind.zh
    tail_zh = " ".join(p for p in (colour[1] if coloured else "", size_zh if rng.random() < 0.75 else "") if p)
    tail_en = ", ".join(p for p in (colour[0] if coloured else "", size if rng.random() < 0.7 else "") if p)
    if style == "zh":
        title = f"{brand if rng.random() < 0.6 else ''}{noun_zh} {tail_zh}".strip()
    elif style == "both":
        title = f"{brand} {noun_en} {noun_zh} {tail_zh}".strip()
    elif style == "brand":
        title = f"{brand} {noun_en}" + (f", {tail_en}" if tail_en else "")
    elif style == "dash":
        title = noun_en + (f" - {tail_en}" if tail_en else "")
    elif style == "caps":
        title = f"{noun_en} {tail_en}".strip().upper().replace(",", "")
    else:
        title = noun_en + (f", {tail_en}" if tail_en else "")
    in_chinese = style == "zh" or (style == "both" and rng.random() < 0.6)
    spot, language = (1, "zh") if in_chinese else (0, "en")
    openings, closings = (words.OPENINGS_ZH, words.CLOSINGS_ZH) if language == "zh" else (words.OPENINGS_EN, words.CLOSINGS_EN)
    theme_text = theme_words[spot] if theme != "plain" else ("studio", "日常")[spot]
    fill = {
        "theme": theme_text,
        "noun": (kind.en.lower(), kind.zh)[spot],
        "adj": (adjective[0].lower(), adjective[1])[spot],
        "colour": colour[spot].lower(),
        "size": (size, size_zh)[spot],
    }
    texts = [openings[rng.integers(len(openings))].format(**fill), material[3 + spot], closings[rng.integers(len(closings))].format(**fill)]
    description = ("" if language == "zh" else " ").join(t[0].upper() + t[1:] for t in texts if t)
    if rng.random() < 0.06:
        description = ""
    scale = rng.beta(1.6, 2.6)
    raw = kind.low + (kind.high - kind.low) * scale
    price = max(np.floor(raw) + rng.choice([0.99, 0.95, 0.5, 0.0], p=[0.5, 0.22, 0.2, 0.08]), 1.5)
    return {"title": title, "description": description, "price": round(float(price), 2), "currency": "GBP", "material": made_of}


def _lives(rng, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return launch and last day of every product: launches in every month, on Tuesdays and Thursdays; a fifth of the old ones end."""
    launch = -rng.integers(20, 1500, count)
    new = rng.permutation(count)[int(count * LAUNCHED_BEFORE) :]
    spread = np.linspace(2, DAYS - 12, len(new)) + rng.normal(0, 6, len(new))
    days = np.clip(spread, 0, DAYS - 10).astype(int)
    launch[new] = days - days % 7 + rng.choice([1, 3], len(new))
    last = np.full(count, SPAN)
    ending = rng.random(count) < np.where(launch < 0, 0.33, 0.07)
    last[ending] = np.maximum(rng.integers(60, DAYS, count), launch + 200)[ending]
    return launch, last


def _buying(rng, catalogue: Catalogue) -> None:
    """Add supplier, cost, lead time, minimum order and pack size."""
    table, count = catalogue.table, len(catalogue)
    suppliers = [_supplier(rng, material, category) for material, category in zip(table["material"], table["category"])]
    terms = [words.SUPPLIERS[s] for s in suppliers]
    table["supplier"] = suppliers
    table["unit_cost"] = (table["price"] * rng.uniform(0.24, 0.52, count)).round(2)
    table["lead_time_days"] = [max(2, t[1] + int(rng.integers(-3, 4))) for t in terms]
    table["lead_time_sd_days"] = [t[2] for t in terms]
    packs = np.where(table["price"] < 12, rng.choice([6, 12, 24], count), rng.choice([1, 2, 4, 6], count))
    table["pack_size"] = packs
    table["moq"] = packs * np.array([max(1, t[3] // (1 if p < 12 else 2)) for t, p in zip(terms, table["price"])])
    slug = table["product_id"].str.lower()
    table["image"] = np.where(rng.random(count) < 0.9, "img/" + slug + ".jpg", "")
    unknown = rng.random(count) < 0.05  # some suppliers never gave their terms
    for column in ("lead_time_days", "lead_time_sd_days", "moq"):
        table[column] = table[column].astype(object).where(~unknown, "")
    table.loc[rng.random(count) < 0.03, "unit_cost"] = np.nan
    order = [
        "product_id",
        "title",
        "description",
        "category",
        "brand",
        "supplier",
        "price",
        "unit_cost",
        "currency",
        "launched_on",
        "lead_time_days",
        "lead_time_sd_days",
        "moq",
        "pack_size",
        "image",
    ]
    catalogue.table = table[order]


def _supplier(rng, material: str, category: str) -> str:
    """Return a supplier that works in the material, in the country it usually comes from; food comes from the food wholesaler."""
    if category == "Tea & Pantry" and material in ("tin", "pouch", "glass"):
        return "Penrose Provisions"
    there = {name: terms[4] for name, terms in words.SUPPLIERS.items() if terms[0] == words.MATERIALS[material][2]}
    specialists = [name for name, works_in in there.items() if material in works_in]
    fitting = specialists or [name for name, works_in in there.items() if not works_in]
    return fitting[rng.integers(len(fitting))]


def _links(rng, catalogue: Catalogue) -> tuple[pd.DataFrame, list[list[int]]]:
    """same_series, substitute_of, newer_version_of and bought_together between products, has_motif to a motif; and who is beside whom."""
    ids = catalogue.table["product_id"].to_numpy()
    brand, price = catalogue.table["brand"].to_numpy(), catalogue.table["price"].to_numpy()
    keys = np.array([k.key for k in catalogue.kind])
    category = catalogue.table["category"].to_numpy()
    links: dict[tuple[int, int], str] = {}
    for i in range(len(ids)):
        same = np.flatnonzero((catalogue.series == catalogue.series[i]) & (np.arange(len(ids)) != i))
        for j in rng.permutation(same)[:1]:
            links.setdefault((i, j), "same_series")
        alike = np.flatnonzero((keys == keys[i]) & (np.abs(np.log(price / price[i])) < 0.5) & (np.arange(len(ids)) != i))
        for j in rng.permutation(alike)[:1]:
            links.setdefault((i, j), "substitute_of")
        if catalogue.launch[i] > 0:
            older = np.flatnonzero((keys == keys[i]) & (brand == brand[i]) & (catalogue.launch < catalogue.launch[i] - 90))
            for j in older[:1]:
                links[(i, j)] = "newer_version_of"
        # Counts of common orders join what sells about alike.
        near = np.flatnonzero((category == category[i]) & (keys != keys[i]) & (catalogue.weight < catalogue.weight[i]))
        for j in near[np.argsort(-catalogue.weight[near], kind="stable")][:2]:
            links.setdefault((i, j), "bought_together")
    beside: list[list[int]] = [[] for _ in ids]
    for (i, j), relation in links.items():
        if relation == "bought_together":
            beside[i].append(j)
            beside[j].append(i)
    rows = [(ids[i], relation, ids[j]) for (i, j), relation in links.items()]
    rows += [
        (ids[i], "has_motif", f"motif: {words.THEMES[theme][0].lower()}")
        for i, theme in enumerate(catalogue.theme)
        if theme in words.THEMES and theme != "plain"
    ]
    return pd.DataFrame(sorted(rows), columns=["source", "relation", "target"]), [sorted(set(found)) for found in beside]
