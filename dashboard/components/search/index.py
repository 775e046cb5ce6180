"""Find entries by words, in any order and with typos; Chinese names also by a part of the name or by its pinyin. Texts in, places out.

Each name becomes words: runs of letters or digits, and for Chinese each character and each pair of neighbours. An inverted index
knows which entries have which word. A query's word matches a word of the index whole, as its start, as a part of it or with a typo;
an entry's score is the mean over the query's words, and entries that match fewer of them than others are left out.
"""

from __future__ import annotations

import os
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_RUNS = re.compile(rf"[{HAN}]+|[^\W_{HAN}]+")
_LETTERS = re.compile(r"[a-z]+")
WHOLE, START, PART, SOUND, INITIALS = 1.0, 0.9, 0.7, 0.9, 0.5  # what a match counts
TYPO, UNFINISHED = 0.15, 0.1  # taken off for each typo, and where the word that it is in goes on
WHOLE_NAME, MOST_OF_IT = 0.05, 0.85  # what a match of the whole name adds, and the share of its characters that makes it one
LEAST = 0.5  # share of the query's words that must match
LONGEST = 100  # characters of a query that count
MOST_WORDS = 12


def normal(text: str) -> str:
    """Return a text without case, width and accents, which a search ignores."""
    apart = unicodedata.normalize("NFKD", text).casefold()
    return unicodedata.normalize("NFC", "".join(c for c in apart if not unicodedata.combining(c)))


def runs(text: str) -> list[str]:
    """Return the runs of letters and digits, or of Chinese characters, of a text in normal form."""
    return _RUNS.findall(normal(text))


def is_han(run: str) -> bool:
    return "\u3400" <= run[0] <= "\u9fff" or "\uf900" <= run[0] <= "\ufaff"


def typos(word: str) -> int:
    """Return how many typos a word may have. A number has none: another digit is another product."""
    return 0 if len(word) < 4 or any(c.isdigit() for c in word) else 1 if len(word) < 8 else 2


class Index:
    """An index over entries, each given by its names; it never changes and takes any number of threads.

    entries: the names of each entry, the one that is shown first. weights: 0 to 1 for each entry; of equal matches the heavier is first.
    """

    def __init__(self, entries: Sequence[Sequence[str]], weights: Sequence[float]):
        places: dict[str, list[int]] = {}
        lengths = np.zeros(len(entries))
        spelt: set[str] = set()
        sounds = _Sounds()
        for place, names in enumerate(entries):
            parts = [runs(name) for name in names]
            lengths[place] = sum(map(len, parts[0]))
            for word in {word for each in parts for word in _words(each)}:
                places.setdefault(word, []).append(place)
            spelt.update(run for each in parts for run in each if run.isalpha() and not is_han(run))
            sounds.add(place, [run for each in parts for run in each if is_han(run)])
        self._size, self._lengths, self._weights = len(entries), lengths, np.asarray(weights, float)
        self._vocabulary = sorted(places)
        self._numbers = {word: at for at, word in enumerate(self._vocabulary)}
        self._places = [np.array(places[word]) for word in self._vocabulary]
        self._latin = [word for word in self._vocabulary if not is_han(word)]
        self._joined = "\n" + "\n".join(self._latin) + "\n"
        self._starts = np.cumsum([0, *(len(word) + 1 for word in self._latin)])
        self._by_length: dict[int, list[str]] = {}  # words that may be mistyped
        for word in sorted(spelt):
            self._by_length.setdefault(len(word), []).append(word)
        self._begun: dict[int, dict[str, list[str]]] = {}
        self._sounds = sounds.close()

    def find(self, query: str, limit: int) -> list[int]:
        """Return the places of the entries that match best, the best first."""
        asked = runs(query[:LONGEST])[:MOST_WORDS]
        if not asked or not self._size:
            return []
        scores = np.stack([self._by_characters(run) if is_han(run) else self._by_word(run) for run in asked])
        matched = (scores > 0).sum(axis=0)
        if matched.max() < max(1, LEAST * len(asked)):
            return []
        found = np.flatnonzero(matched == matched.max())
        merit = scores[:, found].mean(axis=0)
        merit += WHOLE_NAME * ((merit == WHOLE) & (sum(map(len, asked)) >= MOST_OF_IT * self._lengths[found]))
        order = np.lexsort((found, -self._weights[found], -merit.round(3)))
        return found[order[:limit]].tolist()

    def _by_word(self, word: str) -> np.ndarray:
        scores = np.zeros(self._size)
        for match, score in self._alike(word):
            places = self._places[self._numbers[match]]
            scores[places] = np.maximum(scores[places], score)
        for place, score in self._sounds.like(word):
            scores[place] = max(scores[place], score)
        return scores

    def _alike(self, word: str) -> Iterator[tuple[str, float]]:
        """Yield the words of the index that a query's word may mean, and how well each matches."""
        if word in self._numbers:
            yield word, WHOLE
        at = bisect_left(self._latin, word)
        while at < len(self._latin) and self._latin[at].startswith(word):
            yield self._latin[at], START
            at += 1
        if len(word) >= 3:
            for hit in re.finditer(re.escape(word), self._joined):
                yield self._latin[int(np.searchsorted(self._starts, hit.start() - 1, side="right")) - 1], PART
        if allowed := typos(word):
            near = [known for length in range(len(word) - allowed, len(word) + allowed + 1) for known in self._by_length.get(length, ())]
            for match, typed, _at in process.extract(word, near, scorer=OSA.distance, score_cutoff=allowed, limit=None):
                yield match, WHOLE - TYPO * typed
            begun = self._beginnings(len(word))
            for beginning, typed, _at in process.extract(word, list(begun), scorer=OSA.distance, score_cutoff=allowed, limit=None):
                for match in begun[beginning]:
                    yield match, WHOLE - UNFINISHED - TYPO * typed

    def _beginnings(self, length: int) -> dict[str, list[str]]:
        """Return the longer words by their first so many letters."""
        if length not in self._begun:
            found: dict[str, list[str]] = {}
            for words in (words for known, words in self._by_length.items() if known > length):
                for word in words:
                    found.setdefault(word[:length], []).append(word)
            self._begun[length] = found
        return self._begun[length]

    def _by_characters(self, run: str) -> np.ndarray:
        """Return the mean of the shares of the run's characters and of its pairs that each entry has, where it has most characters."""
        single, pairs = list(dict.fromkeys(run)), _pairs(run)
        known = np.mean([self._has(c) for c in single], axis=0)
        near = np.mean([self._has(pair) for pair in pairs], axis=0) if pairs else known
        enough = known >= (1 if len(single) < 3 else 2 / 3)
        return np.where(enough, (known + near) / 2, 0.0)

    def _has(self, word: str) -> np.ndarray:
        found = np.zeros(self._size)
        if word in self._numbers:
            found[self._places[self._numbers[word]]] = 1
        return found


