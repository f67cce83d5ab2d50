"""The JSON that commands print is an interface: each document equals the recorded one, byte for byte.

These records say what was printed, not what is right; that is for the other tests. They are here so that no
change of the program changes a document by accident. Record one that is meant to change with
`VTAP_RECORD_DOCUMENTS=1`, read the difference, and say it in the changelog.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from tests.vtaplib.cli.clouds import Builder, write_load_balanced, write_quickstart
from tests.vtaplib.cli.command import CAPTURE, ROOT, Vtap
from tests.vtaplib.cli.flow_logs import flow_tuple, log, record
from tests.vtaplib.cli.in_process import run
from tests.vtaplib.cli.plans import Plan, machine, subnet_values, tapped_plan
from tests.vtaplib.cli.test_check_azure import estate

RECORDS: Final = ROOT / "tests" / "vtaplib" / "cli" / "json_documents"
RECORDING: Final = os.environ.get("VTAP_RECORD_DOCUMENTS") == "1"

COMMANDS: Final[Mapping[str, str]] = {
    "show-empty": "show --cloud empty.db",
    "show-quickstart": "show --cloud quickstart.db",
    "show-load-balanced": "show --cloud load-balanced.db",
    "show-copy": "show --cloud quickstart.db --copy copy.db",
    "replay-quickstart": "replay traffic.pcap --cloud quickstart.db",
    "replay-web-only": "replay traffic.pcap --cloud web-only.db",
    "replay-load-balanced": "replay traffic.pcap --cloud load-balanced.db",
    "replay-down": "replay traffic.pcap --cloud load-balanced.db --down nic-collector-a",
    "replay-untapped": "replay traffic.pcap --cloud empty.db",
    "replay-out": "replay traffic.pcap --cloud quickstart.db --out copies",
    "replay-out-one": "replay traffic.pcap --cloud load-balanced.db --out copies.pcapng --comments",
    "replay-decode": "replay traffic.pcap --cloud quickstart.db --decode 2",
    "replay-policy": "replay traffic.pcap --cloud quickstart.db --policy snaplen=96 --policy oversize=drop",
    "replay-private-link": "replay traffic.pcap --cloud quickstart.db --private-link 10.10.2.4",
    "replay-stages": "replay traffic.pcap --cloud quickstart.db --stage dedup=50ms --stage slice=64",
    "replay-cut": "replay cut.pcap --cloud quickstart.db",
    "explain-packet": "explain traffic.pcap 20 --cloud quickstart.db",
    "explain-reply": "explain traffic.pcap 30 --cloud load-balanced.db --reply",
    "explain-ends": "explain --src vm-web --dst vm-database --dport 5432 --cloud quickstart.db",
    "explain-long": "explain --src 10.10.1.4 --dst 10.10.2.4 --dport 443 --length 9000 --cloud quickstart.db",
    "explain-icmp": "explain --src nic-web --dst nic-database --proto icmp --vlan 7 --cloud quickstart.db",
    "explain-outside": "explain --src vm-web --dst 192.0.2.1 --proto udp --dport 53 --cloud quickstart.db",
    "estimate-quickstart": "estimate traffic.pcap --cloud quickstart.db",
    "estimate-load-balanced": "estimate traffic.pcap --cloud load-balanced.db --talkers 2 --duration 30d",
    "estimate-down": "estimate traffic.pcap --cloud load-balanced.db --down nic-collector-a",
    "estimate-scaled": "estimate traffic.pcap --cloud quickstart.db --scale 100000",
    "estimate-flow-logs": "estimate --flow-logs log.json --cloud quickstart.db",
    "estimate-cut": "estimate cut.pcap --cloud quickstart.db",
    "diff-clouds": "diff traffic.pcap --before quickstart.db --after web-only.db",
    "diff-policy": "diff traffic.pcap --before quickstart.db --policy-after snaplen=96 --limit 3",
    "diff-down": "diff traffic.pcap --before load-balanced.db --down-after nic-collector-b",
    "diff-plan": "diff traffic.pcap --plan plan.json",
    "check-cloud": "check --cloud quickstart.db",
    "check-plan": "check plan.json",
    "check-unpeered-plan": "check unpeered.json",
    "check-strict": "check plan.json --strict --policy fastpath_check=warn",
    "check-broken-plan": "check broken.json --sarif broken.sarif",
    "check-plan-over-cloud": "check plan.json --cloud quickstart.db",
    "check-azure": "check --azure estate",
    "check-azure-plan": "check plan.json --azure estate",
    "machine-deallocate": "machine deallocate vm-web --cloud quickstart.db",
    "machine-start": "machine start vm-web --cloud quickstart.db",
}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the commands read: clouds, captures, plans, an export of Azure, a flow log."""
    directory = tmp_path_factory.mktemp("inputs")
    write_quickstart(directory / "quickstart.db")
    write_quickstart(directory / "web-only.db", "web")
    write_load_balanced(directory / "load-balanced.db")
    Builder(directory / "empty.db").cloud.close()
    shutil.copy(CAPTURE, directory / "traffic.pcap")
    (directory / "cut.pcap").write_bytes(CAPTURE.read_bytes()[:5000])
    (directory / "log.json").write_text(
        log(
            record(
                flow_tuple(0, "10.10.1.4", "10.10.2.4", "B"),
                flow_tuple(60, "10.10.1.4", "10.10.2.4", "E", (100, 50_000, 200, 250_000)),
            )
        )
    )
    for name, plan in plans().items():
        plan.write(directory, f"{name}.json")
    estate(Vtap.in_directory(directory))
    return directory


