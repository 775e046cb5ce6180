"""Take pictures of every page and check them: python scripts/gallery.py [OUT] [--shops full,sparse] [--pages rising] (`make gallery`)

Four made-up shops, two languages, two themes, three widths. Each picture is checked for errors, sideways scrolling, text that is cut
without a way to read it, and accessibility rules, contrast among them. Findings are printed as they come; the exit status is 1 where
there are any. Each picture is one line of pictures.jsonl beside the pictures: what state of the code it shows, and its findings.
Started again on the same state, the script takes only the pictures it lacks. The contact sheet, docs/gallery.webp, has one a page.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, TimeoutError, sync_playwright

REPOSITORY = Path(__file__).parents[1]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tests")]

from e2e.conftest import ARGUMENTS, BROWSERS, is_search_for_server, served  # noqa: E402
from fixtures.serving import write_models, write_snapshot  # noqa: E402

from core.schema import ALL  # noqa: E402
from core.workspace import Workspace  # noqa: E402
from dashboard import registry  # noqa: E402

LANGUAGES = {"en": "en-GB", "zh": "zh-CN"}
THEMES = ("light", "dark")
WIDTHS = {1440: 900, 1280: 800, 390: 844}
SHEET = REPOSITORY / "docs" / "gallery.webp"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}
# Elements of the framework: its own violations are listed by rule and selector, and are no findings of ours.
THEIRS = json.loads((Path(__file__).parent / "gallery_theirs.json").read_text(encoding="utf-8"))
CUT = (Path(__file__).parent / "gallery_cut.js").read_text(encoding="utf-8")
INSIDE = "([target, selector]) => typeof target[0] === 'string' && document.querySelector(target[0])?.matches(selector)"


@dataclass(frozen=True)
class View:
    """One picture: of which shop, page, language, theme and width."""

    shop: str
    page: str
    language: str
    theme: str
    width: int

    @property
    def file(self) -> str:
        return f"{self.shop}-{self.page}-{self.language}-{self.theme}-{self.width}.png"


@dataclass(frozen=True)
class Finding:
    view: str
    kind: str
    detail: str


def shops(folder: Path) -> dict[str, Workspace]:
    """Make the four shops: with everything, with little, with nothing, and with data that are too old to act on."""
    made = {name: Workspace(folder / name).create() for name in ("full", "sparse", "empty", "stale")}
    write_snapshot(made["full"], as_of=date(2026, 6, 28))
    write_models(made["full"])
    little = {"segments": (ALL,), "stock_known": 0.0, "categories": False, "previous": False, "reviews": False, "weeks": 10}
    write_snapshot(made["sparse"], products=12, **little)
    write_models(made["sparse"], candidates=0)
    write_snapshot(made["stale"])
    write_models(made["stale"], candidates=0)
    for name in ("full", "sparse"):  # demonstrations run at the date of their data, so that pictures do not change with the day
        made[name].save_settings(made[name].settings().with_values("pages", demo=True))
    return made


@contextmanager
def browser() -> Iterator[Browser]:
    found = next(path for name in BROWSERS if (path := shutil.which(name)))
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield chromium
        chromium.close()


def settled(page: Page) -> None:
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.wait_for_function("document.querySelectorAll('[data-testid=stSkeleton]').length === 0 && document.querySelector('h1')")
    page.wait_for_timeout(700)  # charts and grids are painted on a canvas, which nothing announces


def take(context: BrowserContext, address: str, view: View, out: Path) -> list[Finding]:
    """Take one picture and return what is wrong with it."""
    page, errors = context.new_page(), []
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" and not is_search_for_server(m) else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{address}/{view.page}")
    settled(page)
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": view.width, "height": min(max(WIDTHS[view.width], height), 4000)})
    page.wait_for_timeout(300)
    page.screenshot(path=out / view.file)
    found = [Finding(view.file, "error", text[:200]) for text in errors + page.get_by_test_id("stException").all_inner_texts()]
    over = page.evaluate(
        "Math.max(document.documentElement.scrollWidth, document.querySelector('[data-testid=stMain]').scrollWidth) - innerWidth"
    )
    found += [Finding(view.file, "overflow", f"{over} px")] if over > 0 else []
    found += [Finding(view.file, "cut", text) for text in page.evaluate(CUT)]
    found += accessibility(page, view)
    page.close()
    return found


def accessibility(page: Page, view: View) -> list[Finding]:
    """Return what breaks a rule of WCAG 2.1 AA, without what the framework's own elements break (gallery_theirs.json)."""
    found = []
    for rule in Axe().run(page, options=RULES).response["violations"]:
        for node in rule["nodes"]:
            target = node["target"]
            if rule["id"] in THEIRS and page.evaluate(INSIDE, [target, THEIRS[rule["id"]]]):
                continue
            found.append(Finding(view.file, rule["id"], f"{' '.join(map(str, target))[-100:]} | {node['html'][:140]}"))
    return found


WIDE, HIGH, GAP, COLUMNS = 480, 320, 16, 3


