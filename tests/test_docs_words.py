"""What the docs say by the way is true: commands, targets, variables and links in a sentence."""

from __future__ import annotations

import json
import re
import shlex

import pytest
from commands import command, wait_here
from jsonschema import Draft202012Validator
from pages import examples
from support import ROOT

from jina_tel import schema
from jina_tel.cli import manual, parser
from jina_tel.jina import JINA
from jina_tel.transports.base import Body
from jina_tel.transports.http import HttpTransport

PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
SAID = re.compile(r"(?<!`)`(?!`)([^`\n]+)`(?!`)")
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
VARIABLE = re.compile(r"\b(?:[A-Z]+_)+(?:TELEMETRY|TRACK|ENDPOINT|TOKEN|HOME|DEBUG|TESTING)\b")
OF_A_PRODUCT = re.compile(r"^(ACME|MY_LIB|<PRODUCT>)_")


def id_of(path):
    return str(path.relative_to(ROOT))


def said(path):
    return SAID.findall(path.read_text("utf-8"))


@pytest.mark.parametrize("path", PAGES, ids=id_of)
def test_every_command_in_a_sentence_is_one(path):
    for words in (shlex.split(one) for one in said(path) if re.match(r"(sudo )?jina-tel\b", one)):
        arguments = words[words.index("jina-tel") + 1 :]
        if len(arguments) > 1:
            assert parser.parse(arguments)
        elif arguments:
            assert arguments[0] in parser.commands_of(parser.build())


@pytest.mark.parametrize("path", PAGES, ids=id_of)
def test_every_target_in_a_sentence_is_one(path):
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in (one.split()[1] for one in said(path) if one.startswith("make ")):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("path", PAGES, ids=id_of)
def test_every_variable_is_one(path):
    told = dict((*manual.VARIABLES, *manual.FURTHER))
    known = {name for names in told for name in names.split(", ")}
    named = {OF_A_PRODUCT.sub("JINA_", one) for one in VARIABLE.findall(path.read_text("utf-8"))}

    assert set() == named - known


@pytest.mark.parametrize("path", PAGES, ids=id_of)
def test_every_link_leads_to_a_file(path):
    for target in LINK.findall(path.read_text("utf-8")):
        assert target.startswith("https://") or (path.parent / target).exists(), target


def blocks(language):
    return [
        pytest.param(example.text, id=id_of(path))
        for path in PAGES
        for example in examples(path.read_text("utf-8"))
        if example.kind == language
    ]


@pytest.mark.parametrize("text", blocks("json"))
def test_every_line_that_is_shown_could_have_left(text):
    Draft202012Validator(schema.json_schema([JINA.settings])).validate(json.loads(text))


@pytest.mark.parametrize("text", blocks("http"))
def test_every_request_that_is_shown_has_the_head_that_leaves(text):
    transport = HttpTransport("https://telemetry.acme.example/v1/events", "token")
    head = transport.request(Body(0, b"", b"")).decode().split("\r\n")[:-2]
    of_one_request = re.compile(r"(?<=Content-Length: ).*|(?<=Bearer ).*")

    assert [of_one_request.sub("", line) for line in head] == [
        of_one_request.sub("", line) for line in text.splitlines()
    ]


def test_the_command_line_says_where_things_are():
    """What its texts call <config> and <state>, ``status`` names."""
    journal = wait_here(1)

    assert journal.folder.rpartition("/")[0] in command("status").out