def plans() -> Mapping[str, Plan]:
    """A plan without fault, one whose networks are not peered, and one with faults of several kinds."""
    broken = tapped_plan()
    broken.create("azurerm_subnet.stray", subnet_values("bad name/", "app", "192.168.0.0/24"))
    machine(broken, "third")
    return {"plan": tapped_plan(), "unpeered": tapped_plan(peered=False), "broken": broken}


def test_every_record_is_of_a_command() -> None:
    assert {one.stem for one in RECORDS.glob("*.json")} == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_prints_the_document_that_is_recorded(
    name: str,
    inputs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(inputs, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    printed = run(capfd, [*shlex.split(COMMANDS[name]), "--json"])
    assert printed.code in (0, 1), printed.stderr
    document = (
        json.dumps({"exit_code": printed.code, "printed": printed.stdout.splitlines()}, indent=1) + "\n"
    )
    record_file = RECORDS / f"{name}.json"
    if RECORDING:
        RECORDS.mkdir(exist_ok=True)
        record_file.write_text(document)
    assert document == record_file.read_text()


@pytest.mark.thorough
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_starts_from_nothing_has_imported_what_it_needs(
    name: str, inputs: Path, tmp_path: Path
) -> None:
    shutil.copytree(inputs, tmp_path, dirs_exist_ok=True)
    vtap = replace(Vtap.in_directory(tmp_path), from_nothing=True)
    recorded = json.loads((RECORDS / f"{name}.json").read_text())
    printed = vtap(*shlex.split(COMMANDS[name]), "--json", code=recorded["exit_code"])
    assert printed.stdout.splitlines() == recorded["printed"]
    shutil.copytree(inputs, tmp_path, dirs_exist_ok=True)
    shutil.rmtree(tmp_path / "copies", ignore_errors=True)
    page = ["--report", "page.html"] if name.startswith(("replay", "estimate", "diff")) else []
    assert vtap(*shlex.split(COMMANDS[name]), *page, code=recorded["exit_code"]).stdout


@pytest.mark.thorough
@pytest.mark.parametrize(
    "command", ["show", "replay", "explain", "estimate", "diff", "check", "machine start"]
)
def test_a_command_that_starts_from_nothing_has_imported_what_an_error_needs(
    command: str, tmp_path: Path
) -> None:
    vtap = replace(Vtap.in_directory(tmp_path), from_nothing=True)
    assert "--nonsense" in vtap(*command.split(), "--nonsense", code=2).stderr
