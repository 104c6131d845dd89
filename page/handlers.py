"""What each button does: asks the world, keeps the answer, says which parts of the page change. Lays nothing out."""

from __future__ import annotations

import functools
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
import shapely

from agent.acts import shown_as
from agent.answer import Answer, Step
from page.asking import Abandoned, Asking, Failed, OnStep, Stopped, World
from page.board import Board, Pin, board_html, read_board, read_board_link
from page.chat import chat_html
from page.chosen import Chosen, chosen_html, from_geometry, from_region
from page.followups import followups
from page.form import changed, form_html, query_of
from page.jobs import Jobs
from page.limits import Limiter
from page.map import Drawing
from page.photos import photos_at, photos_html
from page.planner import Fields, edited, fields_of, plan_text, read_plan
from page.point import curve_html, place_of, point_html, point_plans
from page.reword import reworded, verdict
from page.share import read_link
from page.shelf import Held, Shelf
from page.talk import LONGEST_NAME, Talk, Turn, answered, read_talk
from page.uploads import region_from_file
from page.view import View, chosen_feature, draw, empty, empty_view, examples_of, head_html, view_of, welcome_map
from page.words import PAGE_LANGUAGES, preferred_language, words
from retrieval.errors import BadArgument, LandaskError

EMPTY_ANSWER = Answer("answered", "", "", 0.0)
SMALL_KM2 = 50.0
"""Smaller areas hold a handful of the survey's points at best: its grid has one every 4 km², few of them visited."""
LONGEST_QUESTION = 2_000
"""Characters; a question is a sentence or two."""

SEEN_S = 0.15
"""Seconds; a step that is over sooner is not shown by itself, for nobody could read it."""

Update = dict[str, Any]
"""Part of the page (a name in `layout.Parts`) → its new value."""


@dataclass(frozen=True)
class Options:
    """How the page is served."""

    max_concurrent: int = 4
    per_minute: int = 30
    """Questions of one person in a minute; ten times as many from one address. 0: no limit."""
    upload_mb: int = 10
    longest_s: float = 120.0
    """Seconds one question may take."""
    photos: Path | None = None
    """The folder of ground photos; None where there is none."""
    online: Mapping[str, str] | None = None
    """An online base map: `tiles` and `attribution`; None keeps every request on this machine."""


@dataclass(frozen=True)
class Shown:
    """The answer the map and the plan's fields stand for."""

    question: str
    plan: Mapping[str, Any]
    selection: Mapping[str, Any] | None
    key: str
    fields: Fields


@dataclass(frozen=True)
class Person:
    """Who is asking, in what language, about which region, in which conversation, by which satellite's encoder."""

    talk: Talk
    chosen: Chosen | None
    language: str
    request: gr.Request
    encoder: str = ""

    @property
    def said(self) -> Mapping[str, str]:
        """The page's words in their language."""
        return words(self.language)


