"""The OpenAPI document: it is one, and what it says is what is answered."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from jina_tel import schema
from jina_tel.collector.openapi import document, for_people
from jina_tel.jina import JINA

HERE = Path(__file__).resolve().parent
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "50")


def test_every_path_that_takes_or_answers_data_is_described(collector):
    described = collector.ask("GET", "/openapi.json").json["paths"]

    assert {"/v1/events", "/v1/logs", "/v1/forget", "/healthz", "/metrics"} == set(described)


def test_there_is_a_page_that_says_it_to_people(collector):
    text = collector.ask("GET", "/openapi").body.decode()

    assert "<h2>POST /v1/events</h2>" in text
    assert "Nothing was kept, and the error says why." in text


def test_the_page_for_people_marks_code_and_no_text_becomes_markup():
    answer = {"description": "Not <b> but `a < b` and ``."}
    operation = {"summary": "Ask.", "responses": {"200": answer}}
    content = {"components": {"responses": {}}, "paths": {"/x": {"get": operation}}}
    page = for_people(content)

    assert '<td class="text">Not &lt;b&gt; but <code>a &lt; b</code> and ``.</td>' in page


def test_the_page_for_people_shows_no_backtick():
    assert "`" not in for_people(document([schema.json_schema([JINA.settings])]))


def test_its_lines_are_those_of_the_schema(collector):
    components = collector.ask("GET", "/openapi.json").json["components"]["schemas"]

    assert {"$ref": "#/components/schemas/jina.event"} in components["Line"]["oneOf"]
    for component in components.values():
        Draft202012Validator.check_schema(component)


# Any record is of a good form, but the facts that a product's event must have are none of OTLP's.
LOGS = ("--include-path", "/v1/logs", "--exclude-checks", "positive_data_acceptance")
OTHERS = ("--exclude-path", "/v1/logs")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("which", [LOGS, OTHERS], ids=["logs", "others"])
def test_schemathesis_finds_nothing(collector, which):
    """Requests made from the document, good ones and bad ones; each answer is as it says."""
    address = collector.url.replace("/v1/events", "/openapi.json")
    program = Path(sysconfig.get_path("scripts"), "schemathesis")
    done = subprocess.run(
        [program, "run", address, "--max-examples", EXAMPLES, "--no-color", *which],
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": "schemathesis_hooks",
            "PYTHONPATH": str(HERE),
        },
        cwd=collector.store.parent,
        capture_output=True,
        text=True,
    )

    assert 0 == done.returncode, done.stdout
    told = collector.stop().splitlines()  # of fields that no schema has

    assert [] == [one for one in told if not one.startswith("refused ")]
