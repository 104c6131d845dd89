"""Where each part of the page stands, and which handler each event calls. Decides nothing itself."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.blocks import Block, BlocksConfig

from page.chat import chat_html
from page.chosen import chosen_html
from page.handlers import Handlers, Person, Update, talks_value
from page.parts import (
    board,
    chosen_area,
    conversation,
    explore,
    languages,
    map_view,
    plan_form,
    rows,
    script,
    talk_list,
)
from page.planner import WITNESSES, Fields
from page.talk import Talk
from page.told import Boarded, Clicked, Drawn, Form, Pressed, Said, told
from page.view import empty, head_html
from page.words import PAGE_LANGUAGES, spoken, words
from retrieval.errors import InputError
from retrieval.printing import one_line
from tools.pixelclip.at_hand import SHIPPED

if TYPE_CHECKING:
    from gradio.block_function import BlockFunction
    from gradio.state_holder import SessionState

log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[1]
STATIC = Path(__file__).parent / "static"
LABELLED = {
    "box": ("label", "box"),
    "ask": ("value", "ask"),
    "stop": ("value", "stop"),
    "theme": ("value", "theme"),
    "forget": ("value", "selection_clear"),
    "upload": ("label", "upload"),
    "plan_regions": ("label", "plan_region"),
    "plan_cover": ("label", "plan_class"),
    "plan_years": ("label", "plan_years"),
    "plan_witness": ("label", "plan_source"),
    "plan_encoder": ("label", "plan_encoder"),
    "plan_run": ("value", "plan_run"),
    "plan_fold": ("label", "plan_json"),
    "plan_text": ("label", "plan_json"),
    "plan_text_run": ("value", "plan_json_run"),
    "tab_explore": ("label", "tab_explore"),
    "tab_table": ("label", "table"),
    "tab_chart": ("label", "chart"),
    "tab_point": ("label", "point"),
    "tab_how": ("label", "how"),
    "tab_plan": ("label", "plan"),
    "tab_take": ("label", "take"),
}
"""Part → which of its properties holds which of the page's strings."""
KEPT_S = 24 * 3600.0
"""Seconds the server remembers an idle page: nothing tells it when one is closed (see `page.serve`)."""
WHO = ("talk", "chosen", "language", "plan_encoder")
"""The parts that make a `Person`."""
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


class Page(gr.Blocks):
    """Gradio's page, which answers what no browser of ours sends with a line, and writes a line of it to the log.

    Values that its own parts refuse, events that it has not: Gradio writes a traceback for each. One of our own code
    stays one.
    """

    async def process_api(self, *args: Any, **options: Any) -> dict[str, Any]:
        """Run an event."""
        try:
            return await super().process_api(*args, **options)
        except Exception as error:
            quiet = isinstance(error, gr.Error) and not error.print_exception
            if quiet or (is_ours(error) and not isinstance(error, InputError)):
                raise
            log.warning("an event was refused: %s", one_line(f"{type(error).__name__}: {error}")[:300])
            raise gr.Error("the page was sent what is none of its values", print_exception=False) from error

    async def postprocess_data(
        self, block_fn: BlockFunction, predictions: Any, state: SessionState | None
    ) -> list[Any]:
        """Put what an event came to into the page's parts.

        Gradio makes every part anew that an event may change, some forty at each step of an answer, and reads the
        signatures of their classes for it; here those that change are told their value.
        """
        if state is None or not isinstance(predictions, dict) or not all(isinstance(p, Block) for p in predictions):
            return await super().postprocess_data(block_fn, predictions, state)
        heavy = {part: value for part, value in predictions.items() if not is_light(part, value)}
        changing = copy(block_fn)
        changing.outputs = [part for part in block_fn.outputs if part in heavy]
        values = await super().postprocess_data(changing, heavy, state) if changing.outputs else []
        changed = dict(zip(changing.outputs, values, strict=True))
        light = {part: predictions[part] for part in block_fn.outputs if part in predictions and part not in heavy}
        return [changed.get(part, light.get(part, gr.skip())) for part in block_fn.outputs]


