"""Signals other than orders: clicks and searches, reviews, promotions and market series."""

from __future__ import annotations

import numpy as np
import pandas as pd

from generator import phrases
from generator import vocabulary as words
from generator.calendar import DAYS, FIRST_DAY, SPAN, date_of
from generator.shop import Customers, Interest, ages_of, minutes
from generator.story import Story

# Clicks kept for every expected order. A real shop has some twenty times as many: all kinds are thinned evenly.
CLICKS = {"view": 1.3, "cart": 0.36, "wishlist": 0.1, "search_click": 0.3, "ad_impression": 0.22, "ad_click": 0.05}
LOGGED_IN = 0.35
TEXTS = {"delighted": 16, "content": 9, "lukewarm": 6, "souring": 16, "angry": 5}  # different texts a kind of article and mood
SEEN_OUTSIDE = 0.12  # how much of what happens in the shop shows in series of the whole market: a shop is a small part of it
REVIEWED = 0.042  # share of orders that are reviewed in ordinary times


def clicks(rng: np.random.Generator, story: Story, people: Customers, wanted: Interest) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the clicks, and the visitor of each customer.

    A click has product, day, country, age, kind, minute, logged_in, stranger (a visitor without an account), query, and whim, which decides
    who clicks.
    """
    frames = []
    for number, (kind, rate) in enumerate(CLICKS.items()):
        grid = wanted.attention[:, :DAYS] * rate
        if kind == "search_click":
            grid = grid * np.exp(story.search[:, :DAYS, None].astype(np.float64))
        if kind.startswith("ad_"):
            boosted = story.ads + np.repeat(rng.random((len(story.catalogue), SPAN // 28)) < 0.25, 28, axis=1) * 1.3 - 0.6
            grid = grid * np.exp(boosted[:, :DAYS, None].astype(np.float64))
        counts = rng.poisson(np.round(grid, 7))
        product, day, country = (np.repeat(i, counts[counts > 0]) for i in np.nonzero(counts))
        frames.append(pd.DataFrame({"product": product, "day": day, "country": country, "kind": number}))
    events = pd.concat(frames, ignore_index=True)
    product, day, country = (events[c].to_numpy() for c in ("product", "day", "country"))
    events["age"] = ages_of(rng, wanted, story, product, np.minimum(day + 8, SPAN - 1))  # those who buy next week look today
    events["whim"] = rng.random(len(events))
    events["logged_in"] = rng.random(len(events)) < LOGGED_IN
    visitor_of = rng.permutation(len(people.table))
    events["stranger"] = len(people.table) + (rng.random(len(events)) ** 2 * len(people.table) * 4).astype(int)
    events["minute"] = minutes(rng, country, day)
    events["query"] = ""
    searching = np.flatnonzero(events["kind"] == list(CLICKS).index("search_click"))
    events.loc[searching, "query"] = typed(rng, story, product[searching], day[searching], country[searching])
    return events, visitor_of


def log(story: Story, people: Customers, events: pd.DataFrame, visitor_of: np.ndarray) -> pd.DataFrame:
    """events: one row a click, in order of time, no two rows alike. events: clicks with their customer, -1 for a stranger."""
    customer = events["customer"].to_numpy()
    events = events.assign(visitor=np.where(customer >= 0, visitor_of[customer], events["stranger"]))
    events = events.sort_values(["minute", "visitor", "product", "kind"], kind="stable")
    events = events.drop_duplicates(["minute", "visitor", "product", "kind"], ignore_index=True)
    ids = story.catalogue.table["product_id"].to_numpy()
    names = people.table["customer_id"].to_numpy()
    return pd.DataFrame(
        {
            "occurred_at": FIRST_DAY + events["minute"].to_numpy().astype("timedelta64[m]"),
            "product_id": ids[events["product"]],
            "kind": np.array(list(CLICKS))[events["kind"]],
            "visitor_id": np.char.add("v", (10000 + events["visitor"].to_numpy()).astype(str)),
            "customer_id": np.where(events["customer"] >= 0, names[events["customer"]], None),
            "query": events["query"].replace("", None),
        }
    )


def typed(rng, story: Story, product: np.ndarray, day: np.ndarray, country: np.ndarray) -> np.ndarray:
    """Return search queries: the article, its motif, a gift; and the viral term while it is viral."""
    eastern = np.isin(np.array(story.countries)[country], ["HK", "SG"])
    own: list[tuple[str, ...]] = []
    for theme, kind in zip(story.catalogue.theme, story.catalogue.kind):
        pair = words.THEMES.get(theme) or words.FLAVOURS[theme]
        noun = kind.en.lower()
        own.append(
            (
                noun,
                noun if theme == "plain" else f"{pair[0].lower()} {noun}",
                pair[0].lower(),
                kind.zh,
                kind.zh if theme == "plain" else pair[1] + kind.zh,
            )
        )
    draw, generic = rng.random(len(product)), rng.random(len(product)) ** 2.5 * len(phrases.SEARCH_GENERIC)
    found = []
    for p, east, u, g in zip(product, eastern, draw, generic):
        words_of = own[p]
        if u < 0.12:
            found.append(phrases.SEARCH_GENERIC[int(g)])
        elif east and u < 0.75:
            found.append(words_of[3] if u < 0.5 else words_of[4])
        else:
            found.append(words_of[0] if u < 0.5 else words_of[1] if u < 0.85 else words_of[2])
    queries = np.array(found, dtype=object)
    viral = rng.random(len(product)) < 0.75
    for p, first, last, term in story.terms:
        queries[(product == p) & (day >= first) & (day <= last) & viral] = term
    return queries


def reviews(rng: np.random.Generator, story: Story, sold: pd.DataFrame) -> pd.DataFrame:
    """reviews: some days after an order. When the mood changes, the words change and the stars hardly do.

    Beside the columns of the file: line (the row of `sold`), minute, voice (its number in phrases.MOODS) and chinese.
    """
    product, day = sold["product"].to_numpy(), sold["day"].to_numpy()
    chance = np.minimum(REVIEWED * np.exp(story.reviewing[product, np.minimum(day + 7, SPAN - 1)].astype(np.float64)), 0.55)
    written = sold[rng.random(len(sold)) < np.round(chance, 7)].copy()
    written["line"] = written.index
    written["minute"] = written["minute"] + rng.integers(2 * 1440, 15 * 1440, len(written)) + rng.integers(0, 700, len(written))
    written = written[written["minute"] < DAYS * 1440].sort_values(["minute", "basket", "product"], ignore_index=True)
    product, day = written["product"].to_numpy(), (written["minute"] // 1440).to_numpy()
    quality = rng.normal(0, 0.35, len(story.catalogue))[product]
    mood = story.mood[product, day].astype(np.float64)
    glad, sour = np.clip(mood, 0, 1), np.clip(-mood, 0, 1)
    calm, rare = np.full(len(mood), 0.56), np.full(len(mood), 0.05)
    plain = np.stack([0.13 + 0.06 * quality, calm, 0.19 - 0.05 * quality, rare, 0.07 - 0.04 * quality], axis=1)
    odds = np.clip(plain, 0.01, 1) * (1 - 0.8 * (glad + sour))[:, None]
    odds[:, 0] += 0.8 * glad
    odds[:, 3] += 0.8 * sour
    draw = rng.random(len(mood)) * odds.sum(axis=1)
    voice = np.minimum((draw[:, None] > np.cumsum(odds, axis=1)).sum(axis=1), 4)
    stars = np.array([4.2, 4.5, 3.75, 4.05, 1.9])[voice] + rng.normal(0, 0.65, len(voice)) + 0.1 * quality
    rating = np.clip(np.round(stars), 1, 5).astype(int)
    eastern = np.isin(np.array(story.countries)[written["country"]], ["HK", "SG"])
    chinese = rng.random(len(written)) < np.where(eastern, 0.72, np.where(story.catalogue.language[product] == "en", 0.02, 0.2))
    titles, bodies = _texts(rng, story, product, voice, chinese)
    return pd.DataFrame(
        {
            "review_id": [f"R{200000 + i}" for i in range(len(written))],
            "created_at": FIRST_DAY + written["minute"].to_numpy().astype("timedelta64[m]"),
            "product_id": story.catalogue.table["product_id"].to_numpy()[product],
            "rating": rating,
            "title": titles,
            "body": bodies,
            "line": written["line"],
            "minute": written["minute"],
            "voice": voice,
            "chinese": chinese,
        }
    )


def complain(rng: np.random.Generator, written: pd.DataFrame, late: np.ndarray) -> pd.DataFrame:
    """Let reviews that are lukewarm or angry speak of a late delivery where there was one. late: of each review."""
    told = np.flatnonzero(late & written["voice"].isin([2, 4]))
    chinese, choice = written["chinese"].to_numpy()[told], rng.integers(0, len(phrases.LATE), len(told))
    body = written["body"].to_numpy().copy()
    body[told] = [(phrases.LATE_ZH if zh else phrases.LATE)[c] for zh, c in zip(chinese, choice)]
    return written.assign(body=body)


def signed(written: pd.DataFrame, people: Customers, sold: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of the file, each review with the customer of its line."""
    customer, names = sold["customer"].to_numpy()[written["line"]], people.table["customer_id"].to_numpy()
    file = written[["review_id", "created_at", "product_id", "rating", "title", "body"]]
    return file.assign(
        created_at=written["created_at"].dt.strftime("%Y-%m-%dT%H:%M:%S"), customer_id=np.where(customer >= 0, names[customer], None)
    )


