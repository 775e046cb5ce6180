"""The story of the products: the planted events, and the effect of each on sales, attention, reviews, prices and market series.

A `Story` holds log multipliers on a grid of products, days and countries. Precursors are built here too: attention where it is the
cause (elsewhere people come, look and buy on the same day), review text, search interest, a first segment and neighbours move first.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from generator import vocabulary as words
from generator.calendar import DAYS, SPAN, day_of
from generator.catalogue import Catalogue


@dataclass(frozen=True)
class Recipe:
    """The typical course of one kind of event. Ranges are uniform; days, except `size` (factor on sales) and `keep` (share that stays)."""

    cause: str  # a driver of core.schema.DRIVERS, or "none"
    count: int  # how many of them in a shop of 800 products
    size: tuple[float, float]
    ramp: tuple[int, int]
    hold: tuple[int, int]
    decay: tuple[int, int]
    keep: tuple[float, float] = (0.0, 0.25)
    lead: tuple[int, int] = (0, 0)  # how many days attention moves before sales: only where attention is what makes them
    attention: float = 0.6  # how much of the lift (in logs) attention shows: who comes for a reason buys more often
    pace: tuple[float, float] = (4.0, 170.0)  # orders in 28 days of the products it happens to


RECIPES = {
    "segment_fad": Recipe("audience", 95, (2.0, 3.2), (12, 18), (24, 45), (21, 40), pace=(12, 170)),
    "neighbour_spread": Recipe("graph", 0, (1.7, 2.6), (10, 16), (24, 40), (21, 40), pace=(2, 170)),
    "viral_search": Recipe("attention", 30, (2.2, 3.8), (7, 12), (21, 35), (18, 30), (0.0, 0.15), lead=(12, 20), attention=1.0),
    "word_of_mouth": Recipe("attention", 90, (1.9, 3.0), (14, 21), (24, 40), (21, 35), lead=(16, 26), attention=1.1),
    "review_rise": Recipe("reviews", 85, (1.8, 2.6), (14, 21), (35, 60), (21, 40), (0.2, 0.5), pace=(9, 170)),
    "review_fall": Recipe("reviews", 75, (0.3, 0.5), (18, 25), (40, 70), (30, 50), (0.4, 0.8), pace=(10, 170)),
    "price_cut": Recipe("price", 80, (1.7, 2.5), (12, 20), (40, 70), (20, 30), (0.5, 0.8), attention=0.4),
    "price_increase": Recipe("price", 55, (0.35, 0.55), (12, 18), (50, 80), (20, 30), (0.5, 0.9), attention=0.2, pace=(9, 170)),
    "promotion": Recipe("promotion", 130, (1.7, 2.6), (5, 9), (16, 26), (4, 8), (0.0, 0.1)),
    "market_trend": Recipe("market", 19, (1.7, 2.5), (14, 21), (30, 50), (25, 40), (0.1, 0.4)),
    "style_wave": Recipe("graph", 14, (1.7, 2.5), (14, 24), (35, 55), (30, 45), (0.1, 0.4), pace=(2, 170)),
    "style_start": Recipe("none", 0, (1.9, 2.7), (10, 16), (50, 70), (30, 45), (0.1, 0.4)),
    "slow_growth": Recipe("momentum", 70, (2.2, 3.2), (60, 84), (14, 30), (40, 60), (0.3, 0.6)),
    "fading": Recipe("momentum", 60, (0.25, 0.45), (56, 80), (60, 90), (30, 40), (0.6, 1.0), pace=(10, 170)),
    "launch_ramp": Recipe("newness", 0, (2.6, 5.0), (35, 56), (60, 90), (30, 60), (0.5, 0.9)),
    "launch_dip": Recipe("newness", 0, (0.3, 0.5), (28, 40), (60, 90), (30, 60), (0.8, 1.0)),
    "phase_out": Recipe("momentum", 0, (0.08, 0.2), (60, 75), (20, 20), (1, 1), (1.0, 1.0)),
    "cannibalisation": Recipe("graph", 90, (0.25, 0.5), (14, 25), (50, 80), (30, 60), (0.5, 0.9), pace=(6, 170)),
    "season": Recipe("season", 0, (3.0, 8.0), (20, 30), (20, 40), (10, 20), (0.0, 0.0)),
    "first_season": Recipe("none", 0, (3.0, 8.0), (20, 30), (20, 40), (10, 20), (0.0, 0.0)),
    "local_season": Recipe("season", 0, (7.0, 15.0), (18, 24), (8, 14), (5, 9), (0.0, 0.0)),
    "stock_out": Recipe("none", 60, (0.0, 0.0), (0, 0), (14, 32), (0, 0), (0.0, 0.0), pace=(10, 170)),
    "curiosity": Recipe("none", 60, (1.0, 1.0), (7, 12), (14, 28), (14, 21), (0.0, 0.0), pace=(6, 170)),
    "talk": Recipe("none", 30, (1.0, 1.0), (5, 5), (30, 40), (14, 14), (0.0, 0.0), pace=(8, 170)),
    "burst": Recipe("none", 110, (1.8, 3.0), (2, 4), (7, 14), (4, 7), (0.0, 0.0)),
    "lull": Recipe("none", 45, (0.3, 0.5), (3, 6), (14, 24), (5, 9), (0.0, 0.0), pace=(14, 170)),
}
FAD_ORDERS = 1.5  # orders in 28 days that the group where a fad starts has at least
FORGETTING = 150.0  # days in which what an event left behind fades to a third
LOWERING = tuple(kind for kind, recipe in RECIPES.items() if recipe.size[1] < 1)


@dataclass
class Event:
    """One planted event. `start` is the day on which sales begin to change everywhere (in `segment`, `spread` days earlier)."""

    product: int
    kind: str
    start: int
    ramp: int
    hold: int
    decay: int
    keep: float
    size: float
    lead: int = 0
    segment_attribute: str = ""
    segment: str = ""
    spread: int = 0
    group: str = ""
    hidden_units: float = 0.0
    told_from: int | None = None  # the day from which on the data tell of it, where that is not when its own precursors begin

    @property
    def end(self) -> int:
        return self.start + self.ramp + self.hold + self.decay

    @property
    def precursor_start(self) -> int:
        return self.start - max(self.lead, self.spread)

    @property
    def tells(self) -> int:
        return self.precursor_start if self.told_from is None else min(self.told_from, self.start)

    def envelope(self, earlier: int = 0) -> np.ndarray:
        """(SPAN,) from 0 to 1, down to `keep` and slowly on to 0: the shape of the event in logs, moved `earlier` by some days."""
        t = np.arange(SPAN) - (self.start - earlier)
        up = _smooth(t / max(self.ramp, 1))
        down = _smooth((t - self.ramp - self.hold) / max(self.decay, 1))
        forgotten = np.exp(-np.maximum(t - self.ramp - self.hold - self.decay, 0) / FORGETTING)
        return up * (1 - (1 - self.keep * forgotten) * down)


def _smooth(x: np.ndarray) -> np.ndarray:
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)


@dataclass
class Story:
    """Log multipliers (float32) and lists; `pace` is each product's expected orders in 28 ordinary days."""

    catalogue: Catalogue
    countries: list[str]
    ages: list[str]
    pace: np.ndarray
    events: list[Event] = field(default_factory=list)
    prices: list[tuple[int, int, float]] = field(default_factory=list)  # product, from day, factor on the price from then on
    promotions: list[tuple[int, int, int, str, float]] = field(default_factory=list)  # product, first, last day, kind, discount
    terms: list[tuple[int, int, int, str]] = field(default_factory=list)  # product, first, last day, the term people search for

    def __post_init__(self) -> None:
        products = len(self.catalogue)
        self.sales = np.zeros((products, SPAN, len(self.countries)), np.float32)
        self.attention = np.zeros((products, SPAN, len(self.countries)), np.float32)
        self.by_age = np.zeros((products, SPAN, len(self.ages)), np.float32)
        self.search = np.zeros((products, SPAN), np.float32)
        self.ads = np.zeros((products, SPAN), np.float32)
        self.mood = np.zeros((products, SPAN), np.float32)  # -1 souring .. 1 delighted
        self.reviewing = np.zeros((products, SPAN), np.float32)
        self.market = np.zeros((products, SPAN), np.float32)
        self.category_market = {name: np.zeros(SPAN, np.float32) for name in words.CATEGORIES}
        self.busy = np.zeros((products, SPAN + 400), bool)  # shifted by 200: where another event already is

    def free(self, product: int, first: int, last: int) -> bool:
        return not self.busy[product, max(first + 200, 0) : last + 200].any()

    def add(self, event: Event, early: float = 1.0) -> None:
        """Record the event and add its lift of sales and attention, the first segment ahead of the others."""
        recipe = RECIPES[event.kind]
        lift = np.log(event.size)
        wave, seen = event.envelope(), event.envelope(event.lead)
        ahead, ahead_seen = event.envelope(event.spread), event.envelope(event.spread + event.lead)
        in_country = np.array([event.segment_attribute == "country" and c in event.segment.split() for c in self.countries])
        only = event.segment_attribute == "country" and not event.spread  # a season of some countries
        for c in range(len(self.countries)):
            if only and not in_country[c]:
                continue
            first = event.spread > 0 and in_country[c]
            self.sales[event.product, :, c] += lift * early * ahead if first else lift * wave
            self.attention[event.product, :, c] += recipe.attention * (lift * early * ahead_seen if first else lift * seen)
        if event.segment_attribute == "age_band":
            a = self.ages.index(event.segment)
            self.by_age[event.product, :, a] += lift * np.maximum(early * ahead - wave, 0)
        self.mark(event)

    def mark(self, event: Event) -> None:
        self.events.append(event)
        guard_end = event.start + event.ramp + event.hold + int(0.6 * event.decay) + 14
        self.busy[event.product, max(event.precursor_start - 35 + 200, 0) : max(guard_end + 200, 0)] = True


