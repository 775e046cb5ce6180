"""Write docs/reference/cli.md from the commands themselves: python scripts/cli_reference.py   (same as `make docs`)"""

from __future__ import annotations

import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))
FILE = REPOSITORY / "docs" / "reference" / "cli.md"
HEAD = """# Command line

<!-- Written by `make docs` from core/cli/. -->

The command is `upswing`, or `python -m core`. `upswing --help` lists the commands by task; `--help` or `-h` after a command lists its
options. `upswing --install-completion` makes the shell complete commands and options.

| exit code | meaning |
|---|---|
| 0 | success |
| 2 | bad input or usage: one message, no traceback |
| 1 | a fault of Upswing |

An interrupted command leaves nothing half-written in service. A command that only reads never creates a workspace.

Results go to stdout, progress and problems to stderr. `--json` prints the result alone, with English keys that stay the same in every
language. Logs are in the workspace's `logs/*.jsonl`; `UPSWING_LOG_LEVEL` is debug, info (the default), warning or error.
"""


def text() -> str:
    """Return the page."""
    from core.cli.app import tree

    group = tree()
    shared = {parameter.name: parameter for parameter in group.params if getattr(parameter, "rich_help_panel", None)}
    parts = [HEAD, "## Options of every command\n", "They may be before or after the command's name.\n", _table(shared.values())]
    task = None
    tasks = list(dict.fromkeys(command.rich_help_panel for command in group.commands.values()))
    for name, command in sorted(group.commands.items(), key=lambda item: tasks.index(item[1].rich_help_panel)):
        if command.rich_help_panel != task:
            task = command.rich_help_panel
            parts.append(f"## {task}\n")
        arguments = " ".join(
            p.display_name_raw + ("..." if p.nargs != 1 else "") for p in command.params if p.param_type_name == "argument"
        )
        parts.append(f"### {name}\n\n{command.help}\n\n`upswing {name} {arguments}".rstrip() + "`\n")
        own = [p for p in command.params if p.name not in shared and p.name != "json"]
        if own:
            parts.append(_table(own))
        lines = "\n".join(line.strip().replace("\\[", "[") for line in command.epilog.splitlines()[1:])
        parts.append(f"```sh\n{lines}\n```\n")
    return "\n".join(parts)


def _table(parameters) -> str:
    rows = []
    for parameter in parameters:
        if parameter.param_type_name == "argument":
            name = f"`{parameter.display_name_raw}`"
        else:
            name = ", ".join(f"`{option} {parameter.metavar}`" if parameter.metavar else f"`{option}`" for option in parameter.opts)
        default = parameter.default if getattr(parameter, "show_default", False) and parameter.default not in (None, False) else ""
        rows.append(f"| {name} | {parameter.help.replace('|', '/')} | {'required' if parameter.required else default} |")
    return "\n".join(["| option | meaning | default |", "|---|---|---|", *rows, ""])


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    print(f"wrote {FILE.relative_to(REPOSITORY)}")