def _texts(rng, story: Story, product: np.ndarray, voice: np.ndarray, chinese: np.ndarray) -> tuple[list[str], list[str]]:
    """Return title and body of each review. A kind of article has a few texts per mood, so few are distinct."""
    pools: dict[tuple[str, int, bool], list[tuple[str, str]]] = {}
    titles, bodies = [], []
    picks = rng.random(len(product)) ** 1.2
    for p, v, zh, pick in zip(product, voice, chinese, picks):
        kind, mood = story.catalogue.kind[p], phrases.MOODS[v]
        key = (kind.key, int(v), bool(zh))
        if key not in pools:
            grammar, heads = (phrases.ZH, phrases.TITLES_ZH) if zh else (phrases.EN, phrases.TITLES)
            noun = kind.zh if zh else kind.en.lower()
            pool = []
            for _ in range(TEXTS[mood]):
                head, tail = (part[rng.integers(len(part))] for part in grammar[mood])
                text = head if rng.random() < 0.22 else head + ("，" if zh else ", " if rng.random() < 0.5 else ". ") + tail
                if rng.random() < 0.14:
                    text = phrases.SHORT[mood][rng.integers(len(phrases.SHORT[mood]))]
                if ". " in text:
                    first, second = text.split(". ", 1)
                    text = first + ". " + second[0].upper() + second[1:] + "."
                if not zh and rng.random() < 0.15:
                    text = text.lower()
                if not zh and noun.endswith("s"):
                    text = text.replace("this {noun}", "these {noun}").replace("{noun} feels", "{noun} feel")
                pool.append((heads[mood][rng.integers(len(heads[mood]))], text.format(noun=noun)))
            pools[key] = pool
        title, body = pools[key][int(pick * TEXTS[mood])]
        titles.append(title)
        bodies.append(body)
    return titles, bodies


