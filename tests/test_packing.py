"""What is packed the quick way is what is packed line by line."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jina_tel import packing, plain_json
from jina_tel.event import Writer
from jina_tel.jina import JINA
from jina_tel.packing import Packer

AT = 1_770_000_000.0
FACTS = (
    '"architecture":"x86_64","jina":"3.7.13","python":"3.11.7",'
    '"platform-version":"#1 100% \\"SMP\\" \\\\u007f \\u007e"'
)
TAIL = f'"product":"jina","v":1,"payload":{{"event":"Flow.start",{FACTS}}}'


def packer():
    return Packer(JINA.settings, 5, kept=True, held_back={"python"})


def line(own="5b2c-1f", time="2026-01-31T12:00:00.123456Z", tail=TAIL):
    return f'{{"id":"{own}","time":"{time}",{tail}}}\n'.encode()


def one_by_one(lines):
    """Return the body and the reasons of packers that know of no line before."""
    ndjson, reasons = b"", {}
    for one in lines:
        body, left_out = packer().pack([one], AT)
        ndjson += body.content
        for reason, number in left_out.items():
            reasons[reason] = reasons.get(reason, 0) + number
    return ndjson, reasons


IDS = st.sampled_from(["5b2c-1f", "0", "a" * 64, "a" * 65, "A", "%s"])
TIMES = st.sampled_from(
    [
        *("2026-01-31T12:00:00.123456Z", "2026-01-31T12:00:01Z", "1999-01-31T12:00:00.123456Z"),
        *("9999-99-99T99:99:99Z", "2026-01-31T12:00:00.1Z", "2026-01-31 12:00:00Z"),
    ]
)
TAILS = st.sampled_from(
    [
        TAIL,
        TAIL.replace("Flow", "Gateway"),
        TAIL.replace('"v":1', '"v":1,"kept":false'),
        TAIL.replace('"v":1', '"v":2'),
        TAIL.replace("x86_64", "%s%%(a)s"),
        TAIL.replace("3.7.13", "john's"),
        f'{TAIL},"id":"other"',
        f'{TAIL},"time":"2026-02-01T12:00:00Z"',
        f'{TAIL},"payload":{{}}',
        f'{TAIL},"payload":{{"event":"Other.start"}}',
        '"product":"jina","v":1,"lost":{"too_many":3}',
        '"product":"jina","v":1,"lost":{}',
        f'"product":"acme",{TAIL}',
        TAIL[:-9],
        "",
    ]
)
LINES = st.builds(line, IDS, TIMES, TAILS) | st.binary(max_size=9).map(b"\n".__add__)


def behind_a_good_one(text):
    """Return lines of which the first is known by the time the second is packed."""
    return [line(), text.encode()]


OTHER_FORMS = [
    line(own="MY NAME").decode(),
    line(own="a" * 65).decode(),
    line(own="%s").decode(),
    line(time="SECRET TEXT").decode(),
    line(time="2026-01-31T12:00:00.123456").decode(),
    line(time="1999-01-31T12:00:00.123456Z").decode(),
    line().decode().replace('"time"', '"tame"'),
    line().decode().replace('"id"', '"ad"'),
    line().decode().replace("{", "[", 1),
    line().decode().replace('":"', '":["', 1),
    line().decode()[:-2] + "\n",
    line().decode().rstrip("\n"),
]


@pytest.mark.parametrize("text", OTHER_FORMS)
def test_a_line_of_another_form_is_not_taken_for_one_that_is_known(text):
    lines = behind_a_good_one(text)
    body, left_out = packer().pack(lines, AT)

    assert one_by_one(lines) == (body.content, left_out)


def test_what_a_line_says_twice_is_not_learned_of_it():
    """The second id holds for that line alone."""
    lines = [line("5b", tail=f'{TAIL},"id":"5c"'), line("5d", tail=f'{TAIL},"id":"5c"')]
    body, _ = packer().pack(lines, AT)

    assert ["5c", "5c"] == [sent["id"] for sent in body.lines()]


def test_so_many_kinds_of_lines_are_remembered(monkeypatch):
    monkeypatch.setattr(packing, "_MOST_KNOWN", 2)
    one = packer()
    one.pack([line(tail=TAIL.replace("Flow", name)) for name in ("Aa", "Bb", "Cc")], AT)

    assert 1 == len(one._known)


@given(st.lists(LINES, max_size=12))
@example([line(), line("5b2c-20"), line("5b2c-21", tail=TAIL.replace("Flow", "Gateway"))])
def test_what_is_known_of_a_line_changes_nothing(lines):
    body, left_out = packer().pack(lines, AT)

    assert one_by_one(lines) == (body.content, left_out)
    assert len(body.lines()) == body.line_count
    assert [sent["lost"] for sent in body.lines() if "lost" in sent] == [*body.losses]


def test_a_line_like_the_one_before_is_not_worked_out(monkeypatch):
    quick = packer()
    quick.pack([line()], AT)
    monkeypatch.setattr(plain_json, "loads", None)
    body, _ = quick.pack([line("5b2c-20")], AT)
    monkeypatch.undo()

    [sent] = body.lines()

    assert ("5b2c-20", "Flow.start") == (sent["id"], sent["payload"]["event"])


def test_a_writer_s_lines_are_of_that_kind(monkeypatch):
    writer = Writer("jina", FACTS, kept=False)
    lines = [writer.event("Flow.start", AT).strip() + b"\n" for _ in range(2)]
    quick = packer()
    quick.pack(lines[:1], AT)
    monkeypatch.setattr(plain_json, "loads", None)

    assert 1 == quick.pack(lines[1:], AT)[0].line_count
