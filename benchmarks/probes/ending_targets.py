"""What the endings say of their targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..candidates import Candidate
from ..tables import BARE, Verdict, at_most, middle, neighbours, ours, share_of

if TYPE_CHECKING:
    from .endings import Story

EXIT_SECONDS = 0.3  # what ours waits by default
WAKING_MS = 20.0  # from the end of a wait until the process runs
MOST_MS = 10.0


def verdicts(
    candidates: list[Candidate],
    added: dict[str, dict[str, float]],
    always: dict[str, bool],
    stories: dict[str, dict[str, list[Story]]],
) -> list[Verdict]:
    """Return the verdicts on each variant of ours."""
    delivering = [one.title for one in neighbours(candidates) if always[one.title]]
    found: list[Verdict] = []
    for one in ours(candidates):
        found += _answered(one, added, always, delivering)
        for word in ("hung", "closed"):
            base = stories[word][BARE]
            found += _unanswered(one.title, word, stories[word][one.title], base)
    return found


def _answered(
    one: Candidate,
    added: dict[str, dict[str, float]],
    always: dict[str, bool],
    delivering: list[str],
) -> list[Verdict]:
    found = [
        Verdict(
            f"one event, then the end ({one.title}), healthy and 200 ms away",
            "delivered",
            "always" if always[one.title] else "not always",
            always[one.title],
        )
    ]
    for name, figures in added.items():
        fastest = min(figures[title] for title in delivering)
        half = name.endswith("host") or share_of(one, 1.0, 0.5) < 1
        target = "half of the fastest neighbour that delivers" if half else "less than the fastest"
        bound = fastest / 2 if half else fastest
        measure = f"one event, then the end ({one.title}), {name}"
        found.append(at_most(measure, target, figures[one.title], bound, "s"))
    return found


def _unanswered(title: str, word: str, stories: list[Story], base: list[Story]) -> list[Verdict]:
    measure = f"one event, then the end ({title}), {word}"
    first, then = (_leaving(stories, base, which) for which in (0, 1))
    if word == "hung":
        bound = EXIT_SECONDS * 1000 + WAKING_MS
        at_first = at_most(f"{measure}, the first", "exit_seconds, 0.3 s", first, bound, "ms")
    else:
        at_first = at_most(f"{measure}, at exit", "10 ms", first, MOST_MS, "ms")
    return [
        at_first,
        at_most(f"{measure}, the next, at exit", "10 ms", then, MOST_MS, "ms"),
        _delivered(measure, "third", 3, min(story.by_third for story in stories)),
        _delivered(measure, "fourth, which goes on for a second", 4, _by_fourth(stories)),
    ]


def _leaving(stories: list[Story], base: list[Story], which: int) -> float:
    """Return the milliseconds from the end of the program to its end that ours adds."""

    def middle_of(some: list[Story]) -> float:
        return middle((story.first, story.next)[which].leaving for story in some)

    return (middle_of(stories) - middle_of(base)) * 1000


def _by_fourth(stories: list[Story]) -> float:
    return min(story.by_fourth for story in stories)


def _delivered(measure: str, when: str, wanted: int, found: float) -> Verdict:
    text = f"{found:.0f} of {wanted}"
    return Verdict(f"{measure}, delivered", f"all, after the {when}", text, found == wanted)
