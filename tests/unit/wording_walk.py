"""Find sentences that bypass the catalogues, by walking the syntax trees of core, dashboard and pages.

Two rules. A text of an error, of a progress, of a Streamlit element or of a chart is made by a mark (`msg`, `nmsg`, `_`, `n_`, `N_`)
or is data. And no other string literal of two words or more stands anywhere, docstrings and names of states with a label apart.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MARKS = {"msg": 1, "nmsg": 2, "_": 1, "N_": 1, "n_": 2}  # name -> how many of its first arguments are extracted
ERRORS = {"UserError", "NotReady", "UpswingError", "Cancelled"}
TEXT_FIRST = set(
    """write markdown caption text title header subheader info error warning success toast badge metric button download_button
    form_submit_button link_button checkbox toggle selectbox multiselect radio segmented_control pills text_input text_area number_input
    slider select_slider date_input file_uploader expander popover dialog spinner tabs nothing_here notes problem Column TextColumn
    NumberColumn DatetimeColumn DateColumn CheckboxColumn ProgressColumn ImageColumn LinkColumn LineChartColumn BarChartColumn""".split()
)  # Streamlit's and our own elements whose first argument is a text
TEXT_KEYWORDS = {"help", "label", "title", "placeholder", "text", "alt", "body", "hovertemplate", "name", "annotation_text"}
PASS_ON = set("plain show str escape shortened sentences lines format join strip rstrip lstrip replace capitalize lower upper".split())
PROGRAMMING = {"ValueError", "KeyError", "TypeError", "RuntimeError", "AssertionError", "NotImplementedError", "StopIteration"}
LOGGING = {"_log", "execute"}  # what operators read, and SQL
_MARKUP = re.compile(r":material/\w+:|:\w+(?=\[)|<[^>]*>|[%d]?\{[^}]*\}|&\w+;|https?://\S+|`[^`]*`")
_WORD = re.compile(r"[A-Za-z]{2,}")
_WORDS = re.compile(r"[A-Za-z]{2,},? [A-Za-z]{2,}")
NO_WORDS = {"Upswing", "UTC", "CSV", "px", "rem", "CURRENT"}  # the same in every language


@dataclass(frozen=True)
class Bypass:
    place: str
    line: int
    text: str
    rule: str

    def __str__(self) -> str:
        return f"{self.place}:{self.line}: {self.rule}: {self.text!r}"


def bypasses(source: str, place: str, codes: frozenset[str] = frozenset()) -> Iterator[Bypass]:
    """Yield what bypasses the catalogues in one file. codes: names of states, which pages show by their labels."""
    tree = ast.parse(source)
    pages, seen = place.startswith(("dashboard/", "pages/")), set()
    for scope in [tree, *(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))]:
        known = _assigned(scope) | (_assigned(tree) if scope is not tree else {})
        for call in (n for n in ast.walk(scope) if isinstance(n, ast.Call)):
            for argument in _texts(call, pages):
                for literal in _literals(argument, known, frozenset()):
                    if (literal.lineno, literal.col_offset) not in seen:
                        seen.add((literal.lineno, literal.col_offset))
                        yield Bypass(place, literal.lineno, literal.value, f"text of {_name(call)}")
    apart = _apart(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in apart and node.value not in codes:
            if _WORDS.search(_bare(node.value)) and (node.lineno, node.col_offset) not in seen:
                yield Bypass(place, node.lineno, node.value, "a sentence in no catalogue")


def computed_marks(source: str, place: str) -> Iterator[Bypass]:
    """Yield marks that the extraction cannot read: of computed strings, and inside f-strings."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            for inner in (n for n in ast.walk(node) if _marked(n)):
                yield Bypass(place, node.lineno, ast.unparse(inner), "a mark inside an f-string")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS:
            for argument in node.args[: MARKS[node.func.id]]:
                if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
                    yield Bypass(place, node.lineno, ast.unparse(argument), f"{node.func.id}() of a computed string")


