"""The maintainer's questions, answered: for the page, the report and every file alike."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..store import queries
from ..store.base import Answer, Store
from .filters import Filters, monday
from .folding import Groups, enough, folded, grouped, version_key
from .tables import Cell, Column, Table, shown

NAMED_VERSIONS = 5
LEAST_SHARE = 0.005  # a version that one client has made up is not the newest
COHORTS, FOLLOWED = 12, 12
OTHERS = "fewer than {k} installs each"
OLDER = "older"
PEOPLE_COLUMN = 1  # of the weekly answer
STARTS, FAILURES = ".start", ".failed"
CHANGE = Column("12 weeks", "change")
WORST, ENOUGH_STARTS = 3, 50  # versions that are named, and what they must have been started
Rows = list[tuple[Cell, ...]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A view of a store.

    Attributes:
        store: answers the questions.
        filters: what is asked for.
        fewest: the fewest installs that are shown as a group of their own.
    """

    store: Store
    filters: Filters
    fewest: int = 1

    def rows(self, text: str) -> Answer:
        """Answer one question."""
        return self.store.rows(text, self.filters.parameters())

    @property
    def weeks(self) -> range:
        """The weeks that are shown."""
        return range(self.filters.since, self.filters.until + 1)

    @property
    def others(self) -> str:
        """What the groups are called that are too small."""
        return OTHERS.format(k=self.fewest)


def weekly(asked: Asked) -> Table:
    """Return who was active in which week."""
    found: dict[tuple[int, str], int] = {(w, who): n for w, who, n in asked.rows(queries.WEEKLY)}
    rows: Rows = [
        (
            monday(week),
            *(enough(found.get((week, who), 0), asked.fewest) for who in ("people", "ci", "passing")),
        )
        for week in asked.weeks
    ]
    return Table(
        "weekly",
        "Weekly active installs",
        "How many use it, and is it growing?",
        (Column("week", "week"), Column("people"), Column("CI runs"), Column("passing runs")),
        rows,
        "People: installs that keep their id. A CI run has an id of its own, and so has a run that "
        "passes in a container or a home that cannot be written; neither is an install.",
    )


def versions(asked: Asked) -> Table:
    """Return how many installs were on which version in which week."""
    weeks: defaultdict[int, Groups] = defaultdict(Counter)
    for week, version, number in asked.rows(queries.ADOPTION):
        weeks[week][shown(version)] += number
    named = newest(weeks, asked.fewest)
    rows: Rows = []
    for week in asked.weeks:
        known = [enough(weeks[week][version], asked.fewest) for version in named]
        rest = sum(weeks[week].values()) - sum(weeks[week][version] for version in named)
        rows.append((monday(week), *known, enough(rest, asked.fewest)))
    return Table(
        "versions",
        "Version adoption",
        "How fast do releases reach people?",
        (Column("week", "week"), *map(Column, named), Column(OLDER)),
        rows,
        f"Installs by the version that they used last in a week; the {NAMED_VERSIONS} newest "
        "versions by name.",
    )


def newest(weeks: Mapping[int, Groups], fewest: int) -> list[str]:
    """Return the newest versions that are in use, the newest first."""
    peak: Counter[str] = Counter()
    for groups in weeks.values():
        least = max(fewest, LEAST_SHARE * sum(groups.values()))
        peak |= Counter({version: n for version, n in groups.items() if n >= least})
    return sorted(peak, key=version_key, reverse=True)[:NAMED_VERSIONS]


def _breakdown(
    asked: Asked, index: int, name: str, title: str, question: str, *, by_version: bool = False
) -> Table:
    """Return the installs of the last whole week by one of their facts."""
    now, before = _two_weeks(asked, index)
    kept, rest = folded(now, asked.fewest)
    total = sum(now.values())
    order = sorted(kept, key=version_key, reverse=True) if by_version else _largest_first(kept)
    rows: Rows = [
        (group, kept[group], kept[group] / total, _change(group, now, before, asked.fewest))
        for group in order
    ]
    if rest != 0:
        rows.append((asked.others, rest, None if rest is None else rest / total, None))
    columns = (Column(name, "text"), Column("installs"), Column("share", "share"), CHANGE)
    if by_version:
        columns, rows = (*columns, Column("and older", "share")), _with_older(rows)
    note = (
        f"Installs that were active in the week of {_day(asked.filters.week)}; the change is in "
        "percentage points, against 12 weeks earlier."
    )
    return Table(title.lower(), title, question, columns, rows, note)


