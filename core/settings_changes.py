"""Change settings of `upswing.toml` and record who did, so that colleagues find out what changed and when."""

from __future__ import annotations

from core import settings_file
from core.errors import UserError
from core.messages import msg, sentences
from core.settings import Values, described
from core.storage import locks
from core.storage.state import State
from core.workspace import Workspace

ACT = "setting"  # of the audit log


def change(workspace: Workspace, changes: Values, actor: str) -> list[str]:
    """Set values, by section and name; None takes one out of the file, so that the inferred or the default value holds.

    Returns the names that changed, as "section.name"; each is one entry of the audit log with its old and new value. Raises UserError,
    and changes nothing, where a value is not allowed or the file cannot be read.
    """
    with locks.locked(workspace.create().root / ".settings.lock"):
        before = workspace.own_values()
        changed: Values = {}
        for section, values in changes.items():
            own = before.get(section, {})
            if differing := {name: value for name, value in values.items() if name in described(section) and own.get(name) != value}:
                changed[section] = differing
        if not changed:
            return []
        _need_allowed(changed)
        settings_file.write(workspace.settings_file, changed)
        names = []
        for section, values in changed.items():
            for name, value in values.items():
                names.append(f"{section}.{name}")
                State(workspace).note(actor, ACT, names[-1], before=before.get(section, {}).get(name), after=value)
    return names


def _need_allowed(changes: Values) -> None:
    """Raise UserError, which lists every value that is not allowed."""
    set_ = {section: {name: value for name, value in values.items() if value is not None} for section, values in changes.items()}
    if found := settings_file.problems(set_):
        raise UserError(
            found=sentences(*found.values()),
            expected=msg("Each setting has an allowed value."),
            to_do=msg("Correct it and save again. Nothing has been saved."),
        )