class Described(BlocksConfig):
    """Gradio's description of the page, each part described once: Gradio describes all forty for each person."""

    known: Mapping[int, tuple[Block, dict[str, Any]]]

    @classmethod
    def of(cls, config: BlocksConfig, known: Mapping[int, tuple[Block, dict[str, Any]]]) -> Described:
        """A description that knows these parts."""
        described = cls(config.root_block)
        described.__dict__.update(vars(config), known=known)
        return described

    @classmethod
    def once(cls, config: BlocksConfig) -> Described:
        """A description that knows all its parts."""
        return cls.of(config, {id: (part, config.config_for_block(id, [], part)) for id, part in config.blocks.items()})

    def __copy__(self) -> Described:
        """A person's own."""
        return Described.of(super().__copy__(), self.known)

    def config_for_block(
        self, _id: int, rendered_ids: list[int], block: Block, renderable: Any = None
    ) -> dict[str, Any]:
        """How a part is described; its value is written into a copy."""
        part, description = self.known.get(_id, (None, {}))
        if renderable or part is not block:
            return BlocksConfig.config_for_block(_id, rendered_ids, block, renderable)
        return {**description, "props": dict(description["props"])}


LIGHT = {"__type__", "value", "visible", "interactive", "selected"}
"""What can be told the browser of a part and need not be remembered on the server."""


def is_light(part: Block, value: Any) -> bool:
    """Whether a value goes to the browser as it stands: text of the page's own parts, or how a part looks."""
    if isinstance(value, dict) and value.get("__type__") == "update":
        return not part.stateful and value.keys() <= LIGHT
    return isinstance(part, gr.HTML) or (isinstance(part, gr.Textbox) and isinstance(value, str))


def is_ours(error: BaseException) -> bool:
    """Whether our own code was at work when it was raised."""
    files = [Path(frame.filename) for frame in traceback.extract_tb(error.__traceback__)[1:]]
    here = [file.relative_to(ROOT).parts[0] for file in files if file.is_relative_to(ROOT)]
    return any(part in ("page", "agent", "tools", "retrieval") for part in here)