def _largest_first(groups: Groups) -> list[str]:
    return sorted(groups, key=lambda group: (-groups[group], group))


def _change(group: str, now: Groups, before: Groups, fewest: int) -> float | None:
    """Return by how much a group's share has grown; None where it is not known."""
    total, total_before = sum(now.values()), sum(before.values())
    if not total_before or 0 < before[group] < fewest:
        return None
    return now[group] / total - before[group] / total_before


def _with_older(rows: Rows) -> Rows:
    """Return the rows with the share of each and all that stand below it."""
    beneath, whole = 0.0, []
    for row in reversed(rows):
        beneath += float(row[2]) if isinstance(row[2], float) else 0.0
        whole.append((*row, beneath))
    return whole[::-1]


def _day(week: int) -> str:
    return f"{monday(week):%-d %B %Y}"


def _two_weeks(asked: Asked, index: int) -> tuple[Groups, Groups]:
    """Return the groups of the last whole week, and those of twelve weeks earlier."""
    found = asked.rows(queries.ENVIRONMENTS)
    wanted = [row for row in found if asked.filters.ci == "in" or row[1] == "people"]
    parameters = asked.filters.parameters()
    now, before = (
        grouped((row[index], row[-1]) for row in wanted if row[0] == parameters[week])
        for week in ("week", "before")
    )
    return now, before


def pythons(asked: Asked) -> Table:
    """Return the installs by version of Python."""
    question = "Which versions can be dropped?"
    return _breakdown(asked, 2, "version", "Python", question, by_version=True)


def platforms(asked: Asked) -> Table:
    """Return the installs by operating system."""
    return _breakdown(asked, 3, "system", "Platform", "Which systems matter?")


def architectures(asked: Asked) -> Table:
    """Return the installs by architecture."""
    question = "Which wheels are worth building?"
    return _breakdown(asked, 4, "machine", "Architecture", question)


def events(asked: Asked) -> Table:
    """Return the events by name."""
    starts, installs, most = _events(asked)
    shown_names = [name for name, _ in starts.most_common() if most[name] >= asked.fewest]
    total = sum(starts.values())
    rows: Rows = [
        (name, starts[name], starts[name] / total, enough(installs[name], asked.fewest))
        for name in shown_names
    ]
    rest = total - sum(starts[name] for name in shown_names)
    if rest:
        rows.append((asked.others, rest, rest / total, None))
    return Table(
        "events",
        "Events",
        "What is used, and by how many?",
        (Column("event", "text"), Column("events"), Column("share", "share"), Column("installs")),
        rows,
        f"Events of {asked.filters.weeks} weeks; installs of the week of "
        f"{_day(asked.filters.week)} (one that was upgraded in it counts twice).",
    )


