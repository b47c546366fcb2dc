"""Who sent it: random bytes alone, kept once, and the same for a whole tree of processes."""

from __future__ import annotations

import datetime
import hashlib
import multiprocessing.process
import os
import pickle
import re
import subprocess
import sys
import uuid

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import BARE, ROOT, files_below, mode_of, run

from jina_tel import identity
from jina_tel.identity import (
    kept_secret,
    load_secret,
    new_secret,
    secret_of_tree,
    session_id,
    tree,
    uid,
    uptime,
)

SECRETS = st.binary(min_size=32, max_size=32)
PRODUCTS = st.from_regex(r"[a-z][a-z0-9-]{0,15}", fullmatch=True)


@given(SECRETS, PRODUCTS)
def test_a_uid_is_the_top_53_bits_of_a_blake2b_of_the_secret(secret, product):
    digest = hashlib.blake2b(secret, digest_size=8, person=product.encode()).digest()

    assert int(digest.hex(), 16) // 2**11 == uid(secret, product)
    assert 0 <= uid(secret, product) < 2**53
    assert uid(secret, product) == float(uid(secret, product))


def test_a_known_secret_has_a_known_uid():
    assert 6851369133330052 == uid(bytes(range(32)), "jina")
    assert uid(bytes(range(32)), "jina") != uid(bytes(range(32)), "acme")


@given(st.text())
def test_a_session_id_is_a_uuid_of_version_8(event_id):
    text = session_id(event_id)
    read = uuid.UUID(text)

    assert text == str(read)
    assert (8, uuid.RFC_4122) == (read.version, read.variant)


@given(st.text())
def test_a_session_id_is_a_hash_of_the_event_s_id(event_id):
    digest = hashlib.blake2b(event_id.encode(), digest_size=16, person=b"session-id").digest()
    bits = f"{int(digest.hex(), 16):0128b}"
    expected = int(bits[:48] + "1000" + bits[52:64] + "10" + bits[66:], 2)

    assert expected == uuid.UUID(session_id(event_id)).int


def test_each_start_has_a_session_of_its_own():
    assert 1000 == len({session_id(f"0123-{number:x}") for number in range(1000)})


@given(st.floats(0, 4e9))
def test_uptime_is_iso_8601_in_utc_without_an_offset(at):
    read = datetime.datetime.fromisoformat(uptime(at))

    assert read.tzinfo is None
    assert abs(read.replace(tzinfo=datetime.timezone.utc).timestamp() - at) < 0.0001


def test_a_secret_is_made_once_and_kept(tmp_path):
    folder = tmp_path / "a" / "jina"
    secret = load_secret(str(folder))

    assert 32 == len(secret)
    assert [secret] * 2 == [load_secret(str(folder)), (folder / "uid").read_bytes()]
    assert {"a", "a/jina", "a/jina/uid"} == files_below(tmp_path)
    assert [0o700, 0o700, 0o600] == [mode_of(p) for p in (tmp_path / "a", folder, folder / "uid")]


def test_a_secret_can_be_looked_for_without_making_one(tmp_path):
    folder = str(tmp_path / "jina")

    assert kept_secret(folder) is None
    assert set() == files_below(tmp_path)

    secret = load_secret(folder)

    assert secret == kept_secret(folder)


def test_a_new_secret_takes_the_place_of_the_old_one(tmp_path):
    before = load_secret(str(tmp_path))
    new_secret(str(tmp_path))

    assert before != load_secret(str(tmp_path))
    assert {"uid"} == files_below(tmp_path)


@pytest.mark.parametrize("content", [b"", b"a", b"a" * 31, b"a" * 33, b"a" * 5000])
def test_a_torn_secret_is_replaced(tmp_path, content):
    (tmp_path / "uid").write_bytes(content)

    assert kept_secret(str(tmp_path)) is None

    secret = load_secret(str(tmp_path))

    assert (32, secret) == (len(secret), load_secret(str(tmp_path)))
    assert {"uid"} == files_below(tmp_path)


def test_whoever_has_opened_a_torn_secret_and_comes_late_leaves_the_new_one(tmp_path):
    (tmp_path / "uid").write_bytes(b"torn")
    with open(tmp_path / "uid", "rb") as torn:
        load_secret(str(tmp_path))

        assert not identity._is_torn(str(tmp_path / "uid"), os.fstat(torn.fileno()))


IN_BETWEEN = '''
import subprocess, sys
from jina_tel.identity import load_secret

folder, step = {folder!r}, {step}
OTHER = """
import sys
from jina_tel.identity import load_secret
try:
    print(load_secret(sys.argv[1]).hex())
except OSError:
    print("none")
"""
steps, others = [], []

def on_event(event, arguments):
    if others or not any(str(one).startswith(folder) for one in arguments):
        return
    steps.append(event)
    if len(steps) == step:
        others.append("")
        command = [sys.executable, "-c", OTHER, folder]
        others.append(subprocess.run(command, capture_output=True, text=True).stdout.strip())

sys.addaudithook(on_event)
secret = load_secret(folder).hex()
assert len(steps) == step, f"there are {{len(steps)}} steps"
print(secret, others[-1])
'''
STEPS = [(None, step) for step in range(1, 5)] + [(b"torn", step) for step in range(1, 7)]


