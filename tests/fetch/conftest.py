"""What the fetch tests share: servers on this machine, a downloader that does not wait, and the table of faults."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from retrieval.fetch.cache import Cache
from retrieval.fetch.download import Downloader, Policy
from retrieval.fetch.loopback import Loopback, serve
from retrieval.fetch.secrets import Secrets

QUICK = Policy(tries=4, first_wait_s=0.01, longest_wait_s=60, timeout_s=5, slow_after_s=0.3, slow_bytes_s=20_000)


@pytest.fixture
def world() -> Iterator[Loopback]:
    """A server of one's own."""
    with serve() as running:
        yield running


@pytest.fixture
def waits() -> list[float]:
    """How long the downloader would have waited."""
    return []


@pytest.fixture
def make_downloader(tmp_path: Path, waits: list[float]) -> Iterator[Callable[..., Downloader]]:
    """Return a function that makes a downloader over one cache, as a new process would."""
    made: list[Downloader] = []

    def make(policy: Policy = QUICK, offline: bool = False, secrets: Secrets | None = None) -> Downloader:
        cache = Cache(tmp_path / "cache")
        made.append(Downloader(cache, secrets or Secrets({}), offline=offline, policy=policy, sleep=waits.append))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loopback servers are asked directly, whatever this machine's proxy is."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in [name for name in os.environ if name.startswith("LANDASK_")]:
        if name != "LANDASK_SHARED_DATA":
            monkeypatch.delenv(name)


@pytest.fixture
def fault(record_property: Callable[[str, object], None]) -> Callable[[str, str], None]:
    """Note a fault and what came of it, for the table at the end of the run."""

    def note(name: str, outcome: str) -> None:
        record_property("fault", f"{name}|{outcome}")

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table of faults that the run went through."""
    rows = [
        (*str(value).split("|", 1), report.outcome)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for key, value in getattr(report, "user_properties", ())
        if key == "fault"
    ]
    if not rows:
        return
    terminalreporter.section("faults gone through")
    width = max(len(name) for name, _, _ in rows)
    for name, outcome, result in sorted(rows):
        terminalreporter.line(f"{name:<{width}}  {result:<6}  {outcome}")