@dataclass
class Handlers:
    """The page's state between people: the answers held and the questions running."""

    world: World
    options: Options = field(default_factory=Options)
    shelf: Shelf = field(default_factory=Shelf)
    running: dict[str, Asking] = field(default_factory=dict)
    sent: dict[str, Asking] = field(default_factory=dict)
    """Questions whose last update is on its way to the browser."""
    ending: bool = False
    """Whether the page is being ended: no question is taken any more."""
    at_end: set[Callable[[], None]] = field(default_factory=set)
    """What programs' questions on their way do then."""
    jobs: Jobs = field(default_factory=Jobs)
    welcomes: dict[str, Held] = field(default_factory=dict)
    """The map before any question, by language."""

    def __post_init__(self) -> None:
        self.by_person = Limiter(self.options.per_minute)
        self.by_address = Limiter(self.options.per_minute * 10)

    # ---- asking ------------------------------------------------------------------------------------------------

    def ask(self, question: str, person: Person) -> Iterator[Update]:
        """Answer a question, step by step."""
        question = (question or "").strip()
        if not question:
            return
        if person.request.session_hash in self.running:
            yield {"box": question, "notice": notice(person.said["one_at_a_time"])}
            return
        refusal = self.refusal(question, person)
        if refusal:
            yield self.told(question[:LONGEST_QUESTION], refusal, person)
            return
        selection = chosen_feature(person.chosen)
        work = functools.partial(
            self.world.asker.ask, question, memory=person.talk.memory, selection=selection, encoder=person.encoder or ""
        )
        yield from self.run(work, Turn(question, selection=selection), person)

    def run(self, work: Callable[..., tuple[Answer, Any]], turn: Turn, person: Person) -> Iterator[Update]:
        """Show a question's steps as they come, then its answer."""
        said, language = person.said, person.language
        talk = person.talk.add(turn)
        session = person.request.session_hash or ""
        asking = Asking(lambda on_step, cancel: work(on_step=on_step, cancel=cancel))
        self.running[session] = asking
        started = time.perf_counter()
        last: Update = {}
        left = False
        try:
            yield {"talk": talk, "chat": chat_html(talk, said, language), "box": "", "notice": "", **busy(True)}
            for event in asking.said():
                if isinstance(event, Step):
                    turn = replace(turn, steps=(*turn.steps, event))
                    talk = talk.with_last(turn)
                    if not asking.says_more_in(SEEN_S):
                        yield {"talk": talk, "chat": chat_html(talk, said, language)}
                else:
                    memory = talk.memory if asking.memory is None else asking.memory
                    last = self.arrived(event, turn, replace(talk, memory=memory), person)
                    asking.still_asked()
        except Abandoned as gone:
            last, left = self.instead(gone.instead, person), True
        except Stopped:
            turn = replace(turn, status="stopped", seconds=time.perf_counter() - started)
            last = self.unanswered(talk.with_last(turn), person)
        except LandaskError as error:
            last = self.unanswered(talk.with_last(replace(turn, status="refused", text=str(error))), person)
        except Failed as failure:
            turn = replace(turn, status="error", text=said["failed"].format(code=failure.code))
            last = self.unanswered(talk.with_last(turn), person)
        finally:
            asking.stop()  # also where the page was left meanwhile: nobody waits for it
            if self.running.get(session) is asking:
                del self.running[session]
        self.sent[session] = asking
        try:
            yield last  # the next question may be asked as soon as this is seen
            if not left:
                asking.still_asked()
        except Abandoned as gone:
            yield self.instead(gone.instead, person)
        finally:
            if self.sent.get(session) is asking:
                del self.sent[session]

    def instead(self, talk: Talk, person: Person) -> Update:
        """The conversation the person went to, once more: an update on its way may have painted over it.

        Nothing where they ask there already.
        """
        chat = chat_html(talk, person.said, person.language, self.examples(person.language))
        asks = (person.request.session_hash or "") in self.running
        return {} if asks else {"talk": talk, "chat": chat, **busy(False)}

    def arrived(self, answer: Answer, turn: Turn, talk: Talk, person: Person) -> Update:
        """Everything an answer changes on the page."""
        turn = seen_again(talk.turns[:-1], answered(turn, answer, "", followups(answer, self.world.context)))
        held, key = self.hold(turn.subject, answer, turn.selection, person.language)
        there = {"map": held.drawing.layers, "chart": held.charts, "table": True}
        turn = replace(turn, key=key, seen_as=turn.seen_as if there.get(turn.seen_as) else "")
        talk = talk.with_last(turn)
        if not answer.results:
            return self.unanswered(talk, person)
        shown = self.shown_talk(talk, person) | self.shown_answer(held, key, person.language)
        return shown | {"tabs": gr.update(selected=turn.seen_as)} if turn.seen_as in ("table", "chart") else shown

    def unanswered(self, talk: Talk, person: Person) -> Update:
        """A conversation whose last question has no result: nothing is left on the map that could be taken for one."""
        return self.shown_talk(talk, person) | self.nothing_drawn(talk, person.language)

    def nothing_drawn(self, talk: Talk, language: str) -> Update:
        """The right-hand side where the last question has no result, or was asked back."""
        asked_back = talk.turns[-1].status == "clarify"
        notes = () if asked_back else (words(language)["note_unanswered"],)
        bare = empty_view(language, self.options.online, Drawing(notes=notes))
        return {**self.shown_view(bare, language), "shown": None}

    def hold(
        self, question: str, answer: Answer, selection: Mapping[str, Any] | None, language: str
    ) -> tuple[Held, str]:
        """Draw an answer and keep it; its key."""
        drawing, charts = draw(answer, self.world.context, language, selection)
        held = Held(question, answer, drawing, charts, selection)
        return held, self.shelf.put(held)

    def end(self) -> None:
        """Stop every question on its way: the page is being ended."""
        self.ending = True
        self.jobs.end()
        for asking in list(self.running.values()):
            asking.stop()
        for tell in list(self.at_end):
            tell()

    def stop(self, request: gr.Request) -> None:
        """Stop this person's running question."""
        asking = self.running.get(request.session_hash or "")
        if asking:
            asking.stop()

    def ask_api(
        self,
        question: str,
        selection: dict[str, Any] | None = None,
        conversation: dict[str, Any] | None = None,
        request: gr.Request | None = None,
    ) -> dict[str, Any]:
        """Ask about Europe's land in any of eight languages: how much, where, how it changed.

        Args:
            question: the question in plain words.
            selection: GeoJSON polygon for "this region", longitude first, EPSG:4326.
            conversation: the `conversation` of the answer before, to ask a follow-up.

        Returns:
            The answer: status, text, choices, results with tables and GeoJSON, provenance, steps, plan.
        """
        wait = self.must_wait(request) if request else 0.0
        if wait:
            raise gr.Error(words("en")["too_fast"].format(seconds=int(wait) + 1), print_exception=False)
        if not isinstance(question, str) or not question.strip() or len(question) > LONGEST_QUESTION:
            raise gr.Error(f"a question has 1 to {LONGEST_QUESTION} characters", print_exception=False)
        try:
            answer, memory = self.asked(question, conversation, selection)
        except LandaskError as error:
            raise gr.Error(str(error), print_exception=False) from error
        return {**answer.to_json(), "conversation": memory}

    def asked(
        self, question: str, memory: Any, selection: Any, cancel: threading.Event | None = None
    ) -> tuple[Answer, Any]:
        """A question's answer at once, its steps unshown."""
        return self.world.asker.ask(
            question, memory=memory, selection=selection, on_step=lambda step: None, cancel=cancel or threading.Event()
        )

    def leave(self, talk: Talk, request: gr.Request) -> None:
        """Let this person's running question go: they are at another conversation, and may ask there at once."""
        session = request.session_hash or ""
        asking = self.running.pop(session, None) or self.sent.get(session)
        if asking:
            asking.abandon(talk)

    def refusal(self, question: str, person: Person) -> str:
        """Why this question is not taken, or ''."""
        wait = self.must_wait(person.request)
        if wait:
            return person.said["too_fast"].format(seconds=int(wait) + 1)
        if len(question) > LONGEST_QUESTION:
            return person.said["too_long"].format(most=LONGEST_QUESTION)
        return ""

    def must_wait(self, request: gr.Request) -> float:
        """Seconds until this person may ask again, 0 where they may now."""
        address = request.client.host if request.client else ""
        return self.by_person.wait(request.session_hash or address) or self.by_address.wait(address)

    def told(self, question: str, text: str, person: Person, status: str = "refused") -> Update:
        """A turn the page itself answers."""
        return self.unanswered(person.talk.add(Turn(question, status=status, text=text)), person)

    def amiss(self, title: str, text: str, person: Person) -> Update:
        """A changed plan that cannot be read: the answer it is of stays in sight, and its fields to be put right."""
        return self.shown_talk(person.talk.add(Turn(title, status="refused", text=text)), person)

    # ---- inside the conversation -------------------------------------------------------------------------------

    def on_chat(self, act: str, at: int, value: str, person: Person) -> Iterator[Update]:
        """A button inside the conversation."""
        turns = person.talk.turns
        if act in ("ask", "choose"):
            yield from self.ask(value, person)
        elif act == "show" and 0 <= at < len(turns):
            yield self.show(at, person)
        elif act == "evidence" and 0 <= at < len(turns):
            yield {**self.show(at, person), "tabs": gr.update(selected="how")}
        elif act == "reword" and 0 <= at < len(turns):
            yield self.reword(at, person)
        elif act in ("job", "job_stop", "job_over") and 0 <= at < len(turns):
            yield self.on_job(act, at, person)

    def show(self, at: int, person: Person) -> Update:
        """Bring an earlier answer back to the map."""
        turn = person.talk.turns[at]
        held, key = self.brought_back(turn, person.language)
        if held is None:
            return self.told(turn.question, person.said["gone"], person)
        talk = person.talk.with_turn(at, replace(turn, key=key))
        return {"talk": talk, **self.shown_answer(held, key, person.language)}

    def brought_back(self, turn: Turn, language: str) -> tuple[Held | None, str]:
        """A turn's answer: the one held, else made again from its plan."""
        held = self.shelf.get(turn.key)
        if held:
            return held, turn.key
        if not turn.plan:
            return None, ""
        answer = self.replayed(turn.plan, turn.question, turn.selection, turn.language or language)
        return self.hold(turn.subject, answer, turn.selection, language)

    def replayed(self, plan: Mapping[str, Any], question: str, selection: Any, language: str) -> Answer:
        """A plan's answer, with no model asked; what cannot be run is a refusal."""
        try:
            return self.world.asker.replay(plan, question=question, selection=selection, language=language)
        except LandaskError as error:
            return Answer("refused", str(error), self.world.router, 0.0)

    def reword(self, at: int, person: Person) -> Update:
        """Ask an answer's question again in the template's words and say whether the figures are the same."""
        turn, said = person.talk.turns[at], person.said
        held, key = self.brought_back(turn, person.language)
        if held and (wait := self.must_wait(person.request)):
            agreed = said["too_fast"].format(seconds=int(wait) + 1)
        else:
            agreed = self.agreed(held.answer if held else EMPTY_ANSWER, turn.selection, said)
        return self.shown_talk(person.talk.with_turn(at, replace(turn, key=key, agreed=agreed)), person)

    def agreed(self, answer: Answer, selection: Any, said: Mapping[str, str]) -> str:
        """Whether an answer's question in the template's words is answered with the same figures, in one line."""
        question = reworded(answer, self.world.context)
        if question is None:
            return said["reworded_none"]
        return verdict(question, answer, self.asked(question, None, selection)[0], said)

    # ---- jobs in the background ----------------------------------------------------------------------------------

    def on_job(self, act: str, at: int, person: Person) -> Update:
        """A job is started, stopped, or is over: its answer takes the place of the refusal that offered it."""
        turn, talk, said = person.talk.turns[at], person.talk, person.said
        if act == "job" and turn.plan and turn.offer:
            if wait := self.must_wait(person.request):
                return {"notice": notice(said["too_fast"].format(seconds=int(wait) + 1))}
            plan, selection, language = turn.plan, turn.selection, turn.language or person.language
            ask = functools.partial(self.world.asker.replay, plan, question=turn.question, selection=selection)
            key = self.jobs.start(lambda patience: ask(language=language, patience=patience))
            full = {} if key else {"notice": notice(said["job_full"])}
            return self.shown_talk(talk.with_turn(at, replace(turn, job=key)), person) | full
        job = self.jobs.get(turn.job)
        if act == "job_stop":
            self.jobs.stop(turn.job)
        elif job and job.answer and job.status == "done":
            return self.job_done(job.answer, at, person)
        elif job and job.text:
            why = job.text if job.status == "refused" else said["failed"].format(code=job.text)
            turn = replace(turn, offer=0, text=why)
        return self.shown_talk(talk.with_turn(at, replace(turn, job="")), person)

    def job_done(self, answer: Answer, at: int, person: Person) -> Update:
        """A job's answer: on the map as well, where nothing was asked since."""
        turn, context = person.talk.turns[at], self.world.context
        held, key = self.hold(turn.question, answer, turn.selection, person.language)
        told = answered(turn, answer, key, followups(answer, context))
        update = self.shown_talk(person.talk.with_turn(at, told), person)
        last = at == len(person.talk.turns) - 1
        return update | self.shown_answer(held, key, person.language) if last else update

    # ---- the board ---------------------------------------------------------------------------------------------

    def on_board(self, event: Mapping[str, Any], language: str) -> Update:
        """The board is opened, or one of its pins was taken off: it is made again from what the browser keeps."""
        return {"board": self.shown_board(read_board(event.get("board")), language)}

    def shown_board(self, board: Board, language: str) -> str:
        """The board with every answer made again."""

        def hold(pin: Pin) -> tuple[Held, str]:
            answer = self.replayed(pin.plan, pin.question, pin.selection, language)
            return self.hold(pin.question, answer, pin.selection, language)

        return board_html(board, hold, words(language))

    # ---- conversations -----------------------------------------------------------------------------------------

    def new_talk(self, person: Person) -> Update:
        """Begin afresh; the old conversation stays in the list."""
        talk = Talk()
        self.leave(talk, person.request)
        return {
            **self.shown_talk(talk, person),
            **self.shown_view(self.welcome(person.language), person.language),
            "shown": None,
        }

    def on_talks(self, event: Mapping[str, Any], person: Person) -> Update:
        """A button of the list of conversations, which the browser keeps."""
        match event.get("act"):
            case "open":
                return self.open_talk(event.get("talk"), person)
            case "rename":
                return self.rename(str(event.get("name", "")), person)
            case "new":
                return self.new_talk(person)
        return {}

    def open_talk(self, value: Any, person: Person) -> Update:
        """Go back to a conversation of the list."""
        talk = read_talk(value)
        if talk is None:
            return {}
        self.leave(talk, person.request)
        person = replace(person, talk=talk)
        update = self.shown_talk(talk, person)
        if not talk.turns:
            return update
        last = talk.turns[-1]
        shown = last.plan and last.status == "answered"
        return update | (self.show(len(talk.turns) - 1, person) if shown else self.nothing_drawn(talk, person.language))

    def rename(self, name: str, person: Person) -> Update:
        """Give this conversation another name."""
        name = name.strip()[:LONGEST_NAME]
        return self.shown_talk(replace(person.talk, name=name), person) if name else {}

    def shown_talk(self, talk: Talk, person: Person) -> Update:
        """The conversation on the page and in the browser's keeping."""
        return {
            "talk": talk,
            "chat": chat_html(talk, person.said, person.language, self.examples(person.language)),
            "talks": talks_value(talk, person.said),
            "notice": "",
            **busy(False),
        }

    # ---- the right-hand side -----------------------------------------------------------------------------------

    def shown_answer(self, held: Held, key: str, language: str) -> Update:
        """Map, table, chart, account, downloads and plan of one answer."""
        view = view_of(held, key, language, self.options.online)
        plan = held.answer.plan or {"steps": []}
        fields = fields_of(plan, self.world.context, language) if plan["steps"] else Fields()
        shown = Shown(held.question, plan, held.selection, key, fields)
        query = query_of(plan)
        form = form_html(query, self.world.context, words(language), language) if query else ""
        return {**self.shown_view(view, language), **shown_plan(fields, plan), "plan_form": form, "shown": shown}

    def welcome(self, language: str) -> View:
        """The right-hand side before any answer; its map is made once in each language."""
        if language not in self.welcomes:
            self.welcomes[language] = Held("", EMPTY_ANSWER, welcome_map(self.world.context, language))
        held = self.welcomes[language]
        return empty_view(language, self.options.online, held.drawing, self.shelf.keep(f"welcome-{language}", held))

    def shown_view(self, view: View, language: str) -> Update:
        """The right-hand side on the page."""
        said = words(language)
        return {
            "map": view.map,
            "rows": view.table,
            "chart": view.chart,
            "how": view.how,
            "take": view.take,
            "point": empty(said["no_point"]),
            "tabs": gr.update(selected=view.first_tab),
        }

    def on_point(self, event: Mapping[str, Any], language: str) -> Update:
        """A point of the map was clicked: what is known of it."""
        held = self.shelf.get(str(event.get("key", "")))
        point = point_of(held, event)
        if not point:
            return {}
        plans = point_plans(point, encoder_of(held))
        answers = [self.replayed(plan, "", None, language) for plan in plans]
        said = words(language)
        pictures = photos_html(photos_at(self.options.photos, point), point, said)
        curve = curve_html(answers, said, language)
        called = place_of(point, (float(event.get("lon") or 0), float(event.get("lat") or 0)), said, language)
        return {
            "point": pictures + point_html(answers, point, said, language, called) + curve,
            "tabs": gr.update(selected="point"),
        }

    # ---- "this region" -----------------------------------------------------------------------------------------

    def on_region(self, event: Mapping[str, Any], talk: Talk, language: str) -> Update:
        """A region was drawn, moved, taken from the view, picked on the map, or from the list of one's own."""
        said = words(language)
        try:
            if event.get("kind") == "region":
                chosen = from_region(self.world.context, str(event.get("id")))
            else:
                kind, nth = "view" if event.get("kind") == "view" else "drawn", event.get("nth")
                made = said[f"selection_{kind}"] + (f" {nth}" if isinstance(nth, int) and 1 < nth < 10_000 else "")
                name = str(event.get("name") or made)[:LONGEST_NAME]
                chosen = from_geometry(event.get("geometry") or {}, name, drawn=how_made(name))
        except LandaskError as error:
            return no_region(talk, empty(why(error, said["region_refused"], language)), language)
        return self.shown_region(chosen, talk, language)

    def shown_region(self, chosen: Chosen, talk: Talk, language: str) -> Update:
        """The region as "this region", unless the survey never came near it."""
        said, context = words(language), self.world.context
        boxes = [shapely.box(*d.bbox) for d in context.store.datasets() if d.kind == "survey" and d.bbox]
        outline = shapely.geometry.shape(chosen.feature["geometry"])
        if boxes and not any(box.intersects(outline) for box in boxes):
            return no_region(talk, empty(said["selection_outside"].format(name=chosen.name)), language)
        instead = None
        if chosen.km2 and chosen.km2 < SMALL_KM2 and "id" not in chosen.feature["properties"]:
            middle = outline.representative_point()
            around = context.store.query("statistics_containing", lon=middle.x, lat=middle.y).rows
            instead = context.gazetteer.region(around[0][0], language) if around else None
        return {"chosen": chosen, "chosen_line": chosen_html(chosen, said, language, instead)}

    def upload(self, file: str | None, talk: Talk, language: str) -> Update:
        """A region file was uploaded; it is read and deleted."""
        if not file:
            return {}
        name, most = Path(file).name, self.options.upload_mb
        try:
            chosen = region_from_file(Path(file), name, most * 1024 * 1024)
        except LandaskError as error:
            told = words(language)["upload_refused"].format(name=name[:LONGEST_NAME], mb=most)
            return no_region(talk, empty(why(error, told, language)), language)
        return self.shown_region(chosen, talk, language)

    def forget_region(self, talk: Talk, language: str) -> Update:
        """No region is chosen any more."""
        return no_region(talk, chosen_html(None, words(language), language), language)

    # ---- the plan ----------------------------------------------------------------------------------------------

    def run_fields(self, shown: Shown | None, fields: Fields, person: Person) -> Iterator[Update]:
        """Run the plan with its fields as they stand now."""
        if shown is None or not shown.plan["steps"]:
            return
        try:
            plan = edited(shown.plan, shown.fields, fields, self.world.context, person.language)
        except LandaskError as error:
            yield self.amiss(plan_title(fields, person), str(error), person)
            return
        yield from self.run_plan(plan, plan_title(fields, person), shown.selection, person)

    def run_form(self, shown: Shown | None, form: Mapping[str, Any], person: Person) -> Iterator[Update]:
        """Run a composed question with its form as it stands now."""
        query = query_of(shown.plan) if shown else None
        if shown is None or query is None:
            return
        title = person.said["plan_edited"].format(what=shown.question)
        try:
            step = {
                **shown.plan["steps"][0],
                "arguments": changed(query, form, self.world.context, person.language).to_json(),
            }
        except LandaskError as error:
            yield self.amiss(title, str(error), person)
            return
        plan = {**shown.plan, "steps": [step]}
        yield from self.run_plan(plan, title, shown.selection, person)

    def run_text(self, shown: Shown | None, text: str, person: Person) -> Iterator[Update]:
        """Run a plan edited as text."""
        try:
            plan = read_plan(text)
        except BadArgument as error:
            yield self.amiss(person.said["plan_json"], str(error), person)
            return
        yield from self.run_plan(plan, person.said["plan_json"], shown.selection if shown else None, person)

    def run_plan(self, plan: Mapping[str, Any], title: str, selection: Any, person: Person) -> Iterator[Update]:
        """Run a plan, with no model, as a turn of the conversation."""
        refusal = self.refusal(title, person)
        if refusal:
            yield self.told(title, refusal, person)
            return

        def work(on_step: OnStep, cancel: threading.Event) -> tuple[Answer, Any]:
            answer = self.world.asker.replay(plan, question=title, selection=selection, language=person.language)
            return answer, None

        yield from self.run(work, Turn(title, selection=selection), person)

    # ---- opening and languages ---------------------------------------------------------------------------------

    def open(self, language: str | None, request: gr.Request) -> Update:
        """The first look: the browser's language and conversations, and the answer of a link, if it is one."""
        wished = preferred_language(request.headers.get("accept-language", ""))
        language = language if isinstance(language, str) and language in PAGE_LANGUAGES else wished
        person = Person(Talk(), None, language, request)
        update = {
            **self.shown_talk(person.talk, person),
            **self.shown_view(self.welcome(language), language),
            "language": language,
            "chosen_line": chosen_html(None, person.said, language),
            "head": head_html(self.world, language),
        }
        if board := request.query_params.get("board"):
            try:
                update["board"] = self.shown_board(read_board_link(board), language)
            except BadArgument as error:
                return update | self.told(person.said["board"], str(error), person)
        link = request.query_params.get("answer")
        return update | self.opened_link(link, person) if link else update

    def opened_link(self, link: str, person: Person) -> Update:
        """The answer of a shared link, made again from its plan."""
        try:
            question, plan, selection = read_link(link)
        except BadArgument as error:
            return self.told(person.said["share"], str(error), person)
        turn = Turn(question, plan=plan, selection=selection)
        return self.arrived(
            self.replayed(plan, question, selection, person.language), turn, person.talk.add(turn), person
        )

    def translate(self, person: Person, shown: Shown | None) -> Update:
        """The same page in another language."""
        language = person.language
        at = next((at for at, turn in enumerate(person.talk.turns) if shown and turn.key == shown.key), None)
        turns = (self.retold(turn, language, draw=place == at) for place, turn in enumerate(person.talk.turns))
        talk = replace(person.talk, turns=tuple(turns))
        update = self.shown_talk(talk, person)
        if at is None:
            update |= (
                self.nothing_drawn(talk, language) if talk.turns else self.shown_view(self.welcome(language), language)
            )
        else:
            update |= self.show(at, replace(person, talk=talk))
        return update | {
            "chosen_line": chosen_html(person.chosen, person.said, language),
            "head": head_html(self.world, language),
        }

    def retold(self, turn: Turn, language: str, draw: bool) -> Turn:
        """A turn told in another language: its plan is run again, for figures need no translation but words do.

        Drawn now only where it is what the map shows; another is drawn when somebody goes back to it.
        """
        if not turn.plan or turn.language == language:
            return turn
        answer = self.replayed(turn.plan, turn.question, turn.selection, language)
        if answer.status != "answered":
            return turn
        key = self.hold(turn.subject, answer, turn.selection, language)[1] if draw else ""
        told = answered(turn, answer, key, followups(answer, self.world.context))
        agreed = self.agreed(answer, turn.selection, words(language)) if turn.agreed else ""
        return replace(told, steps=turn.steps, seconds=turn.seconds, router=turn.router, agreed=agreed)

    def examples(self, language: str) -> list[str]:
        """Questions the loaded data can answer."""
        return examples_of(self.world, language)


