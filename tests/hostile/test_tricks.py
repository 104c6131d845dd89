"""Tricks upon a served page, odd values for each of its events: answered or refused, and the page lives."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from page.asking import World
from page.handlers import Handlers, Options
from page.serve import application
from retrieval.store import Store
from tests.hostile.tricks import TRICKS, events, joined, odd_events
from tests.page.patient import Patient
from tests.page.served import Served
from tools.context import Context


@pytest.fixture(scope="module")
def client(demo_store: Store) -> Iterator[httpx.Client]:
    context = Context.open(demo_store)
    page = application(Handlers(World(context, Patient(context, "builtin", None)), Options(per_minute=0)))
    with Served(page) as served, httpx.Client(base_url=served.url, timeout=30) as one:
        yield one


@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_is_answered_or_refused_and_the_page_lives(name: str, client: httpx.Client, tmp_path: Path) -> None:
    try:
        calm, said = TRICKS[name](client, tmp_path)
    except httpx.RemoteProtocolError:
        calm, said = True, "hung up"
    assert calm, said
    assert client.get("/health").status_code == 200


def test_every_event_takes_odd_values_or_refuses_them_without_a_traceback(
    client: httpx.Client, capfd: pytest.CaptureFixture[str]
) -> None:
    faults = [(name, said) for name, calm, said in odd_events(client, 2, random.Random(3)) if not calm]
    assert faults == []
    said = capfd.readouterr().err
    assert "Traceback" not in said, said[said.rindex("Traceback") :]


def test_an_event_that_is_none_is_refused_in_a_line_of_the_log(
    client: httpx.Client, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    [clicked] = [one for one in events(client) if one["targets"][:1] and one["targets"][0][1] == "select"]
    with caplog.at_level(logging.WARNING, "page.layout"):
        _, said = joined(client, clicked, ["en"], [1])
    assert "none of its values" in said
    assert caplog.messages == ["an event was refused: BadArgument: the event is a list, not an object"]
    assert "Traceback" not in capfd.readouterr().err


def test_a_fault_of_our_own_keeps_its_traceback(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Handlers, "on_point", broken)
    [clicked] = [one for one in events(client) if one["targets"][:1] and one["targets"][0][1] == "select"]
    joined(client, clicked, ["en"], {"key": "x"})
    assert "ZeroDivisionError" in capfd.readouterr().err