def _events(asked: Asked) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Return of each event how often it came, from how many, and the most in one group."""
    starts: Counter[str] = Counter()
    installs: Counter[str] = Counter()
    most: Counter[str] = Counter()
    for event, week, number, by, largest in asked.rows(queries.EVENTS):
        name = shown(event)
        starts[name] += number
        most[name] = max(most[name], largest)
        if week == asked.filters.week:
            installs[name] += by
    return starts, installs, most


def failures(asked: Asked) -> Table:
    """Return how many starts failed, where failures are sent, and in which versions the most."""
    started, failed = _outcomes(asked)
    rows: Rows = []
    for name in sorted({name for name, _ in failed}):
        of_name = [
            (version, started[name, version], failed[name, version])
            for version in {version for known, version in (*started, *failed) if known == name}
        ]
        rows.append(_rate(name, "all", sum(s for _, s, _ in of_name), sum(f for *_, f in of_name)))
        each = [_rate(name, v, s, f) for v, s, f in of_name if f and s >= ENOUGH_STARTS]
        rows += sorted(each, key=lambda row: (-float(row[4] or 0), str(row[1])))[:WORST]
    return Table(
        "failures",
        "Starts that failed",
        "What breaks, and since when?",
        (*(Column(name, "text") for name in ("class", "version")), *FAILURE_COLUMNS),
        rows,
        f"The {WORST} versions that fail most often. Only what is declared with failures=True "
        "sends this: that it failed, never how.",
    )


FAILURE_COLUMNS = (Column("started"), Column("failed"), Column("rate", "share"))


def _outcomes(asked: Asked) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]:
    """Return how often each class of each version started, and how often it failed."""
    started: Counter[tuple[str, str]] = Counter()
    failed: Counter[tuple[str, str]] = Counter()
    for event, version, number, most in asked.rows(queries.OUTCOMES):
        for ending, counts in ((STARTS, started), (FAILURES, failed)):
            if event.endswith(ending) and most >= asked.fewest:
                counts[shown(event.removesuffix(ending)), shown(version)] += number
    return started, failed


def _rate(name: str, version: str, started: int, failed: int) -> tuple[Cell, ...]:
    return name, version, started, failed, failed / (started + failed)


def retention(asked: Asked) -> Table:
    """Return which share of each week's new installs came back; None for weeks to come."""
    cohorts: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for cohort, week, number in asked.rows(queries.RETENTION):
        cohorts[cohort][week - cohort] += number
    last = min(asked.filters.until, asked.filters.now - 1)
    shown_cohorts = [week for week in asked.weeks if week <= last][-COHORTS:]
    rows: Rows = []
    for cohort in shown_cohorts:
        size = cohorts[cohort][0]
        reached = [cohort + age <= last for age in range(1, FOLLOWED + 1)]
        known = size > 0 and size >= asked.fewest
        shares = [
            cohorts[cohort][age] / size if known and is_reached else None
            for age, is_reached in enumerate(reached, 1)
        ]
        rows.append((monday(cohort), enough(size, asked.fewest), *shares))
    ages = (Column(f"week {age}", "share") for age in range(1, FOLLOWED + 1))
    return Table(
        "retention",
        "Weekly retention",
        "Do new installs stay?",
        (Column("first week", "week"), Column("installs"), *ages),
        rows,
        "Of the installs that were first seen in a week, the share that was active so many weeks "
        "later. Weeks that have not ended are blank. For all versions.",
    )


def vendors(asked: Asked) -> Table:
    """Return the CI runs by vendor."""
    found = asked.rows(queries.ENVIRONMENTS)
    of_ci = [row for row in found if row[1] == "ci" and row[0] == asked.filters.week]
    groups = grouped((row[5], row[-1]) for row in of_ci)
    kept, rest = folded(groups, asked.fewest)
    total = sum(groups.values())
    rows: Rows = [(name, n, n / total) for name, n in kept.most_common()]
    if rest != 0:
        rows.append((asked.others, rest, None if rest is None else rest / total))
    return Table(
        "vendors",
        "CI vendors",
        "Where is it tested?",
        (Column("vendor", "text"), Column("runs"), Column("share", "share")),
        rows,
        f"CI runs of the week of {_day(asked.filters.week)}.",
    )


def health(asked: Asked) -> Table:
    """Return what came in, what did not, and how late."""
    sums = asked.rows(queries.INTAKE)
    accepted, duplicate, *ages = (int(number or 0) for number in (sums[0] if sums else [0] * 6))
    lost: dict[str, int] = {shown(reason): int(n) for reason, n in asked.rows(queries.LOSSES)}
    came = accepted + duplicate
    rows: Rows = [
        ("accepted", accepted, accepted / came if came else None),
        ("duplicate", duplicate, duplicate / came if came else None),
        ("rejected", lost.pop("rejected", 0), None),
    ]
    names = ("within a minute", "within an hour", "within a day", "later")
    rows += [
        (f"came {name}", number, number / accepted if accepted else None)
        for name, number in zip(names, ages, strict=True)
    ]
    rows += [(f"lost: {reason.replace('_', ' ')}", n, None) for reason, n in lost.items()]
    return Table(
        "health",
        "Health of ingest",
        "Is what is shown here all there is?",
        (Column("measure", "text"), Column("events"), Column("share", "share")),
        rows,
        "By the day on which they came, for all versions. A duplicate was sent again and counted "
        "once; lost is what the clients' own ledgers say.",
    )


QUESTIONS: dict[str, Callable[[Asked], Table]] = {
    "weekly": weekly,
    "versions": versions,
    "python": pythons,
    "platform": platforms,
    "architecture": architectures,
    "events": events,
    "failures": failures,
    "retention": retention,
    "vendors": vendors,
    "health": health,
}


def all_of(asked: Asked) -> dict[str, Table]:
    """Return every answer, in the order in which they are asked."""
    return {name: question(asked) for name, question in QUESTIONS.items()}