def tell(rng: np.random.Generator, catalogue: Catalogue, pace: np.ndarray) -> Story:
    """Return all planted events of the shop, spread evenly over the three years and the three weeks after them."""
    story = Story(catalogue, list(words.COUNTRIES), list(words.AGE_BANDS), pace)
    scale = len(catalogue) / 800
    _launches(rng, story)
    _seasons(rng, story)
    _endings(rng, story)
    plans = [(kind, day) for kind, recipe in RECIPES.items() if recipe.count for day in _days(rng, round(recipe.count * scale), kind)]
    for number in rng.permutation(len(plans)):
        kind, day = plans[number]
        _TELLERS.get(kind, _one)(rng, story, kind, int(day))
    story.events.sort(key=lambda e: (e.start, e.product, e.kind))
    return story


def _days(rng, count: int, kind: str) -> np.ndarray:
    """Return starts spread evenly, with jitter, from before the first day to three weeks after the last one."""
    first, last = (20, DAYS - 12) if kind == "stock_out" else (-10, DAYS + 20)
    return np.clip(np.linspace(first, last, max(count, 1)) + rng.normal(0, 6, max(count, 1)), first, last).astype(int)


def _draw(rng, kind: str, product: int, day: int, pace: float, **more) -> Event:
    recipe = RECIPES[kind]
    size = rng.uniform(*recipe.size)
    if size > 1:  # a rise of a small product must be larger to matter to anyone
        size *= 1 + min(3.5 / max(pace, 2.0), 0.7)
    whole = {
        name: int(rng.integers(low, high + 1))
        for name, (low, high) in {"ramp": recipe.ramp, "hold": recipe.hold, "decay": recipe.decay, "lead": recipe.lead}.items()
    }
    return Event(product, kind, day, keep=round(rng.uniform(*recipe.keep), 2), size=round(size, 2), **whole | more)