def promotions(rng: np.random.Generator, story: Story) -> pd.DataFrame:
    """promotions: the planted ones, also those that begin in the 28 days after the last day, and small ones that moved nothing."""
    ids = story.catalogue.table["product_id"].to_numpy()
    rows = [(ids[p], first, last, kind, discount) for p, first, last, kind, discount in story.promotions if first < SPAN]
    for p in rng.choice(len(ids), len(ids) // 14, replace=False):
        first = int(rng.integers(max(int(story.catalogue.launch[p]), 0), DAYS))
        rows.append((ids[p], first, first + 6, "newsletter", 0.05))
    rows.sort(key=lambda r: (r[1], r[0]))
    return pd.DataFrame(
        [(i, date_of(a), date_of(b), k, d) for i, a, b, k, d in rows], columns=["product_id", "starts_on", "ends_on", "kind", "discount"]
    )


def planned(rng: np.random.Generator, story: Story) -> pd.DataFrame:
    """Return promotions that are planned for the eight weeks after those that are simulated: nobody knows yet what they bring."""
    catalogue, ids = story.catalogue, story.catalogue.table["product_id"].to_numpy()
    lasting = np.flatnonzero(catalogue.last >= SPAN)
    rows = []
    for p in rng.choice(lasting, max(len(ids) // 32, 2), replace=False):
        first = SPAN + int(rng.integers(0, 56))
        rows.append(
            (
                ids[p],
                date_of(first),
                date_of(first + int(rng.integers(13, 28))),
                "percentage off",
                float(rng.choice([0.15, 0.2, 0.25, 0.3])),
            )
        )
    return pd.DataFrame(rows, columns=["product_id", "starts_on", "ends_on", "kind", "discount"]).sort_values(["starts_on", "product_id"])


def market(rng: np.random.Generator, story: Story) -> pd.DataFrame:
    """market: weekly, on Sundays: search interest (0 to 100) of categories and followed products, and the products' ranks elsewhere."""
    catalogue, weeks = story.catalogue, np.arange(6, DAYS, 7)
    outside = story.market[:, weeks] + SEEN_OUTSIDE * story.attention.mean(axis=2)[:, weeks]
    moved = np.zeros(len(catalogue), bool)
    moved[[e.product for e in story.events if e.kind == "market_trend"]] = True
    followed = np.flatnonzero(moved | (rng.random(len(catalogue)) < 0.3))
    ids, rows = catalogue.table["product_id"].to_numpy(), []
    for name in words.CATEGORIES:
        members = np.flatnonzero(catalogue.table["category"].to_numpy() == name)
        if not len(members):
            continue
        seasonal = np.average(outside[members], axis=0, weights=story.pace[members])
        level = 46 * np.exp(seasonal + story.category_market[name][weeks] + rng.normal(0, 0.05, len(weeks)))
        rows += [(date_of(w), "search_interest", f"{v:.1f}", "", name) for w, v in zip(weeks, np.clip(level, 1, 100))]
    for p in followed:
        popular = np.log(story.pace[p]) + outside[p] + rng.normal(0, 0.1, len(weeks))
        rank = np.clip(np.round(np.exp(9.3 - 1.1 * popular)), 1, 250000).astype(int)
        interest = np.clip(np.round(18 * np.exp(outside[p] + rng.normal(0, 0.16, len(weeks)) + rng.normal(0, 0.05))), 0, 100).astype(int)
        alive = weeks >= catalogue.launch[p]
        rows += [(date_of(w), "sales_rank", str(r), ids[p], "") for w, r in zip(weeks[alive], rank[alive])]
        rows += [(date_of(w), "search_interest", str(v), ids[p], "") for w, v in zip(weeks[alive], interest[alive])]
    rows.sort(key=lambda r: (r[0], r[1], r[4], r[3]))
    return pd.DataFrame(rows, columns=["day", "series", "value", "product_id", "category"])