def how_made(name: str) -> str:
    """`drawn` or `view` where an area's name is one that the page gave it, in any language: "drawn by hand 2"."""
    plain = re.sub(r" \d+$", "", name)
    ways = (way for code in PAGE_LANGUAGES for way in ("drawn", "view") if plain == words(code)[f"selection_{way}"])
    return next(ways, "")


def seen_again(earlier: Sequence[Turn], turn: Turn) -> Turn:
    """The last turn; one that only wants the answer before "on a map", "as a chart", "as a table" is known as such."""
    before = next((one for one in reversed(earlier) if one.status == "answered"), None)
    if not before or not turn.plan or not before.plan or turn.plan["steps"] != before.plan["steps"]:
        return turn
    wanted = shown_as(turn.question, turn.language or "en")
    return replace(turn, seen_as=wanted, of=before.subject) if wanted else turn


def why(error: LandaskError, told: str, language: str) -> str:
    """What is wrong with an area: exactly in English, the language of errors; elsewhere what is told of all of them."""
    return str(error) if language == "en" else told


def no_region(talk: Talk, line: str, language: str) -> Update:
    """No region is chosen, nor does the conversation remember one that "this region" could mean; `line` says why."""
    talk = talk.placeless()
    return {"talk": talk, "talks": talks_value(talk, words(language)), "chosen": None, "chosen_line": line}