def _words(parts: list[str]) -> Iterator[str]:
    for run in parts:
        if is_han(run):
            yield from run
            yield from _pairs(run)
        else:
            yield run
    latin = [run for run in parts if not is_han(run)]
    yield from (first + second for first, second in zip(latin, latin[1:]))  # "BA-1098" is also found by ba1098, "tea pot" by teapot


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)]


class _Sounds:
    """The pinyin of Chinese names: "caomei" and "cm" find 草莓. Each character has its most frequent reading."""

    def __init__(self) -> None:
        self._readings: dict[str, str] = {}
        self._full: list[str] = []
        self._first: list[str] = []
        self._places: list[int] = []

    def add(self, place: int, names: list[str]) -> None:
        for name in names:
            syllables = [self._reading(c) for c in name]
            self._full.append(" ".join(syllables))
            self._first.append("".join(s[:1] for s in syllables))
            self._places.append(place)

    def close(self) -> _Sounds:
        """Join what was added to the texts that are searched, one line a name."""
        self._lines = ["\n".join(self._first) + "\n", "\n" + "\n".join(s.replace(" ", "") for s in self._full) + "\n"]
        self._ends = [np.cumsum([len(line) + 1 for line in self._lines[i].strip("\n").split("\n")]) for i in (0, 1)]
        self._syllables = [set(np.cumsum([0, *map(len, name.split(" "))]).tolist()) for name in self._full]
        return self

    def like(self, word: str) -> Iterator[tuple[int, float]]:
        """Yield the places of names in which a word is the pinyin of some characters, the last one perhaps unfinished, or their
        initials."""
        if len(word) < 2 or not self._places or not _LETTERS.fullmatch(word):
            return
        initials, full = self._lines
        for hit in re.finditer(word, initials):
            yield self._places[int(np.searchsorted(self._ends[0], hit.start(), side="right"))], INITIALS
        for hit in re.finditer(word, full):
            name = int(np.searchsorted(self._ends[1], hit.start() - 1, side="right"))
            begin = hit.start() - 1 - (int(self._ends[1][name - 1]) if name else 0)
            if begin in self._syllables[name]:
                yield self._places[name], SOUND

    def _reading(self, character: str) -> str:
        if character not in self._readings:
            os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")  # its phrases take 45 MB and four times as long to load
            import pypinyin

            self._readings[character] = normal(pypinyin.lazy_pinyin(character)[0])
        return self._readings[character]
