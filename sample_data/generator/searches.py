"""The log of the shop's search: the list that each search showed, what was clicked and bought, and how relevant each product is."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from generator import phrases
from generator import vocabulary as words
from generator.calendar import DAYS, FIRST_DAY
from generator.shop import Interest, minutes
from generator.signals import typed
from generator.story import Story

WEEKS, LISTS = 26, 24_000  # about one search in twenty-five of those weeks
EXAMINED = (1.0, 0.62, 0.46, 0.37, 0.31, 0.27, 0.24, 0.215, 0.195, 0.18)  # chance that somebody looks at a position
CLICKED, BOUGHT = (0.02, 0.09, 0.22, 0.45), (0.03, 0.05, 0.08, 0.13)  # of what is looked at, of what is clicked; by relevance 0 .. 3
SHUFFLED = 0.15  # share of the lists whose positions are drawn by chance
OTHER_WORDS, NOT_SOLD = 0.09, 0.04  # shares of the searches for an article by a word that no title has, and for one that the shop lacks
JUDGED = {"en": 24, "zh": 18}  # commonest queries that truth/relevance.csv judges, beside those of other words
UNRELATED = 15  # products without relevance that it judges for each query
GIFTS = ("Wellness", "Tea & Pantry", "Home Decor", "Toys & Games")


@dataclass(frozen=True)
class Meaning:
    """What a query asks for: a kind of article, a motif, or both; else a gift or anything new."""

    kind: str = ""
    theme: str = ""
    gift: bool = False
    new: bool = False


class Engine:
    """The shop's search: words of the query in the titles of its language, then what sells."""

    def __init__(self, story: Story):
        self.story = story
        self.titles = story.catalogue.table["title"].str.lower().to_list()
        self.parts = [set(re.findall(r"[a-z]+", title)) for title in self.titles]
        self.meaning = _meanings(story)
        self.kind = np.array([k.key for k in story.catalogue.kind])
        self.category = story.catalogue.table["category"].to_numpy()
        self.theme = np.array(story.catalogue.theme)
        self.matches: dict[str, np.ndarray] = {}

    def match(self, query: str) -> np.ndarray:
        """Return the share of the query's words, or pairs of Chinese characters, that each title has."""
        if query not in self.matches:
            parts = re.findall(r"[a-z]+", query)
            pairs = [query[i : i + 2] for i in range(max(len(query) - 1, 1))] if not parts else []
            found = [
                [(w in own or w.rstrip("s") in own) for w in parts] or [p in t for p in pairs] for own, t in zip(self.parts, self.titles)
            ]
            self.matches[query] = np.mean(found, axis=1)
        return self.matches[query]

    def relevance(self, query: str, day: int = DAYS - 1) -> np.ndarray:
        """Return 0 to 3 for each product: 3 is what the query asks for, 2 the article without its motif, 1 the motif on another."""
        asked, catalogue = self.meaning[query], self.story.catalogue
        if asked.new:
            return np.where((catalogue.launch > day - 90) & (catalogue.launch <= day), 3, 0)
        if asked.gift:
            return np.where(np.isin(self.category, GIFTS) & (catalogue.table["price"].to_numpy() < 30), 2, 0)
        if not asked.kind:
            return np.where(self.theme == asked.theme, 3, 0)
        same = self.kind == asked.kind
        if not asked.theme:
            return np.where(same, 3, 0)
        motif = self.theme == asked.theme
        related = self.category == next((k.category for k in words.KINDS if k.key == asked.kind), "")
        return np.select([same & motif, same, motif & related], [3, 2, 1], 0)


def _meanings(story: Story) -> dict[str, Meaning]:
    """Return what each query that is typed asks for."""
    found = {query: Meaning(new=query == "new in", gift=query != "new in") for query in phrases.SEARCH_GENERIC}
    for theme, kind in zip(story.catalogue.theme, story.catalogue.kind):
        en, zh = words.THEMES.get(theme) or words.FLAVOURS[theme]
        asked = "" if theme == "plain" else theme
        found[en.lower()] = Meaning(theme=theme)
        found[kind.en.lower()] = found[kind.zh] = Meaning(kind.key)
        if asked:
            found[f"{en.lower()} {kind.en.lower()}"] = found[zh + kind.zh] = Meaning(kind.key, theme)
    for key, (en, zh) in phrases.OTHER_WORDS.items():
        found[en] = found[zh] = Meaning(key)
    return found | {query: Meaning("not sold") for query in phrases.NOT_SOLD}