def talks_value(talk: Talk, said: Mapping[str, str]) -> dict[str, Any]:
    """What the list of conversations needs to keep this one and to word its buttons."""
    named = (
        "conversations", "new", "rename", "delete", "name", "undo", "deleted", "board", "pinned", "ratings", "rated",
        "areas",
    )  # fmt: skip
    return {"talk": talk.to_json(), "words": {name: said[name] for name in named}}


def notice(text: str) -> str:
    """A line above the question box."""
    return f'<p class="la-notice" role="status">{escape(text)}</p>'


def busy(running: bool) -> Update:
    """The two buttons while a question runs, and when it does not."""
    return {"ask": gr.update(interactive=not running), "stop": gr.update(interactive=running)}


def shown_plan(fields: Fields, plan: Mapping[str, Any]) -> Update:
    """The plan's fields and its text."""
    values = {
        "plan_regions": fields.regions,
        "plan_cover": fields.cover,
        "plan_years": fields.years,
        "plan_witness": fields.witness or None,
    }
    encoder = {"plan_encoder": gr.update(value=fields.encoder)} if fields.encoder else {}
    plain = not query_of(plan)  # a composed question has a form of its own
    update = {name: gr.update(value=value, visible=plain) for name, value in values.items()}
    return {**update, **encoder, "plan_run": gr.update(visible=plain), "plan_text": plan_text(plan)}