def _candidates(rng, story: Story, kind: str, day: int, among: np.ndarray | None = None) -> list[int]:
    """Return products that an event can happen to, in random order: on sale long enough, of the right sales rate, without another event."""
    recipe, catalogue = RECIPES[kind], story.catalogue
    last = day + recipe.ramp[1] + recipe.hold[1] + 10
    good = (catalogue.launch < day - 60) & (catalogue.last > min(last, SPAN) - 1)
    good &= (story.pace >= recipe.pace[0]) & (story.pace <= recipe.pace[1])
    good &= np.array([not k.season for k in catalogue.kind])
    if among is not None:
        good &= among
    which = np.flatnonzero(good)
    keys = rng.random(len(which)) ** (1 / story.pace[which] ** 0.35)
    return [int(p) for p in which[np.argsort(-keys, kind="stable")] if story.free(p, day - 35, last)]


def _one(rng, story: Story, kind: str, day: int) -> None:
    """Plant an event of one product, with the effects of its kind: prices, promotions, review mood."""
    found = _candidates(rng, story, kind, day)
    if not found:
        return
    p = found[0]
    event = _draw(rng, kind, p, day, story.pace[p])
    if kind == "stock_out":
        event.size = 0.0
        story.mark(event)
        return
    if kind == "curiosity":  # a false alarm: many look, nobody buys
        story.attention[p] += np.log(rng.uniform(1.8, 3.0)) * event.envelope()[:, None]
    elif kind == "talk":  # another: the reviews turn, sales do not
        story.mood[p] += rng.choice([-1, 1]) * event.envelope()
        story.reviewing[p] += np.log(3.5) * event.envelope()
    elif kind in ("price_cut", "price_increase"):
        factor = rng.uniform(0.68, 0.84) if kind == "price_cut" else rng.uniform(1.18, 1.38)
        story.prices.append((p, day, factor))
    elif kind == "promotion":
        discount = float(rng.choice([0.15, 0.2, 0.25, 0.3]))
        label = str(rng.choice(["percentage off", "percentage off", "bundle", "newsletter"]))
        story.promotions.append((p, day, event.start + event.ramp + event.hold, label, discount))
        story.ads[p] += 1.2 * event.envelope(3)
    elif kind in ("review_rise", "review_fall"):
        event.lead = int(rng.integers(21, 40))  # here the text leads, not the clicks
        turn = Event(p, kind, day - event.lead, 5, event.lead + 14, 14, 0.0, event.size)
        story.mood[p] += (1 if kind == "review_rise" else -1) * turn.envelope()
        story.reviewing[p] += np.log(9) * turn.envelope()
        talk, event.lead = event.lead, 0
        story.add(event)
        event.lead = talk
        if kind == "review_rise":
            _spread(rng, story, event)
        return
    story.add(event)
    if kind == "word_of_mouth":
        _spread(rng, story, event)