class Layout:
    """The page's parts by name, put in place and wired to the handlers."""

    def __init__(self, handlers: Handlers) -> None:
        self.handlers = handlers
        self.parts: dict[str, Any] = {}
        self.said = words("en")

    def blocks(self) -> gr.Blocks:
        """Build the page."""
        with Page(title=self.said["title"], analytics_enabled=False, delete_cache=(300, 900)) as page:
            self.states()
            self.top()
            with gr.Row(elem_classes="la-panes"):
                with gr.Column(elem_id="side", min_width=0):
                    self.left()
                with gr.Column(elem_id="stage", min_width=0):
                    self.right()
            self.parts["board"] = board()
            self.wire(page)
            self.publish()
        page.default_config = Described.once(page.default_config)
        return page

    # ---- parts -------------------------------------------------------------------------------------------------

    def states(self) -> None:
        """What one person's page remembers."""
        self.parts |= {
            "talk": gr.State(Talk(), time_to_live=KEPT_S),
            "chosen": gr.State(None, time_to_live=KEPT_S),
            "shown": gr.State(None, time_to_live=KEPT_S),
            "tongue": gr.BrowserState("", storage_key="landask-language", secret="landask-talks-01"),
        }

    def top(self) -> None:
        """Title, data, language, light or dark."""
        with gr.Row(elem_classes="la-top"):
            self.parts["head"] = gr.HTML(head_html(self.handlers.world, "en"), apply_default_css=False)
            self.parts["language"] = languages("en", PAGE_LANGUAGES, "Language · Langue")
            self.parts["theme"] = self.button("theme", size="sm", scale=0, min_width=110)

    def left(self) -> None:
        """The conversations, this one, and the composer: the area chosen and the question box."""
        said, parts = self.said, self.parts
        parts["talks"] = talk_list(talks_value(Talk(), said))
        parts["chat"] = conversation(chat_html(Talk(), said, "en", self.handlers.examples("en")))
        with gr.Column(elem_id="composer", min_width=0):
            parts["notice"] = self.html("", elem_id="notice")
            with gr.Row(elem_id="area"):
                parts["chosen_line"] = chosen_area(chosen_html(None, said, "en"))
                parts["upload"] = gr.UploadButton(
                    said["upload"],
                    type="filepath",  # of any ending: what a file is, its bytes tell
                    size="sm",
                    elem_id="upload",
                    min_width=0,
                    scale=0,
                )
                parts["forget"] = self.button("selection_clear", size="sm", min_width=0, scale=0)
            with gr.Row(elem_id="asking"):
                parts["box"] = gr.Textbox(
                    label=said["box"], placeholder=said["example_survey_1"], lines=1, max_lines=5, elem_id="box",
                    scale=1, min_width=0,
                )  # fmt: skip
                parts["ask"] = self.button("ask", variant="primary", min_width=0, scale=0)
                parts["stop"] = self.button("stop", interactive=False, min_width=0, scale=0)

    def right(self) -> None:
        """The map, and under it the look around, table, chart, point, account, plan and downloads."""
        said, parts = self.said, self.parts
        view = self.handlers.welcome("en")
        parts["map"] = map_view(view.map)
        with gr.Tabs(elem_id="drawer") as parts["tabs"]:
            with self.tab("explore", "tab_explore"):
                parts["explore"] = explore()
            with self.tab("table"):
                parts["rows"] = rows(view.table)
            with self.tab("chart"):
                parts["chart"] = self.html(view.chart, elem_id="chart")
            with self.tab("point"):
                parts["point"] = self.html(empty(said["no_point"]), elem_id="point")
            with self.tab("how"):
                parts["how"] = self.html(view.how, elem_id="how")
            with self.tab("plan"):
                self.plan()
            with self.tab("take"):
                parts["take"] = self.html(view.take, elem_id="take")

    def plan(self) -> None:
        """The plan as fields and as text."""
        said, parts = self.said, self.parts
        parts["plan_help"] = self.html(empty(said["plan_help"]))
        with gr.Row():
            parts["plan_regions"] = gr.Textbox(label=said["plan_region"], max_lines=1, elem_id="plan-regions")
            parts["plan_cover"] = gr.Textbox(label=said["plan_class"], max_lines=1, elem_id="plan-cover")
        with gr.Row():
            parts["plan_years"] = gr.Textbox(label=said["plan_years"], max_lines=1, elem_id="plan-years")
            parts["plan_witness"] = gr.Radio(witnesses(said), label=said["plan_source"], elem_id="plan-witness")
            parts["plan_encoder"] = self.encoder()
        parts["plan_run"] = self.button("plan_run", variant="primary")
        parts["plan_form"] = plan_form()
        with gr.Accordion(said["plan_json"], open=False) as parts["plan_fold"]:
            parts["plan_text"] = gr.Textbox(label=said["plan_json"], lines=8, max_lines=20, elem_id="plan-text")
            parts["plan_text_run"] = self.button("plan_json_run")

    def encoder(self) -> gr.Radio:
        """Which encoder the satellite is asked with, now and from now on; shown where several are at hand."""
        context = self.handlers.world.context
        names = dict.fromkeys((context.encoder, SHIPPED, *context.encoders))
        return gr.Radio(
            list(names), value=context.encoder, label=self.said["plan_encoder"], elem_id="plan-encoder",
            visible=len(names) > 1,
        )  # fmt: skip

    def button(self, name: str, **look: Any) -> gr.Button:
        """A button that says one of the page's strings."""
        return gr.Button(self.said[name], elem_id=name.replace("_", "-"), **look)

    def tab(self, name: str, says: str = "") -> gr.Tab:
        """A tab that says one of the page's strings."""
        tab = self.parts[f"tab_{name}"] = gr.Tab(self.said[says or name], id=name, elem_id=f"tab-{name}")
        return tab

    def html(self, value: str, **look: Any) -> gr.HTML:
        """Text of the page's own."""
        return gr.HTML(value, apply_default_css=False, **look)

    # ---- events ------------------------------------------------------------------------------------------------

    def wire(self, page: gr.Blocks) -> None:
        """What each event does."""
        p = self.parts
        self.on_questions()
        self.on_regions()
        who = self.who()
        p["stop"].click(self.handlers.stop, queue=False, **QUIET)
        self.on_talks(who)
        p["theme"].click(None, js=script("theme"), **QUIET)
        p["language"].input(None, p["language"], p["tongue"], js="(code) => code", **QUIET)
        self.one(
            p["language"].input,
            lambda shown, person: merged(labels(person.language), self.handlers.translate(person, shown)),
            [p["shown"], *who],
            trigger_mode="always_last",  # a language chosen while another comes is not lost
        )
        page.load(self.opened, [p["tongue"]], self.outputs(), **QUIET).then(None, js=script("opened"), **QUIET)
        page.load(None, js=script("firstTheme"), **QUIET)

    def on_talks(self, who: list[Any]) -> None:
        """The buttons of the list of conversations."""

        def pressed(request: gr.Request, event: gr.EventData, *values: Any) -> dict[Any, Any]:
            return self.placed(self.handlers.on_talks(told(event, Pressed), person(values, request)))

        self.parts["talks"].click(pressed, who, self.outputs(), **QUIET)

        def board_pressed(language: str, event: gr.EventData) -> Update:
            return self.placed(self.handlers.on_board(told(event, Boarded), spoken(language)))

        self.parts["board"].click(board_pressed, self.parts["language"], self.parts["board"], **QUIET)

    def on_questions(self) -> None:
        """Everything that asks or runs a plan: queued together, as many at once as the options say."""
        p, who, handlers = self.parts, self.who(), self.handlers
        fields = [p["plan_regions"], p["plan_cover"], p["plan_years"], p["plan_witness"], p["plan_encoder"]]

        self.many(p["box"].submit, handlers.ask, [p["box"], *who])
        self.many(p["ask"].click, handlers.ask, [p["box"], *who])
        self.many(
            p["plan_run"].click,
            lambda shown, regions, cover, years, witness, encoder, person: handlers.run_fields(
                shown, Fields(regions, cover, years, witness or "", encoder or ""), person
            ),
            [p["shown"], *fields, *who],
        )
        self.many(p["plan_text_run"].click, handlers.run_text, [p["shown"], p["plan_text"], *who])

        def on_form(request: gr.Request, event: gr.EventData, shown: Any, *values: Any) -> Iterator[dict[Any, Any]]:
            yield from self.placed_each(handlers.run_form(shown, told(event, Form), person(values, request)))

        p["plan_form"].click(on_form, [p["shown"], *who], self.outputs(), **self.queued())

        def on_chat(request: gr.Request, event: gr.EventData, *values: Any) -> Iterator[dict[Any, Any]]:
            said = told(event, Said)
            yield from self.placed_each(
                handlers.on_chat(said["act"], said["turn"], said["value"], person(values, request))
            )

        p["chat"].click(on_chat, who, self.outputs(), **self.queued())

    def on_regions(self) -> None:
        """The map's events, the upload and forgetting."""
        p, handlers = self.parts, self.handlers

        def clicked(language: str, event: gr.EventData) -> Update:
            return self.placed(handlers.on_point(told(event, Clicked), spoken(language)), "point")

        def drawn(talk: Talk, language: str, event: gr.EventData) -> Update:
            return self.placed(handlers.on_region(told(event, Drawn), talk, spoken(language)))

        p["map"].select(clicked, p["language"], [p["point"], p["tabs"]], **QUIET)
        asked = [p["talk"], p["language"]]
        chosen = [p["talk"], p["talks"], p["chosen"], p["chosen_line"]]
        p["map"].input(drawn, asked, chosen, **QUIET)
        p["upload"].upload(
            lambda file, talk, language: self.placed(handlers.upload(file, talk, spoken(language))),
            [p["upload"], *asked], chosen, **QUIET,
        )  # fmt: skip
        p["forget"].click(
            lambda talk, language: self.placed(handlers.forget_region(talk, spoken(language))), asked, chosen, **QUIET
        )

    def who(self) -> list[Any]:
        """The inputs that make a `Person`."""
        return [self.parts[name] for name in WHO]

    def outputs(self) -> list[Any]:
        """Everything an event may change."""
        return list(self.parts.values())

    def publish(self) -> None:
        """The same question as an endpoint for programs."""
        gr.api(
            self.handlers.ask_api,
            api_name="ask",
            api_description="Ask about Europe's land; returns the answer as one JSON object.",
            concurrency_limit=self.handlers.options.max_concurrent,
            concurrency_id="ask",
        )

    def queued(self) -> dict[str, Any]:
        """How questions wait for each other; a second one of the same page is heard, and told to wait."""
        return {
            **QUIET,
            "trigger_mode": "multiple",
            "concurrency_limit": self.handlers.options.max_concurrent,
            "concurrency_id": "ask",
        }

    def placed(self, update: Update, instead: str = "talk") -> dict[Any, Any]:
        """An update by part instead of by name.

        One that changes nothing still names a part, `instead`: Gradio takes an empty one for a value too few.
        """
        return {self.parts[name]: value for name, value in (update or {instead: gr.skip()}).items()}

    def placed_each(self, updates: Iterator[Update]) -> Iterator[dict[Any, Any]]:
        """Each update by part; a handler that has none changes nothing."""
        nothing = True
        for update in updates:
            nothing = False
            yield self.placed(update)
        if nothing:
            yield self.placed({})

    def one(self, event: Callable[..., Any], handle: Callable[..., Update], inputs: list[Any], **how: Any) -> None:
        """An event that is answered at once; the last inputs are the person."""

        def handled(request: gr.Request, *values: Any) -> dict[Any, Any]:
            return self.placed(handle(*values[: -len(WHO)], person(values[-len(WHO) :], request)))

        event(handled, inputs, self.outputs(), **QUIET, **how)

    def many(self, event: Callable[..., Any], handle: Callable[..., Iterator[Update]], inputs: list[Any]) -> None:
        """An event that is answered step by step."""

        def handled(request: gr.Request, *values: Any) -> Iterator[dict[Any, Any]]:
            yield from self.placed_each(handle(*values[: -len(WHO)], person(values[-len(WHO) :], request)))

        event(handled, inputs, self.outputs(), **self.queued())

    def opened(self, tongue: str, request: gr.Request) -> dict[Any, Any]:
        """The page is opened."""
        update = self.handlers.open(tongue, request)
        language = str(update["language"])
        return self.placed(update if language == "en" else merged(labels(language), update))  # it is built in English