def labelled(sources: dict[str, str]) -> frozenset[str]:
    """Return the names of states: keys of mappings whose values are marked, so that people see the label instead."""
    return frozenset(
        key.value
        for source in sources.values()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values)
        if isinstance(key, ast.Constant) and isinstance(key.value, str) and any(_marked(n) for n in ast.walk(value))
    )


def sources(root: Path) -> dict[str, str]:
    """Return path -> text of every file of the product."""
    files = (file for room in ("core", "dashboard", "pages") for file in sorted((root / room).rglob("*.py")))
    return {file.relative_to(root).as_posix(): file.read_text(encoding="utf-8") for file in files}


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id if isinstance(call.func, ast.Name) else ""


def _logs(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) and call.func.value.id == "_log"


def _marked(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS


def _texts(call: ast.Call, pages: bool) -> Iterator[ast.AST]:
    """Yield the arguments of a call that people read."""
    name = _name(call)
    if name in ERRORS:
        yield from call.args
        yield from (k.value for k in call.keywords)
    elif name == "progress" and len(call.args) > 2:
        yield call.args[2]
    elif pages:
        if name in TEXT_FIRST and call.args:
            yield call.args[0]
        yield from (k.value for k in call.keywords if k.arg in TEXT_KEYWORDS)


def _literals(node: ast.AST, known: dict[str, list[ast.AST]], through: frozenset[str]) -> Iterator[ast.Constant]:
    """Yield the literals with words that a text is made of, past marks and through variables."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and set(_WORD.findall(_bare(node.value))) - NO_WORDS:
            yield node
    elif isinstance(node, ast.Name) and node.id not in through:
        for value in known.get(node.id, ()):
            yield from _literals(value, known, through | {node.id})
    elif isinstance(node, ast.Call):
        if not _marked(node) and _name(node) in PASS_ON:
            parts = [*node.args, *([node.func.value] if isinstance(node.func, ast.Attribute) else [])]
            yield from (found for part in parts for found in _literals(part, known, through))
    elif isinstance(node, ast.IfExp):
        yield from (found for part in (node.body, node.orelse) for found in _literals(part, known, through))
    elif isinstance(node, (ast.JoinedStr, ast.BinOp, ast.BoolOp, ast.List, ast.Tuple, ast.Starred, ast.FormattedValue, ast.ListComp)):
        parts = [node.elt] if isinstance(node, ast.ListComp) else ast.iter_child_nodes(node)
        yield from (found for part in parts for found in _literals(part, known, through))
    elif isinstance(node, ast.GeneratorExp):
        yield from _literals(node.elt, known, through)
    elif isinstance(node, ast.Dict):  # a chart's title={"text": ...}
        for key, value in zip(node.keys, node.values):
            if isinstance(key, ast.Constant) and key.value == "text":
                yield from _literals(value, known, through)


def _assigned(scope: ast.AST) -> dict[str, list[ast.AST]]:
    """Return what each variable is assigned in a scope, plainly or with +=."""
    found: dict[str, list[ast.AST]] = {}
    for node in ast.walk(scope):
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, (ast.AugAssign, ast.AnnAssign)) else []
        )
        for target in targets:
            if isinstance(target, ast.Name) and node.value is not None:
                found.setdefault(target.id, []).append(node.value)
    return found


def _apart(tree: ast.AST) -> set[int]:
    """Return the literals that nobody is shown: docstrings, arguments of marks, logs, SQL, faults of the program."""
    apart: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            apart.add(id(node.value))
        elif isinstance(node, ast.Call) and (_marked(node) or _name(node) in PROGRAMMING | LOGGING or _logs(node)):
            apart |= {id(inner) for argument in node.args for inner in ast.walk(argument)}
        elif isinstance(node, ast.Assert) and node.msg is not None:
            apart |= {id(inner) for inner in ast.walk(node.msg)}
    return apart


def _bare(text: str) -> str:
    return _MARKUP.sub(" ", text)