def _segment_fad(rng, story: Story, kind: str, day: int) -> None:
    """Plant a fad that starts in one country or age band, reaches all customers some weeks later, then the products linked to it."""
    found = _candidates(rng, story, kind, day)
    if not found:
        return
    p = found[0]
    if rng.random() < 0.75:
        attribute, shares = "country", {c: words.COUNTRIES[c] for c in ("DE", "FR", "HK", "IE", "NL", "SG")}
    else:
        attribute, shares = "age_band", {a: words.AGE_BANDS[a] for a in ("18-24", "25-34", "35-49", "50-64")}
    # A handful of orders, not one: in a group that buys less of it, nobody could tell a fad from chance.
    choices = [g for g in shares if shares[g] * story.pace[p] >= FAD_ORDERS]
    odds = np.array([shares[g] for g in choices]) ** 0.5
    segment = str(rng.choice(choices, p=odds / odds.sum()))
    name = f"fad {len(story.events)}"
    spread = int(rng.integers(18, 33))
    event = _draw(rng, kind, p, day, story.pace[p], segment_attribute=attribute, segment=segment, spread=spread, group=name)
    story.add(event, early=1.5)
    _spread(rng, story, event)


def _spread(rng, story: Story, source: Event) -> None:
    """Plant later rises of up to three linked products, which customers buy together with a popular one."""
    beside = np.zeros(len(story.catalogue), bool)
    beside[story.catalogue.beside[source.product]] = True
    for q in _candidates(rng, story, "neighbour_spread", source.start + 28, beside)[:3]:
        start = source.start + int(rng.integers(16, 30))
        story.add(
            _draw(
                rng, "neighbour_spread", q, start, story.pace[q], group=source.group or f"beside {source.product}", told_from=source.start
            )
        )


