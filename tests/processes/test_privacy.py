"""What is distinctive about a user and a machine is in nothing that leaves it."""

from __future__ import annotations

import functools
import getpass
import re
import shutil
import socket
import subprocess
import uuid
from pathlib import Path

import pytest

NAMED = ("unshare", "--uts", "sh", "-c", 'hostname johns-laptop && exec "$@"', "sh")

PROGRAM = """
import sys
sys.path.insert(0, "below-johns-folder")
from flow import Flow, flush

class JohnsFraudFlow(Flow):
    johns_attribute = "johns-value"

    def start(self, *arguments, **named):
        return super().start()

JohnsFraudFlow().start()
assert flush(30)
"""


@functools.lru_cache(1)
def may_name_the_host():
    if shutil.which(NAMED[0]) is None:
        return False
    return subprocess.run([*NAMED, "true"], capture_output=True, check=False).returncode == 0


def hardware_addresses():
    """Return the addresses of all interfaces, and what ``uuid.getnode`` takes for one."""
    found = {f"{uuid.getnode():012x}"}
    for path in Path("/sys/class/net").glob("*/address"):
        found.add(path.read_text().strip().replace(":", ""))
    return {address for address in found if address.strip("0")}


def forms_of(address):
    """Return every way in which people and programs write a hardware address."""
    pairs = [address[i : i + 2] for i in range(0, 12, 2)]
    quads = [address[i : i + 4] for i in range(0, 12, 4)]
    turned = "".join(reversed(pairs))
    texts = [address, turned, *(sign.join(pairs) for sign in ":-. "), ".".join(quads)]
    return {*texts, *(text.upper() for text in texts), str(int(address, 16)), str(int(turned, 16))}


def machine_ids():
    for path in ("/etc/machine-id", "/var/lib/dbus/machine-id", "/proc/sys/kernel/random/boot_id"):
        if Path(path).exists():
            text = Path(path).read_text().strip()
            yield from (text, text.replace("-", ""))


@pytest.fixture
def sent(machine, receiver):
    """Return all that left: the request's head, its body and the payload, as text."""
    folder = machine.folder / "johns-folder"
    folder.mkdir()
    (folder / "below-johns-folder").mkdir()
    machine.home = folder / "johns-home"
    variables = {
        **dict.fromkeys(("USER", "LOGNAME", "USERNAME", "HOSTNAME"), "johns-name"),
        "HOME": str(folder),
        "JINA_TEL_HOME": str(machine.home),
        "AWS_SECRET_ACCESS_KEY": "johns-secret",
        "GIT_AUTHOR_EMAIL": "johns@mail.example",
        "PWD": str(folder),
    }
    ended = machine.run(PROGRAM, under=NAMED if may_name_the_host() else (), **variables)

    assert (0, "", "") == ended[:3]

    [request] = receiver.wait_for_requests(1)

    assert (machine.home / "jina" / "uid").exists()

    return f"{request.path}\n{request.headers}\n{request.text}"


def test_nothing_distinctive_leaves(sent, machine):
    values = [getpass.getuser(), socket.gethostname(), str(Path.home()), str(machine.folder)]
    distinctive = [value for value in values if len(value) > 4]
    distinctive += ["john", "fraud", *machine_ids()]

    assert [] == [value for value in distinctive if value.lower() in sent.lower()]


def test_no_hardware_address_leaves_in_any_form(sent):
    addresses = hardware_addresses()

    assert addresses
    assert [] == [f for a in addresses for f in forms_of(a) if re.search(rf"\b{f}\b", sent)]


def test_the_secret_behind_the_uid_stays(sent, machine):
    secret = (machine.home / "jina" / "uid").read_bytes()

    assert secret.hex() not in sent
    assert str(int.from_bytes(secret, "big")) not in sent


def test_two_homes_on_one_machine_are_two_users(machine, receiver):
    """So the uid is made of nothing that they share: an address, a name, the machine's id."""
    for name in ("one", "two"):
        machine.run(PROGRAM, JINA_TEL_HOME=str(machine.folder / name))

    assert 2 == len({event["payload"]["uid"] for event in receiver.wait(2)})