@pytest.mark.parametrize(("before", "step"), STEPS)
def test_whoever_comes_in_between_two_steps_has_the_same_secret(tmp_path, before, step):
    """Another process begins and ends just before the n-th time that the first touches the disk.

    While the first has the torn file alone, the other cannot wait for it, and has none this time.
    """
    if before is not None:
        (tmp_path / "uid").write_bytes(before)
    script = IN_BETWEEN.format(folder=str(tmp_path), step=step)
    secret, other = run(script, **BARE).split()

    assert other == ("none" if (before, step) == (b"torn", 3) else secret)
    assert secret == (tmp_path / "uid").read_bytes().hex()
    assert {"uid"} == files_below(tmp_path)


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, lambda path: os.symlink("/dev/zero", path)])
def test_what_is_no_file_is_no_secret_and_stays(tmp_path, make):
    make(tmp_path / "uid")

    with pytest.raises(OSError, match="uid"):
        load_secret(str(tmp_path))

    assert {"uid"} == files_below(tmp_path)


FIRST_RUN = """
import sys
from jina_tel.identity import load_secret
sys.stdin.read()  # until all are here
sys.stdout.write(load_secret(sys.argv[1]).hex())
"""


@pytest.mark.parametrize("before", [None, b"", b"torn by a power cut"])
def test_64_processes_at_once_end_with_one_secret(tmp_path, before):
    folder = tmp_path / "jina"
    if before is not None:
        folder.mkdir()
        (folder / "uid").write_bytes(before)
    gate, opener = os.pipe()
    children = [
        subprocess.Popen(
            [sys.executable, "-c", FIRST_RUN, str(folder)],
            stdin=gate,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for _ in range(64)
    ]
    os.close(gate)
    os.close(opener)
    secrets = {child.communicate(timeout=100)[0].decode() for child in children}

    assert {(folder / "uid").read_bytes().hex()} == secrets
    assert {"uid"} == files_below(folder)


def test_a_tree_without_a_home_has_a_uid_of_its_own():
    expected = hashlib.blake2b(tree().secret, digest_size=32, person=b"acme").digest()

    assert expected == secret_of_tree("acme")
    assert secret_of_tree("acme") != secret_of_tree("jina")


UPTIME = """
from jina_tel.identity import tree, uptime
import psutil
known = tree()
print(known.began - psutil.Process().create_time(), known.is_root, uptime(known.began))
"""


def test_a_tree_began_when_the_kernel_says_its_root_began():
    difference, is_root, text = run(UPTIME).split()

    # psutil's source is the boot time, in whole seconds, and a clock's tick.
    assert abs(float(difference)) < 2
    assert "True" == is_root
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}", text)
    assert psutil.boot_time() < tree().began


def test_multiprocessing_s_children_are_handed_the_tree():
    identity.carry()
    identity.carry()
    carried = multiprocessing.process.current_process()._config["jina_tel"]
    expected = {"began": tree().began, "secret": tree().secret}

    assert expected == pickle.loads(pickle.dumps(carried))
    assert b"jina_tel" not in pickle.dumps(carried)  # a child may lack it


FORGED = [
    {},
    [],
    None,
    5,
    {"began": 5, "secret": b""},
    {"began": 1.0, "secret": "x"},
    {"began": 1.0},
]


@pytest.mark.parametrize("carried", FORGED)
def test_what_is_no_tree_is_not_taken_for_one(monkeypatch, carried):
    config = multiprocessing.process.current_process()._config
    monkeypatch.setitem(config, "jina_tel", carried)

    assert identity._carried_tree() is None


def test_a_tree_that_was_handed_on_is_the_same_and_has_another_root(monkeypatch):
    config = multiprocessing.process.current_process()._config
    monkeypatch.setitem(config, "jina_tel", {"began": 1.5, "secret": b"s"})
    found = identity._carried_tree()

    assert (1.5, b"s", False) == (found.began, found.secret, found.is_root)


TWO_HOMES = """
import sys
from jina_tel.identity import load_secret, uid
print(uid(load_secret("one"), "jina"), uid(load_secret("two"), "jina"))
"""


def test_two_homes_of_one_user_on_one_machine_have_two_uids(tmp_path):
    """So it is made of nothing that they share: address, names, machine id."""
    one, two = run(TWO_HOMES, cwd=tmp_path).split()

    assert one != two


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_no_uid_is_made_in_the_home_of_another_user(tmp_path):
    os.chown(tmp_path, 65534, 65534)
    with pytest.raises(PermissionError, match="belongs to another user"):
        load_secret(str(tmp_path / "config"))