def _gathered(rng, found: list[int], keys: list, enough: int) -> list[int]:
    """Those of the candidates that share one key: a random one that `enough` of them share, else the commonest."""
    groups: dict = {}
    for p in found:
        if keys[p]:
            groups.setdefault(keys[p], []).append(p)
    large = [group for group in groups.values() if len(group) >= enough]
    return large[rng.integers(len(large))] if large else max(groups.values(), key=len, default=[])


def _viral(rng, story: Story, kind: str, day: int) -> None:
    """Plant a viral search term: search clicks of its products rise two weeks before sales do."""
    catalogue = story.catalogue
    keys = [(theme, k.category) if theme != "plain" else None for theme, k in zip(catalogue.theme, catalogue.kind)]
    found = _gathered(rng, _candidates(rng, story, kind, day), keys, 4)
    if not found:
        return
    theme, noun = catalogue.theme[found[0]], catalogue.kind[found[0]]
    pair = words.THEMES.get(theme) or words.FLAVOURS[theme]
    term = f"{pair[0]} {noun.en}".lower() if rng.random() < 0.7 else pair[1] + noun.zh
    for p in found[:8]:
        event = _draw(rng, kind, p, day + int(rng.integers(-3, 6)), story.pace[p], group=term)
        story.add(event)
        story.search[p] += 1.1 * event.envelope(event.lead)
        story.terms.append((p, event.start - event.lead, event.end, term))
        _spread(rng, story, event)