def sheet(out: Path, file: Path) -> None:
    """Write the contact sheet: the top of each page of the full shop, in English and light, at 1440 px."""
    names = list(registry.pages())
    whole = Image.new("RGB", (COLUMNS * (WIDE + GAP) + GAP, -(-len(names) // COLUMNS) * (HIGH + GAP) + GAP), "#d9dee5")
    for place, name in enumerate(names):
        picture = Image.open(out / View("full", name, "en", "light", 1440).file).convert("RGB").crop((0, 0, 1440, 960))
        whole.paste(picture.resize((WIDE, HIGH)), corner(place))
    whole.save(file, quality=70)


def corner(place: int) -> tuple[int, int]:
    """Return where the picture of the page in a place is on the sheet: its left and top edge."""
    return GAP + place % COLUMNS * (WIDE + GAP), GAP + place // COLUMNS * (HIGH + GAP)


def tile(whole: np.ndarray, place: int) -> np.ndarray:
    """Return the picture of the page in a place of a sheet (height, width)."""
    left, top = corner(place)
    return whole[top : top + HIGH, left : left + WIDE]


def state_of_code() -> str:
    """Return what the pictures show: the commit, and whatever differs from it."""
    said = [
        subprocess.run(["git", *words], cwd=REPOSITORY, capture_output=True, check=True).stdout
        for words in (["rev-parse", "HEAD"], ["diff", "HEAD"])
    ]
    return f"{said[0].decode().strip()[:12]}{hashlib.sha256(said[1]).hexdigest()[:8] if said[1] else ''}"


def taken(out: Path, state: str) -> dict[str, list[Finding]]:
    """Return the findings of the pictures that show this state of the code, by picture; those of pages that did not settle are lacking."""
    log = out / "pictures.jsonl"
    lines = map(json.loads, log.read_text(encoding="utf-8").splitlines()) if log.exists() else []
    found = {one["view"]: [Finding(**f) for f in one["findings"]] for one in lines if one["state"] == state}
    return {view: some for view, some in found.items() if (out / view).exists() and all(f.kind != "timeout" for f in some)}


def keep(out: Path, state: str, view: View, found: list[Finding]) -> None:
    """Print the findings of a picture and add its line to the log."""
    for finding in found:
        print(f"{finding.view}: {finding.kind}: {finding.detail}", flush=True)
    with (out / "pictures.jsonl").open("a", encoding="utf-8") as log:
        line = {"state": state, "view": view.file, "findings": [asdict(finding) for finding in found]}
        log.write(json.dumps(line, ensure_ascii=False) + "\n")


def run(out: Path, chosen: list[View]) -> list[Finding]:
    """Take the pictures that are lacking; return everything that is wrong with the chosen ones."""
    out.mkdir(parents=True, exist_ok=True)
    state = state_of_code()
    before = taken(out, state)
    found = {view.file: before[view.file] for view in chosen if view.file in before}
    lacking = [view for view in chosen if view.file not in found]
    if not lacking:
        return sum(found.values(), [])
    with TemporaryDirectory() as folder, browser() as chromium:
        made = shops(Path(folder))
        for name in dict.fromkeys(view.shop for view in lacking):
            with served(made[name], Path(folder)) as address:
                for language, theme, width in product(LANGUAGES, THEMES, WIDTHS):
                    views = [v for v in lacking if (v.shop, v.language, v.theme, v.width) == (name, language, theme, width)]
                    if not views:
                        continue
                    size = {"width": width, "height": WIDTHS[width]}
                    context = chromium.new_context(viewport=size, locale=LANGUAGES[language], color_scheme=theme)
                    for view in views:
                        try:
                            found[view.file] = take(context, address, view, out)
                        except TimeoutError as late:  # the page never settled: a finding, and the others still have their pictures
                            found[view.file] = [Finding(view.file, "timeout", str(late).splitlines()[0])]
                        keep(out, state, view, found[view.file])
                    context.close()
                    print(f"{len(found)} of {len(chosen)} pictures", flush=True)
    return sum(found.values(), [])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", nargs="?", type=Path, default=REPOSITORY / "build" / "gallery")
    parser.add_argument("--shops", default="full,sparse,empty,stale")
    parser.add_argument("--pages", default=",".join(registry.pages()))
    parser.add_argument("--languages", default=",".join(LANGUAGES))
    parser.add_argument("--themes", default=",".join(THEMES))
    parser.add_argument("--widths", default=",".join(map(str, WIDTHS)))
    given = parser.parse_args()
    asked = (given.shops, given.pages, given.languages, given.themes, given.widths)
    views = [View(s, p, lang, t, int(w)) for s, p, lang, t, w in product(*(text.split(",") for text in asked))]
    found = run(given.out, views)
    for kind in sorted({f.kind for f in found}):
        some = [f for f in found if f.kind == kind]
        print(f"{kind}: {len(some)} on {len({f.view for f in some})} pictures")
    if given.out == parser.get_default("out") and len(views) >= len(registry.pages()):
        sheet(given.out, SHEET)
    print(f"{len(views)} pictures in {given.out}, {len(found)} findings")
    return min(len(found), 1)


if __name__ == "__main__":
    sys.exit(main())
