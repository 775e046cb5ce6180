"""Files that an import skips, by a person's answer or because they match no table, and the answer that changes it."""

from __future__ import annotations

from core.errors import UserError
from core.ingest.names import listed
from core.ingest.questions import Answers, Question
from core.messages import msg, sentences

LEAVE_OUT = "--leave-out"  # the flag that says whether a file is read
YES, NO = "yes", "no"
CHOICES = ((YES, msg("skip it")), (NO, msg("read it")))
CHOSEN = msg("You chose to skip it.")


def answer(file: str, answers: Answers) -> str:
    """Return what a person said about a file; "" where nobody did."""
    return answers.get(f"{LEAVE_OUT} {file}", "")


def question(file: str, proposal: str = YES) -> Question:
    """Return the question whether a file is read. It opens nothing: a person may change what is proposed."""
    return Question(LEAVE_OUT, file, proposal, CHOICES, msg("Read {file} or skip it?", file=file), file, share=0.0)


def only_way_on(file: str) -> Question:
    """Return the question about a file that cannot be read and may hold sales: the import waits until it is left out."""
    about = msg("{file} cannot be read. Continue without it?", file=file)
    return Question(LEAVE_OUT, file, YES, CHOICES[:1], about, file)


def with_way_out(error: UserError, file: str) -> UserError:
    """Return the error with the flag that leaves its file out, for an import that has other files."""
    to_do = sentences(error.to_do, msg("Or skip it: {flag}.", flag=question(file).argument()))
    shown = UserError(error.expected, error.found, to_do)
    shown.ask = error.ask
    return shown


def refuse_unknown(given: Answers, files: list[str]) -> None:
    """Raise UserError for an answer about a file that the import does not have."""
    for key in given:
        flag, _, file = key.partition(" ")
        if flag == LEAVE_OUT and file not in files:
            raise UserError(
                found=msg("No file of the import is called {file}.", file=repr(file)),
                expected=msg("{flag} names one of the files: {files}.", flag=LEAVE_OUT, files=listed(files, 10)),
                to_do=msg("Correct the name."),
            )


def nothing_left() -> UserError:
    return UserError(
        found=msg("Every file of the import is skipped."),
        expected=msg("An import reads at least one file."),
        to_do=msg("Add a file, or read one of them with {flag}.", flag=f"{LEAVE_OUT} FILE={NO}"),
    )