def person(values: Sequence[Any], request: gr.Request) -> Person:
    """Who is asking, of the values of `WHO`."""
    talk, chosen, language, encoder = values
    return Person(talk, chosen, spoken(language), request, encoder or "")


def merged(labels: Update, update: Update) -> Update:
    """Both updates, also where they change different properties of one part."""
    both = {name: {**labels[name], **update[name]} for name in labels.keys() & update.keys() if is_change(update[name])}
    return labels | update | both


def is_change(value: Any) -> bool:
    """Whether a value is Gradio's change of properties, not a whole value."""
    return isinstance(value, dict) and value.get("__type__") == "update"


def change(**properties: Any) -> dict[str, Any]:
    """Gradio's change of some of a part's properties."""
    return {"__type__": "update", **properties}


def labels(language: str) -> Update:
    """Every label in one language."""
    said = words(language)
    update: Update = {name: change(**{what: said[key]}) for name, (what, key) in LABELLED.items()}
    return update | {
        "box": gr.update(label=said["box"], placeholder=said["example_survey_1"]),
        "plan_help": empty(said["plan_help"]),
        "plan_witness": gr.update(label=said["plan_source"], choices=witnesses(said)),
    }


def witnesses(said: Mapping[str, str]) -> list[tuple[str, str]]:
    """The three witnesses as the page calls them."""
    return [(said[f"plan_source_{witness}"], witness) for witness in WITNESSES]
