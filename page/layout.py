"""The page: where each part stands and what each button does. Answers come from the world it is given."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from agent.answer import Answer, Step
from page.asking import Asking, Failed, Stopped, World
from page.chat import chat_html
from page.limits import Limiter
from page.parts import conversation, map_view, rows
from page.shelf import Held, Shelf
from page.talk import Talk, Turn, answered, kept, read_talks
from page.view import View, draw, empty_view, view_of
from page.words import PAGE_LANGUAGES, preferred_language, words

STATIC = Path(__file__).parent / "static"
LONGEST_QUESTION = 2_000
"""Characters; a question is a sentence or two."""

Update = dict[Any, Any]


@dataclass(frozen=True)
class Options:
    """How the page is served."""

    max_concurrent: int = 4
    per_minute: int = 30
    """Questions of one person in a minute; ten times as many from one address. 0: no limit."""
    upload_mb: int = 10
    online: Mapping[str, str] | None = None
    """An online base map: `tiles` and `attribution`; None keeps every request on this machine."""


@dataclass
class Page:
    """The page's state between people: the answers held and the questions running."""

    world: World
    options: Options = field(default_factory=Options)
    shelf: Shelf = field(default_factory=Shelf)
    running: dict[str, Asking] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_person = Limiter(self.options.per_minute)
        self.by_address = Limiter(self.options.per_minute * 10)

    # ---- asking ------------------------------------------------------------------------------------------------

    def ask(
        self,
        question: str,
        talk: Talk,
        chosen: Mapping[str, Any] | None,
        language: str,
        talks: Any,
        request: gr.Request,
    ) -> Iterator[Update]:
        """Answer a question, step by step."""
        question = (question or "").strip()
        if not question:
            yield {self.box: gr.skip()}
            return
        said = words(language)
        wait = self.must_wait(request)
        if wait or len(question) > LONGEST_QUESTION:
            why = (
                said["too_fast"].format(seconds=int(wait) + 1)
                if wait
                else said["too_long"].format(most=LONGEST_QUESTION)
            )
            talk = talk.add(Turn(question[:LONGEST_QUESTION], status="refused", text=why))
            yield {self.talk: talk, self.chat: chat_html(talk, said, language)}
            return
        selection = (chosen or {}).get("selection")
        work = functools.partial(self.world.asker.ask, question, memory=talk.memory, selection=selection)
        yield from self.run(work, Turn(question, selection=selection), talk, language, talks, request)

    def run(
        self, work: Any, turn: Turn, talk: Talk, language: str, talks: Any, request: gr.Request
    ) -> Iterator[Update]:
        """Show a question's steps as they come, then its answer."""
        said = words(language)
        talk = talk.add(turn)
        yield {
            self.talk: talk,
            self.chat: chat_html(talk, said, language),
            self.box: gr.update(value=""),
            self.ask_button: gr.update(interactive=False),
            self.stop_button: gr.update(interactive=True),
        }
        person = request.session_hash or ""
        asking = Asking(lambda on_step: work(on_step=on_step))
        self.running[person] = asking
        started = time.perf_counter()
        try:
            for event in asking.said():
                if isinstance(event, Step):
                    turn = replace(turn, steps=(*turn.steps, event))
                    talk = talk.with_last(turn)
                    yield {self.talk: talk, self.chat: chat_html(talk, said, language)}
                    continue
                yield self.arrived(event, turn, replace(talk, memory=asking.memory), language, talks)
        except Stopped:
            turn = replace(turn, status="stopped", seconds=time.perf_counter() - started)
            yield self.shown_talk(talk.with_last(turn), language, talks)
        except Failed as failure:
            turn = replace(turn, status="error", text=said["failed"].format(code=failure.code))
            yield self.shown_talk(talk.with_last(turn), language, talks)
        finally:
            self.running.pop(person, None)

    def arrived(self, answer: Answer, turn: Turn, talk: Talk, language: str, talks: Any) -> Update:
        """Everything an answer changes on the page."""
        held = Held(turn.question, answer, draw(answer, self.world.context, language), turn.selection)
        key = self.shelf.put(held)
        talk = talk.with_last(answered(turn, answer, key))
        update = self.shown_talk(talk, language, talks)
        if answer.results:
            update |= self.shown_view(view_of(held, key, self.world.context, language, self.options.online), language)
        return update

    def shown_talk(self, talk: Talk, language: str, talks: Any) -> Update:
        """The conversation on the page and in the browser's keeping."""
        every = kept(read_talks(talks), talk)
        return {
            self.talk: talk,
            self.chat: chat_html(talk, words(language), language),
            self.ask_button: gr.update(interactive=True),
            self.stop_button: gr.update(interactive=False),
            self.browser: [each.to_json() for each in every],
        }

    def shown_view(self, view: View, language: str) -> Update:
        """The right-hand side on the page."""
        said = words(language)
        return {
            self.map: view.map,
            self.rows: view.table,
            self.chart: gr.update(value=view.chart, visible=view.chart is not None),
            self.no_chart: gr.update(
                value=f'<p class="la-empty">{escape(said["no_chart"])}</p>', visible=view.chart is None
            ),
            self.how: view.how,
            self.take: view.take,
        }

    def stop(self, request: gr.Request) -> None:
        """Stop this person's running question."""
        asking = self.running.get(request.session_hash or "")
        if asking:
            asking.stop()

    def must_wait(self, request: gr.Request) -> float:
        """Seconds until this person may ask again, 0 where they may now."""
        address = request.client.host if request.client else ""
        return self.by_person.wait(request.username or request.session_hash or "") or self.by_address.wait(address)

    def on_chat(
        self, talk: Talk, chosen: Any, language: str, talks: Any, request: gr.Request, event: gr.EventData
    ) -> Iterator[Update]:
        """A button inside the conversation."""
        act, at, value = event._data["act"], int(event._data["turn"]), str(event._data["value"])
        if act in ("ask", "choose"):
            yield from self.ask(value, talk, chosen, language, talks, request)
        elif act == "show" and 0 <= at < len(talk.turns):
            yield from self.show(at, talk, language, talks, request)

    def show(self, at: int, talk: Talk, language: str, talks: Any, request: gr.Request) -> Iterator[Update]:
        """Bring an earlier answer back to the map; made again from its plan where it is no longer held."""
        turn = talk.turns[at]
        held = self.shelf.get(turn.key)
        if held:
            yield self.shown_view(view_of(held, turn.key, self.world.context, language, self.options.online), language)
        elif turn.plan:
            yield from self.run(
                functools.partial(
                    self.world.asker.replay, turn.plan, question=turn.question, selection=turn.selection
                ),
                Turn(turn.question, selection=turn.selection), talk, language, talks, request,
            )  # fmt: skip

    # ---- opening -----------------------------------------------------------------------------------------------

    def open(self, talks: Any, request: gr.Request) -> Update:
        """The first look: the browser's language, its conversations, nothing asked yet."""
        language = preferred_language(request.headers.get("accept-language", ""))
        talk = Talk()
        return {
            self.talk: talk,
            self.language: language,
            **self.in_words(language, talk),
            **self.shown_view(empty_view(language, self.options.online), language),
        }

    def translate(self, language: str, talk: Talk) -> Update:
        """The same page in another language."""
        update = self.in_words(language, talk)
        key = next((turn.key for turn in reversed(talk.turns) if turn.key), "")
        held = self.shelf.get(key)
        view = empty_view(language, self.options.online)
        if held:
            held = replace(held, drawing=draw(held.answer, self.world.context, language))
            view = view_of(held, self.shelf.put(held), self.world.context, language, self.options.online)
        return update | self.shown_view(view, language)

    def in_words(self, language: str, talk: Talk) -> Update:
        """Every label in one language."""
        said = words(language)
        return {
            self.head: self.head_html(language),
            self.chat: chat_html(talk, said, language, self.examples(language)),
            self.box: gr.update(label=said["box"], placeholder=said["box_hint"]),
            self.ask_button: gr.update(value=said["ask"]),
            self.stop_button: gr.update(value=said["stop"]),
            self.language: gr.update(label=said["language"]),
            self.theme: gr.update(value=said["theme"]),
            **{tab: gr.update(label=said[name]) for name, tab in self.tabs.items()},
        }

    def head_html(self, language: str) -> str:
        """Title, data, years and router in one line; "synthetic" wherever the demo world answers."""
        said = words(language)
        data = self.world.context.store.datasets()
        shown = [d for d in data if d.kind in ("survey", "statistics", "pixels")]
        titles = ", ".join(f"{d.title} ({d.licence})" for d in shown)
        years = sorted({year for d in shown if d.kind == "survey" for year in d.years})
        line = " · ".join(
            [
                said["data_line"].format(data=titles),
                *([said["years_line"].format(years=", ".join(map(str, years)))] if years else []),
                said["router_line"].format(router=self.world.router),
            ]
        )
        demo = any(d.synthetic for d in shown)
        badge = f'<span class="la-demo">{escape(said["demo"])}</span>' if demo else ""
        return f'<header class="la-head"><h1>{escape(said["title"])}</h1><p>{escape(line)}</p>{badge}</header>'

    def examples(self, language: str) -> list[str]:
        """Questions the loaded data can answer."""
        said = words(language)
        kinds = {d.kind for d in self.world.context.store.datasets()}
        return [
            text for name, text in sorted(said.items()) if name.startswith("example_") and name.split("_")[1] in kinds
        ]

    # ---- layout ------------------------------------------------------------------------------------------------

    def blocks(self) -> gr.Blocks:
        """Build the page."""
        said = words("en")
        with gr.Blocks(title=said["title"], analytics_enabled=False, delete_cache=(600, 3600)) as page:
            self.talk = gr.State(Talk())
            self.chosen = gr.State(None)
            self.browser = gr.BrowserState([], storage_key="landask-talks", secret="landask-talks-01")
            with gr.Row(elem_classes="la-top"):
                self.head = gr.HTML(self.head_html("en"))
                self.language = gr.Dropdown(
                    [(name, code) for code, name in PAGE_LANGUAGES.items()],
                    value="en", label=said["language"], scale=0, min_width=140, elem_id="language",
                )  # fmt: skip
                self.theme = gr.Button(said["theme"], scale=0, min_width=120, size="sm", elem_id="theme")
            with gr.Row(elem_classes="la-panes"):
                with gr.Column(scale=4, min_width=320):
                    self.left(said)
                with gr.Column(scale=7, min_width=320):
                    self.right(said)
            self.wire(page)
        return page

    def left(self, said: Mapping[str, str]) -> None:
        """The conversation and the question box."""
        self.chat = conversation(chat_html(Talk(), said, "en", self.examples("en")))
        self.box = gr.Textbox(
            label=said["box"], placeholder=said["box_hint"], lines=1, max_lines=5, elem_id="box", autofocus=True
        )
        with gr.Row():
            self.ask_button = gr.Button(said["ask"], variant="primary", elem_id="ask")
            self.stop_button = gr.Button(said["stop"], interactive=False, elem_id="stop")

    def right(self, said: Mapping[str, str]) -> None:
        """Map, table, chart and account."""
        view = empty_view("en", self.options.online)
        self.map = map_view(view.map)
        self.tabs: dict[str, gr.Tab] = {}
        with gr.Tabs():
            with gr.Tab(said["table"], elem_id="tab-table") as self.tabs["table"]:
                self.rows = rows(view.table)
            with gr.Tab(said["chart"], elem_id="tab-chart") as self.tabs["chart"]:
                self.no_chart = gr.HTML(f'<p class="la-empty">{escape(said["no_chart"])}</p>')
                self.chart = gr.Plot(visible=False, show_label=False, elem_id="chart")
            with gr.Tab(said["how"], elem_id="tab-how") as self.tabs["how"]:
                self.how = gr.HTML(view.how)
            with gr.Tab(said["take"], elem_id="tab-take") as self.tabs["take"]:
                self.take = gr.HTML(view.take)

    def wire(self, page: gr.Blocks) -> None:
        """What each event does."""
        after = [
            self.talk, self.chat, self.box, self.ask_button, self.stop_button, self.browser,
            self.map, self.rows, self.chart, self.no_chart, self.how, self.take,
        ]  # fmt: skip
        labels = [
            self.head,
            self.chat,
            self.box,
            self.ask_button,
            self.stop_button,
            self.language,
            self.theme,
            *self.tabs.values(),
        ]
        right = [self.map, self.rows, self.chart, self.no_chart, self.how, self.take]
        asked = {
            "inputs": [self.box, self.talk, self.chosen, self.language, self.browser],
            "outputs": after,
            "concurrency_limit": self.options.max_concurrent,
            "concurrency_id": "ask",
            "show_progress": "hidden",
            "api_visibility": "private",
        }
        quiet = {"show_progress": "hidden", "api_visibility": "private"}
        self.box.submit(self.ask, **asked)
        self.ask_button.click(self.ask, **asked)
        self.chat.click(self.on_chat, **(asked | {"inputs": asked["inputs"][1:]}))
        self.stop_button.click(self.stop, queue=False, **quiet)
        self.theme.click(None, js="() => landask.theme()", **quiet)
        self.language.input(self.translate, [self.language, self.talk], [*labels, *right], **quiet)
        self.language.change(None, self.language, js="(code) => { landask.language(code); }", **quiet)
        page.load(self.open, [self.browser], [self.talk, *labels, *right], **quiet)
        page.load(None, js="() => landask.firstTheme()", **quiet)
