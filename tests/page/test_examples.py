"""The page's example questions, asked of the demo store: what it offers, it can answer."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from threading import Event

import pytest

from app import Agent
from page.asking import World
from page.exports import file_of
from page.shelf import Held
from page.view import draw, examples_of
from page.words import PAGE_LANGUAGES
from retrieval.store import Store
from tools.context import Context


@pytest.mark.parametrize("language", PAGE_LANGUAGES)
def test_every_example_is_answered_in_its_own_language(demo_store: Store, language: str) -> None:
    context = Context.open(demo_store)
    agent = Agent(context, "builtin", None)
    examples = examples_of(World(context, agent), language)
    assert len(examples) >= 5
    for question in examples:
        answer, _ = agent.ask(question, memory=None, selection=None, on_step=lambda step: None, cancel=Event())
        assert (answer.status, answer.language) == ("answered", language), question
        assert answer.results[0].value not in (None, 0), question


def test_the_packets_notebook_makes_the_same_answer_again(
    demo_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    context = Context.open(demo_store)
    question = "Where is vineyard in Hérault?"
    answer, _ = Agent(context, "builtin", None).ask(
        question, memory=None, selection=None, on_step=lambda step: None, cancel=Event()
    )
    content = file_of(Held(question, answer, *draw(answer, context, "en")), "answer.zip")
    assert content
    zipfile.ZipFile(io.BytesIO(content)).extractall(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANDASK", str(Path(__file__).parents[2]))
    monkeypatch.setenv("LANDASK_STORE", str(demo_store.path))
    run: dict[str, object] = {}
    for cell in json.loads((tmp_path / "notebook.ipynb").read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec(cell["source"], run)
    assert capsys.readouterr().out.splitlines()[-1] == "the same answer"
