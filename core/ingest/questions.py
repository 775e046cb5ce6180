"""What an import is not sure of: each question with its proposal, what hangs on it, and the flag that answers it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from core.messages import Message, msg

MATTERS = 0.005  # a share of orders, units or money: answers that differ by less are told as a note


@dataclass(frozen=True)
class Question:
    """One thing that the files cannot say.

    flag and name  the command-line flag and what it is about: "--state" and "Partially paid"; name is "" where a shop has only one answer
    proposal       the value that is taken if the person agrees
    choices        each value that may be answered, with its words; empty where any text may be
    about          the question, and why the program is not sure
    rows           of the file, that hang on it
    share          the largest share of the file's orders, units or money by which the answers differ, 0 to 1
    persons        whether an answer could bring data about persons into the warehouse
    """

    flag: str
    name: str
    proposal: str
    choices: tuple[tuple[str, Message], ...]
    about: Message
    file: str
    rows: int = 0
    share: float = 1.0
    persons: bool = False

    @property
    def key(self) -> str:
        """Return what an answer is remembered under."""
        return f"{self.flag} {self.name}".strip()

    @property
    def matters(self) -> bool:
        """Return whether it must be answered before anything is stored."""
        return self.persons or self.share > MATTERS

    def argument(self, value: str | None = None) -> str:
        """Return what to type on the command line to answer with a value (default: the proposal; dots where there is none).

        >>> Question("--state", "Partially paid", "sale", (), "", "orders.csv").argument()
        "--state 'Partially paid=sale'"
        """
        answer = (self.proposal or "...") if value is None else value
        return f"{self.flag} {shlex.quote(f'{self.name}={answer}' if self.name else answer)}"


Answers = dict[str, str]  # the key of a question -> the value answered


def open_questions(questions: list[Question], answers: Answers) -> list[Question]:
    """Return those that matter and that nobody has answered."""
    return [q for q in questions if q.matters and q.key not in answers]


def question_line(question: Question, answers: Answers) -> Message:
    """Return a question as a line of the report: open with its flag, answered, or as a note."""
    values = {"about": question.about, "answer": answers.get(question.key, question.proposal), "flag": question.argument()}
    if question.key in answers:
        return msg("Answered: {about} {answer}", **values)
    if question.matters:
        return msg("Question: {about} Answer with {flag}", **values)
    others = [value for value, _ in question.choices if value != question.proposal]
    change = question.argument(others[0]) if len(others) == 1 else values["flag"]
    return msg("Note: {about} To change it: {flag}", **values | {"flag": change})


def question_record(question: Question, answers: Answers) -> dict:
    """Return a question ready for JSON, with the answer known for it."""
    return {
        "key": question.key,
        "flag": question.flag,
        "name": question.name,
        "proposal": question.proposal,
        "choices": [[value, words.as_dict()] for value, words in question.choices],
        "about": question.about.as_dict(),
        "text": str(question.about),
        "file": question.file,
        "rows": question.rows,
        "share": question.share,
        "persons": question.persons,
        "matters": question.matters,
        "answer": answers.get(question.key),
        "argument": question.argument(),
    }