def plan_title(fields: Fields, person: Person) -> str:
    """What stands in the conversation as the question of a changed plan."""
    witness = person.said.get("plan_source_" + fields.witness, "")
    what = " · ".join(part for part in (fields.cover, fields.regions, fields.years, witness) if part)
    return person.said["plan_edited"].format(what=what)


def encoder_of(held: Held | None) -> str:
    """The encoder an answer's plan names, or ''."""
    steps = (held.answer.plan or {}).get("steps", ()) if held else ()
    return next((str(step["arguments"]["encoder"]) for step in steps if step["arguments"].get("encoder")), "")


def point_of(held: Held | None, event: Mapping[str, Any]) -> str:
    """The LUCAS point a click means: the feature's own, or in a picture the one nearest to the click."""
    if event.get("point_id"):
        return str(event["point_id"])
    if held is None or event.get("feature") is not None:
        return ""
    lon, lat = float(event.get("lon", 0)), float(event.get("lat", 0))
    near = [
        ((x - lon) ** 2 + (y - lat) ** 2, str(f["properties"].get("point_id") or f["properties"].get("location") or ""))
        for layer in held.drawing.layers
        if layer.kind == "image"
        for f in layer.features
        for x, y in [f["geometry"]["coordinates"][:2]]
    ]
    return min(near)[1] if near else ""
