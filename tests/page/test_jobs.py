"""Answers made in the background: offered, begun, stopped, back after a reload; the real agent, a small budget."""

from __future__ import annotations

import threading
from collections import OrderedDict
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import expect

from agent.answer import Answer
from page.handlers import Handlers, Person, Update
from page.jobs import Jobs
from page.talk import Talk, read_talk
from retrieval.errors import NoRecords
from tests.page.patient import waited_for
from tests.page.seen import Seen
from tests.page.served import CHROMIUM
from tools.pixelclip import stored

FROM_SPACE = "Where does the satellite see vineyard in Corsica?"


@pytest.fixture
def small_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer reads 100 pixels at most, 50 at a time; Corsica has 498."""
    monkeypatch.setattr(stored, "BUDGET", 100)
    monkeypatch.setattr(stored, "BATCH", 50)
    monkeypatch.setattr(stored, "_memory", OrderedDict())


def person_at(talk: Talk) -> Person:
    request: Any = SimpleNamespace(session_hash="far away", client=None, headers={}, query_params={})
    return Person(talk, None, "en", request)


def last(handlers: Handlers, question: str) -> Update:
    *_, update = handlers.ask(question, person_at(Talk()))
    return update


def test_jobs_run_one_after_another_and_tell_how_far_they_are() -> None:
    jobs, go, began = Jobs(), threading.Event(), threading.Event()
    answer = Answer("answered", "all of it", "replay", 0.0)

    def work(told: Any) -> Answer:
        told(3, 10)
        began.set()
        go.wait(10)
        return answer

    first, second = jobs.start(work), jobs.start(work)
    assert began.wait(10)
    assert {"status": "running", "done": 3, "of": 10}.items() <= found(jobs, first).to_json().items()
    assert found(jobs, second).status == "waiting"
    jobs.stop(second)
    go.set()
    waited_for(lambda: found(jobs, first).over and found(jobs, second).over)
    assert (found(jobs, first).status, found(jobs, first).answer) == ("done", answer)
    assert (found(jobs, second).status, found(jobs, second).answer) == ("stopped", None)


def test_what_cannot_be_answered_and_bugs_end_a_job_with_a_reason() -> None:
    jobs = Jobs()

    def refused(told: Any) -> Answer:
        raise NoRecords("pixels there", "fetch some")

    def broken(told: Any) -> Answer:
        raise RuntimeError("/secret/path")

    why, bug = jobs.start(refused), jobs.start(broken)
    waited_for(lambda: found(jobs, why).over and found(jobs, bug).over)
    assert (found(jobs, why).status, found(jobs, why).text) == ("refused", "no pixels there: fetch some")
    assert found(jobs, bug).status == "failed"
    assert "secret" not in found(jobs, bug).text


def test_so_many_jobs_wait_and_no_more() -> None:
    jobs, go = Jobs(), threading.Event()
    answer = Answer("answered", "", "replay", 0.0)

    def work(told: Any) -> Answer:
        go.wait(10)
        return answer

    keys = [jobs.start(work) for _ in range(12)]
    assert keys.count("") == 3
    go.set()
    waited_for(lambda: all(found(jobs, key).over for key in keys if key))


def found(jobs: Jobs, key: str) -> Any:
    job = jobs.get(key)
    assert job
    return job


@pytest.mark.usefixtures("small_budget")
def test_too_many_pixels_are_offered_as_a_job_whose_answer_takes_the_refusals_place(handlers: Handlers) -> None:
    talk = last(handlers, FROM_SPACE)["talk"]
    assert (talk.turns[-1].status, talk.turns[-1].offer) == ("refused", 1)
    (update,) = handlers.on_chat("job", 0, "", person_at(talk))
    talk = read_talk(update["talk"].to_json())  # as a reload of the page brings it back
    assert talk
    job = found(handlers.jobs, talk.turns[-1].job)
    assert f'data-job="{talk.turns[-1].job}"' in update["chat"]
    waited_for(lambda: job.over)
    (update,) = handlers.on_chat("job_over", 0, "", person_at(talk))
    turn = update["talk"].turns[-1]
    assert (turn.status, turn.job, turn.offer) == ("answered", "", 0)
    assert "498" in turn.text
    points = [layer for layer in update["map"]["layers"] if layer["kind"] == "points"]
    assert sum(mark["count"] for mark in points[0]["marks"]) == 498


@pytest.mark.usefixtures("small_budget")
def test_a_job_that_was_stopped_is_offered_again(handlers: Handlers) -> None:
    talk = last(handlers, FROM_SPACE)["talk"]
    (update,) = handlers.on_chat("job", 0, "", person_at(talk))
    key = update["talk"].turns[-1].job
    (update,) = handlers.on_chat("job_stop", 0, "", person_at(update["talk"]))
    assert (update["talk"].turns[-1].job, update["talk"].turns[-1].offer) == ("", 1)
    waited_for(lambda: found(handlers.jobs, key).over)


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: .ci/browser installs one on Debian")
@pytest.mark.usefixtures("small_budget")
def test_a_job_goes_on_while_the_page_is_loaded_again_and_its_map_is_drawn(seen: Seen, handlers: Handlers) -> None:
    held_up, embed = threading.Event(), stored._embed

    def slow(*of: Any) -> Any:
        held_up.wait(30)
        return embed(*of)

    stored._embed = slow  # small_budget puts the rest back; this is put back below
    try:
        page = seen.open().ask(FROM_SPACE).page
        page.locator("[data-act=job]").click()
        page.locator(".la-job progress").wait_for()
        page.reload()
        page.locator(".la-job progress").wait_for()
        held_up.set()
        page.locator(".la-turn.la-answered").wait_for()
        expect(page.locator(".la-verdict")).to_contain_text("498")
    finally:
        held_up.set()
        stored._embed = embed
    layers = seen.map_settles()
    assert any(layer["kind"] == "points" for layer in layers)
    page.locator("[data-tool=swipe]").click()
    for other in ("Recorded on the ground", "Seen from above"):
        page.locator(".la-swipe-told select").select_option(label=other)
        page.wait_for_function("name => document.querySelector('.la-swiped').dataset.drawn === name", arg=other)
        expect(page.locator(".la-swipe-told li").first).to_be_visible()
    page.locator("[data-tool=swipe]").click()