def search(rng: np.random.Generator, story: Story, wanted: Interest, stocked: np.ndarray) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Return the table of searches, a row a product in a list, and its truth: relevance.csv and position_bias.csv.

    stocked: (products, days) whether it was on the shelf.
    """
    engine, count = Engine(story), round(LISTS * len(story.catalogue) / 800)
    product, day, country = _wishes(rng, story, wanted, count)
    queries = typed(rng, story, product, day, country)
    queries = _reworded(rng, story, queries, product, country)
    moment = minutes(rng, country, day) * 60 + rng.integers(0, 60, count)
    order = np.argsort(moment, kind="stable")
    popular = 0.35 * np.log(story.pace)
    appeal = np.round(np.exp(rng.normal(0, 0.3, len(popular))), 6)
    catalogue, rows = story.catalogue, []
    for number, i in enumerate(order):
        query, d = queries[i], day[i]
        match = engine.match(query)
        shown = np.flatnonzero((match >= 0.5) & (catalogue.launch <= d) & (catalogue.last >= d))
        score = np.round(2.5 * match[shown] + popular[shown] + rng.normal(0, 0.4, len(shown)), 6)
        shown = shown[np.argsort(-score, kind="stable")][: len(EXAMINED)]
        drawn = len(shown) > 1 and rng.random() < SHUFFLED
        shown = rng.permutation(shown) if drawn else shown
        relevance = engine.relevance(query, d)[shown]
        here = stocked[shown, d]
        chance = np.array(EXAMINED)[: len(shown)] * np.array(CLICKED)[relevance] * appeal[shown] * np.where(here, 1, 0.5)
        clicked = rng.random(len(shown)) < chance
        bought = clicked & here & (rng.random(len(shown)) < np.array(BOUGHT)[relevance])
        rows.append((number, i, shown if len(shown) else [-1], clicked if len(shown) else [0], bought if len(shown) else [0], drawn))
    table = _table(story, rows, queries, moment)
    bias = pd.DataFrame({"position": np.arange(1, len(EXAMINED) + 1), "examined": EXAMINED})
    return table, {"relevance": _judged(rng, story, engine, pd.Series(queries)), "position_bias": bias}


def _wishes(rng, story: Story, wanted: Interest, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the product that each search is for, its day and country, by the attention that there is."""
    since = DAYS - 7 * WEEKS
    grid = wanted.attention[:, since:DAYS] * np.exp(story.search[:, since:DAYS, None].astype(np.float64))
    edges = np.cumsum(np.round(grid, 7).ravel())
    spot = np.minimum(np.searchsorted(edges, rng.random(count) * edges[-1], side="right"), len(edges) - 1)
    product, day, country = np.unravel_index(spot, grid.shape)
    return product, day + since, country


def _reworded(rng, story: Story, queries: np.ndarray, product: np.ndarray, country: np.ndarray) -> np.ndarray:
    """Put other words for the same article in place of some queries, and articles that the shop lacks in place of others."""
    draw, pick = rng.random(len(queries)), rng.integers(0, len(phrases.NOT_SOLD), len(queries))
    eastern = np.isin(np.array(story.countries)[country], ["HK", "SG"]) & (rng.random(len(queries)) < 0.75)
    for i, (p, u) in enumerate(zip(product, draw)):
        key = story.catalogue.kind[p].key
        if u < NOT_SOLD:
            queries[i] = phrases.NOT_SOLD[pick[i]]
        elif key in phrases.OTHER_WORDS and u < NOT_SOLD + OTHER_WORDS:
            queries[i] = phrases.OTHER_WORDS[key][int(eastern[i])]
    return queries


def _table(story: Story, rows: list, queries: np.ndarray, moment: np.ndarray) -> pd.DataFrame:
    """searches: a row a product in a list, in order of time; a search that found nothing has one row without a product."""
    length = np.array([len(shown) for _, _, shown, *_ in rows])
    search, product, clicked, bought = (np.repeat([r[1] for r in rows], length), *(np.concatenate([r[k] for r in rows]) for k in (2, 3, 4)))
    drawn = np.repeat([r[5] for r in rows], length)
    found = product >= 0
    position = np.arange(len(product)) - np.repeat(np.cumsum(length) - length, length) + 1
    return pd.DataFrame(
        {
            "searched_at": FIRST_DAY + moment[search].astype("timedelta64[s]"),
            "search_id": np.repeat([f"S{500_001 + r[0]}" for r in rows], length),
            "query": queries[search],
            "product_id": np.where(found, story.catalogue.table["product_id"].to_numpy()[product], None),
            "position": pd.array(np.where(found, position, 0), "Int64").copy(),
            "clicked": clicked.astype(int),
            "bought": bought.astype(int),
            "propensity": np.where(drawn, np.round(1 / np.repeat(length, length), 4), np.nan),
        }
    ).assign(position=lambda t: t["position"].where(t["product_id"].notna()))


def _judged(rng, story: Story, engine: Engine, queries: pd.Series) -> pd.DataFrame:
    """relevance.csv: all products of any relevance for the commonest queries and those of other words, and some without."""
    ids, rows = story.catalogue.table["product_id"].to_numpy(), []
    commonest = queries.value_counts(sort=False).sort_index(kind="stable").sort_values(ascending=False, kind="stable").index
    others = [word for pair in phrases.OTHER_WORDS.values() for word in pair]
    plain = [q for q in commonest if engine.meaning[q].kind not in ("", "not sold") and q not in others]
    for language in JUDGED:
        chinese = language == "zh"
        chosen = [q for q in plain if bool(re.search("[一-鿿]", q)) == chinese][: JUDGED[language]]
        chosen += [q for q in others if bool(re.search("[一-鿿]", q)) == chinese and q in set(commonest)]
        for query in chosen:
            relevance = engine.relevance(query)
            zero = np.sort(rng.permutation(np.flatnonzero(relevance == 0))[:UNRELATED])
            some = np.flatnonzero(relevance > 0)
            some = some[np.argsort(-relevance[some], kind="stable")]
            rows += [(query, language, "other words" if query in others else "", ids[p], int(relevance[p])) for p in [*some, *zero]]
    return pd.DataFrame(rows, columns=["query", "language", "note", "product_id", "relevance"])