def _style_wave(rng, story: Story, kind: str, day: int) -> None:
    """Plant a motif that comes into fashion: its best sellers rise first, unannounced, then all other products with the motif."""
    catalogue = story.catalogue
    keys = [theme if theme in words.THEMES and theme != "plain" else None for theme in catalogue.theme]
    found = _gathered(rng, _candidates(rng, story, kind, day), keys, 7)[:16]
    found.sort(key=lambda p: (-story.pace[p], p))
    for place, p in enumerate(found):
        first = place < max(len(found) // 3, 2)
        start = day + int(rng.integers(0, 12) if first else rng.integers(24, 46))
        if story.free(p, start - 35, start + 60):
            group = words.THEMES[catalogue.theme[p]][0]
            name, told_from = ("style_start", None) if first else (kind, day + 12)
            story.add(_draw(rng, name, p, start, story.pace[p], group=group, told_from=told_from))


def _market_trend(rng, story: Story, kind: str, day: int) -> None:
    """Plant a market trend: search interest and ranks of some articles of a category move four weeks before demand in the shop."""
    category = str(rng.choice(list(words.CATEGORIES)))
    within = np.array([k.category == category for k in story.catalogue.kind])
    found = _candidates(rng, story, kind, day, within)[: int(rng.integers(6, 11))]
    for p in found:
        event = _draw(rng, kind, p, day + int(rng.integers(-4, 9)), story.pace[p], group=category)
        story.add(event)
        ahead = int(rng.integers(21, 33))
        story.market[p] += 0.7 * np.log(event.size) * event.envelope(ahead)
        event.lead = ahead
        _spread(rng, story, event)
    if found:
        story.category_market[category] += 0.3 * Event(0, kind, day, 18, 40, 30, 0.2, 1.0).envelope(27)


def _cannibalisation(rng, story: Story, kind: str, day: int) -> None:
    """Plant a newcomer of the same kind that takes an older product's sales a few weeks after its launch."""
    catalogue = story.catalogue
    keys = np.array([k.key for k in catalogue.kind])
    fresh = set(keys[(catalogue.launch > day - 60) & (catalogue.launch < day - 5)])
    for p in _candidates(rng, story, kind, day, np.isin(keys, sorted(fresh))):
        newcomers = np.flatnonzero((keys == keys[p]) & (catalogue.launch > day - 60) & (catalogue.launch < day - 5))
        rival = int(newcomers[np.argmax(story.pace[newcomers])])
        group = "newcomer " + catalogue.table["product_id"].iloc[rival]
        story.add(_draw(rng, kind, p, day, story.pace[p], group=group))
        return


def _launches(rng, story: Story) -> None:
    """Plant every launch of the three years: most start small and climb, some start high and settle, the rest are steady."""
    for p in np.flatnonzero(story.catalogue.launch >= 0):
        luck = rng.random()
        kind = "launch_ramp" if luck < 0.7 else "launch_dip" if luck < 0.82 else ""
        if not kind or story.pace[p] < 2 or story.catalogue.kind[p].season:
            continue
        start = int(story.catalogue.launch[p]) + (int(rng.integers(8, 22)) if kind == "launch_ramp" else 5)
        story.add(_draw(rng, kind, p, start, 12.0, told_from=int(story.catalogue.launch[p])))


def _endings(rng, story: Story) -> None:
    """Plant the decline of products before their end: they sell less and less over ten weeks before their last day."""
    for p in np.flatnonzero(story.catalogue.last < SPAN):
        start = int(story.catalogue.last[p]) - 78
        if story.free(p, start - 35, start + 100):
            story.add(_draw(rng, "phase_out", p, start, story.pace[p]))


def _seasons(rng, story: Story) -> None:
    """Plant seasons: seasonal articles repeat within a few days each year, so a model can forecast them from the year before.

    The first season that an article is on sale is a kind of its own, since its history cannot show it.
    """
    for p, kind in enumerate(story.catalogue.kind):
        if not kind.season:
            continue
        local = words.LOCAL_SEASONS.get(kind.season)
        recipe, before = RECIPES["local_season" if local else "season"], None
        size, shift = rng.uniform(*recipe.size), int(rng.integers(-12, 16))
        ramp_share = rng.uniform(0.3, 0.45)
        for first, last in words.SEASONS[kind.season]:
            start = day_of(first) + (0 if local else shift) + int(rng.integers(-3, 4))
            whole = day_of(last) - start
            if start > SPAN or story.catalogue.launch[p] > start + 10:
                continue
            known = before is not None and max(story.catalogue.launch[p], 0) < before - 28
            name = "first_season" if not known else "local_season" if local else "season"
            event = _draw(rng, name, p, start, 100.0, group=kind.season, told_from=before if known else None)
            before = start
            event.ramp = max(int(whole * ramp_share), 10)
            event.decay = max(int(whole * 0.14), 5)
            event.hold = max(whole - event.ramp - event.decay // 2, 5)
            event.keep, event.size = 0.0, round(size * rng.uniform(0.85, 1.2), 2)
            if local:
                event.segment_attribute, event.segment = "country", " ".join(local)
            story.add(event)


_TELLERS = {
    "segment_fad": _segment_fad,
    "viral_search": _viral,
    "style_wave": _style_wave,
    "market_trend": _market_trend,
    "cannibalisation": _cannibalisation,
}
