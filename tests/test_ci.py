"""``ci`` against the published list of ci-info 4.5.0, which lies in ``data`` unchanged."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jina_tel.ci
from jina_tel.ci import is_ci, vendor

VENDORS = json.loads((Path(__file__).parent / "data" / "ci-vendors.json").read_text("utf-8"))
GENERIC = [
    "BUILD_ID",
    "BUILD_NUMBER",
    "CI",
    "CI_APP_ID",
    "CI_BUILD_ID",
    "CI_BUILD_NUMBER",
    "CI_NAME",
    "CONTINUOUS_INTEGRATION",
    "RUN_ID",
]


def positives(rule):
    """Return environments that this rule of the list must match, one for each way to match it."""
    if isinstance(rule, str):
        return [{rule: "1"}, {rule: "false"}, {rule: "0"}]
    if isinstance(rule, list):
        return [dict.fromkeys(rule, "1")]
    if "any" in rule:
        return [{name: "1"} for name in rule["any"]] + [dict.fromkeys(rule["any"], "1")]
    if "includes" in rule:
        return [{rule["env"]: rule["includes"]}, {rule["env"]: f"/before{rule['includes']}-after"}]
    return [rule]


def negatives(rule):
    """Return environments that come near, and must not match."""
    if isinstance(rule, str):
        return [{rule: ""}, {rule + "_": "1"}, {rule.swapcase(): "1"}]
    if isinstance(rule, list):
        lacking = [{name: "1" for name in rule if name != gone} for gone in rule]
        return lacking + [{**dict.fromkeys(rule, "1"), empty: ""} for empty in rule]
    if "any" in rule:
        return [dict.fromkeys(rule["any"], "")]
    if "includes" in rule:
        return [{rule["env"]: rule["includes"][1:]}, {rule["env"]: ""}]
    return [{name: value + "x"} for name, value in rule.items()] + [dict.fromkeys(rule, "")]


def matches(rule, environ):
    """Say what ``checkEnv`` of ci-info's index.js says, written from it and from the list alone."""
    if isinstance(rule, str):
        return environ.get(rule, "") != ""
    if isinstance(rule, list):
        return all(matches(one, environ) for one in rule)
    if "env" in rule:
        return rule["includes"] in environ.get(rule["env"], "")
    if "any" in rule:
        return any(matches(one, environ) for one in rule["any"])
    return all(environ.get(name) == value for name, value in rule.items())


def expected_vendor(environ):
    names = [one["name"] for one in VENDORS if matches(one["env"], environ)]
    return names[-1] if names and environ.get("CI") != "false" else None


def cases(kind):
    return [
        pytest.param(one["name"], environ, id=f"{one['name']} {sorted(environ.items())}")
        for one in VENDORS
        for environ in kind(one["env"])
    ]


@pytest.mark.parametrize(("name", "environ"), cases(positives))
def test_a_vendor_is_known_by_its_variables(name, environ):
    assert name == vendor(environ)
    assert is_ci(environ)


@pytest.mark.parametrize(("name", "environ"), cases(negatives))
def test_a_vendor_is_not_taken_for_another(name, environ):
    assert vendor(environ) is None


@pytest.mark.parametrize(("name", "environ"), cases(positives))
def test_ci_false_wins(name, environ):
    assert vendor({**environ, "CI": "false"}) is None
    assert not is_ci({**environ, "CI": "false"})


@pytest.mark.parametrize("name", GENERIC)
def test_a_ci_without_a_name_is_a_ci(name):
    assert is_ci({name: "x"})
    assert vendor({name: "x"}) is None
    assert not is_ci({name: ""})


def test_the_last_of_several_wins():
    assert vendor({"TRAVIS": "1", "JENKINS_URL": "x", "BUILD_ID": "1"}) == "Travis CI"
    assert vendor({"GITHUB_ACTIONS": "true", "GITEA_ACTIONS": "true"}) == "GitHub Actions"


def test_an_empty_environment_is_no_ci():
    assert vendor({}) is None
    assert not is_ci({})


NAMES = sorted({name for one in VENDORS for environ in positives(one["env"]) for name in environ})
VALUES = [value for one in VENDORS for each in positives(one["env"]) for value in each.values()]
ENVIRONMENTS = st.dictionaries(
    st.sampled_from([*NAMES, *GENERIC]),
    st.one_of(st.sampled_from(["", "1", "true", "false", *sorted(set(VALUES))]), st.text()),
)


@settings(deadline=None)
@given(ENVIRONMENTS)
def test_any_environment_is_read_as_the_list_says(environ):
    assert expected_vendor(environ) == vendor(environ)


@settings(deadline=None)
@given(ENVIRONMENTS)
def test_it_is_a_ci_when_a_variable_or_a_vendor_says_so(environ):
    said = any(environ.get(name) for name in GENERIC) or expected_vendor(environ) is not None

    assert (said and environ.get("CI") != "false") == is_ci(environ)


def test_it_imports_nothing():
    program = (
        "import sys; before = set(sys.modules)\n"
        f"exec(compile(open({jina_tel.ci.__file__!r}, 'rb').read(), 'ci', 'exec'), {{}})\n"
        "print(sorted(set(sys.modules) - before - {'__future__'}))"
    )

    done = subprocess.run(
        [sys.executable, "-S", "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"
