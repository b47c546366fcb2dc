"""``decide``: the design's table, row by row, and what no order of things may change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jina_tel.consent import Answer, Consent, decide, readable, variables_say
from jina_tel.settings import Settings

JINA = Settings("jina", endpoint="https://a.example")
NOWHERE = Settings("jina")
OFF, ON = Answer("off", "/s", "2026-01-31"), Answer("on", "/s", "2026-01-31")
TORN = Answer("unreadable", "/s")

# settings, variables, the administrators' answer, the user's: allowed, because
TABLE = [
    # 1. the product's own variable, whenever it is present
    (JINA, {"JINA_OPTOUT_TELEMETRY": "1"}, None, ON, False, "JINA_OPTOUT_TELEMETRY is set"),
    (JINA, {"JINA_OPTOUT_TELEMETRY": "0"}, None, ON, False, "JINA_OPTOUT_TELEMETRY is set"),
    (JINA, {"JINA_OPTOUT_TELEMETRY": ""}, None, ON, False, "JINA_OPTOUT_TELEMETRY is set"),
    (JINA, {"JINA_OPTOUT_TELEMETRY": "false"}, None, ON, False, "JINA_OPTOUT_TELEMETRY is set"),
    (JINA, {"ACME_OPTOUT_TELEMETRY": "1"}, None, None, True, "nothing says no"),
    # 2. DO_NOT_TRACK
    (JINA, {"DO_NOT_TRACK": "1"}, None, ON, False, "DO_NOT_TRACK is set"),
    (JINA, {"DO_NOT_TRACK": "true"}, None, ON, False, "DO_NOT_TRACK is set"),
    (JINA, {"DO_NOT_TRACK": "please"}, None, ON, False, "DO_NOT_TRACK is set"),
    (JINA, {"DO_NOT_TRACK": "0"}, None, None, True, "nothing says no"),
    # 3. an administrator's file
    (JINA, {}, OFF, ON, False, "the site's administrator in /s is off, since 2026-01-31"),
    (JINA, {}, TORN, ON, False, "the site's administrator in /s cannot be read, and counts as off"),
    (JINA, {}, ON, None, True, "nothing says no"),
    (JINA, {}, ON, OFF, False, "the stored answer in /s is off, since 2026-01-31"),
    # 4. the user's stored answer
    (JINA, {}, None, OFF, False, "the stored answer in /s is off, since 2026-01-31"),
    (JINA, {}, None, Answer("off", "/s"), False, "the stored answer in /s is off"),
    (JINA, {}, None, TORN, False, "the stored answer in /s cannot be read, and counts as off"),
    (JINA, {}, None, ON, True, "the stored answer in /s is on, since 2026-01-31"),
    # 5. no endpoint
    (NOWHERE, {}, None, ON, False, "no endpoint is configured (JINA_TEL_ENDPOINT would set one)"),
    (JINA, {"JINA_TEL_ENDPOINT": ""}, None, ON, False, "no endpoint is configured"),
    (JINA, {"JINA_TEL_ENDPOINT": "x"}, None, ON, False, "JINA_TEL_ENDPOINT holds no address"),
    (NOWHERE, {"JINA_TEL_ENDPOINT": "memory:"}, None, None, True, "nothing says no"),
    # 6. otherwise
    (JINA, {}, None, None, True, "nothing says no"),
]


@pytest.mark.parametrize(("settings", "environ", "site", "stored", "allowed", "because"), TABLE)
def test_the_first_rule_that_answers_decides(settings, environ, site, stored, allowed, because):
    consent = decide(settings, environ, site, stored)

    assert allowed == consent.allowed
    assert consent.because.startswith(because)


RULES = [  # one no a rule, in the order of the rules
    ({"JINA_OPTOUT_TELEMETRY": "0"}, None, None, "JINA_OPTOUT_TELEMETRY"),
    ({"DO_NOT_TRACK": "1"}, None, None, "DO_NOT_TRACK"),
    ({}, Answer("off", "/site"), None, "/site"),
    ({}, None, Answer("off", "/user"), "/user"),
    ({"JINA_TEL_ENDPOINT": ""}, None, None, "no endpoint"),
]


@pytest.mark.parametrize("first", range(len(RULES)))
def test_of_several_noes_the_first_is_the_reason(first):
    environ, site, stored = {}, None, None
    for more, an_administrator_s, a_user_s, _ in RULES[first:]:
        environ = {**environ, **more}
        site, stored = site or an_administrator_s, stored or a_user_s

    assert RULES[first][3] in decide(JINA, environ, site, stored).because


def cases(word):
    """Return every way to write ``word`` in capitals and small letters."""
    return (
        {""} if not word else {a + b for a in (word[0], word[0].upper()) for b in cases(word[1:])}
    )


NO_NO = sorted(way for word in ("", "0", "false", "no", "off") for way in cases(word))


@pytest.mark.parametrize("value", [*NO_NO, " ", " 0 ", "\toff\n"])
def test_do_not_track_can_say_that_it_says_nothing(value):
    assert variables_say(JINA, {"DO_NOT_TRACK": value}) is None


@given(st.text().filter(lambda text: text.strip().lower() not in NO_NO))
def test_do_not_track_says_no_with_any_other_text(value):
    assert Consent(False, "DO_NOT_TRACK is set") == variables_say(JINA, {"DO_NOT_TRACK": value})


SAID = st.sampled_from([None, ON, OFF, TORN])
NOISE = st.dictionaries(st.text(), st.text())
NOES = st.one_of(
    st.text().map(lambda value: {"JINA_OPTOUT_TELEMETRY": value}),
    st.sampled_from(["1", "true", "YES", "on", "x"]).map(lambda value: {"DO_NOT_TRACK": value}),
)


@given(no=NOES, site=SAID, stored=SAID, noise=NOISE, settings=st.sampled_from([JINA, NOWHERE]))
def test_a_variable_s_no_wins_over_everything(no, site, stored, noise, settings):
    assert not decide(settings, {**noise, **no}, site, stored).allowed


@given(site=SAID, stored=SAID, noise=NOISE)
def test_a_stored_no_wins_over_every_yes(site, stored, noise):
    noes = [answer for answer in (site, stored) if answer in (OFF, TORN)]

    assert not (noes and decide(JINA, noise, site, stored).allowed)


@given(site=SAID, stored=SAID, noise=NOISE)
def test_nothing_is_allowed_without_an_endpoint(site, stored, noise):
    noise.pop("JINA_TEL_ENDPOINT", None)
    noise.pop("JINA_TEL_TESTING", None)

    assert not decide(NOWHERE, noise, site, stored).allowed


@given(says=st.text(), where=st.sampled_from(["site", "stored"]))
def test_an_answer_of_no_known_word_is_a_no(says, where):
    consent = decide(JINA, {}, **{where: Answer(says, "/s")})

    assert (says == "on") == consent.allowed


def test_consents_are_values():
    yes = Consent(True, "nothing says no")

    assert yes == decide(JINA, {})
    assert {yes} == {yes, decide(JINA, {})}
    assert yes != Consent(False, "nothing says no")
    assert yes != "nothing says no"
    assert "Consent(allowed=True, because='nothing says no')" == repr(yes)
    assert "Answer('off', '/s', '2026-01-31')" == repr(OFF)


READABLE = [
    ("2026-01-31T12:00:00Z", "2026-01-31 12:00:00 UTC"),
    ("2026-01-31T12:00:00.123456Z", "2026-01-31 12:00:00 UTC"),
    ("2026-01-31", "2026-01-31"),
    ("", ""),
    ("T" * 20, "T" * 20),
]


@pytest.mark.parametrize(("at", "expected"), READABLE)
def test_people_are_told_a_moment_to_the_second(at, expected):
    assert expected == readable(at)
