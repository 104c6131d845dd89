"""Conversations on disk: kept, taken up again after a restart, listed, deleted."""

from __future__ import annotations

import io
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.__main__ import main
from agent.ask import ask
from agent.conversation import Conversation
from agent.threads import Threads, new_id
from retrieval.errors import BadArgument, BadFile
from retrieval.store import Store
from tools.context import Context


@pytest.fixture
def chat(demo_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Callable[..., str]:
    """Run `python -m agent chat` with its own file of conversations; return what it prints."""

    def one(*options: str, said: str = "", code: int = 0) -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO(said))
        where = ("--store", str(demo_store.path), "--router", "builtin", "--threads", str(tmp_path / "threads.sqlite"))
        assert main(["chat", *where, *options]) == code
        told = capsys.readouterr()
        return told.out + told.err

    return one


def test_a_conversation_goes_on_after_a_restart(tmp_path: Path, demo: Context) -> None:
    file, talk = tmp_path / "threads.sqlite", Conversation()
    ask("how many vineyard points are there in Spain?", demo, router="builtin", conversation=talk)
    Threads(file).save("one", talk)
    again = Threads(file).load("one")
    assert again == Conversation.from_json(json.loads(json.dumps(talk.to_json())))
    answer = ask("and in Portugal?", demo, router="builtin", conversation=again)
    assert answer.results[0].tool == "count_points"
    assert answer.results[0].regions[0].id == "country:PT"


def test_a_question_that_waits_is_answered_after_a_restart(tmp_path: Path, demo: Context) -> None:
    threads, talk = Threads(tmp_path / "threads.sqlite"), Conversation()
    asked = ask("where is pasture in Limburg?", demo, router="builtin", conversation=talk)
    assert asked.status == "clarify"
    threads.save("one", talk)
    assert ask(asked.choices[1], demo, router="builtin", conversation=threads.load("one")).status == "answered"


def test_threads_are_listed_latest_first_and_deleted_for_good(tmp_path: Path) -> None:
    threads = Threads(tmp_path / "threads.sqlite")
    assert threads.every() == []
    threads.save("a", Conversation(turns=["where is secretmaize?"]))
    threads.save("b", Conversation(turns=["and wheat?", "and rye?"]))
    assert [(t.id, t.title, t.turns) for t in threads.every()] == [
        ("b", "and wheat?", 2),
        ("a", "where is secretmaize?", 1),
    ]
    threads.delete("a")
    assert [t.id for t in threads.every()] == ["b"]
    assert b"secretmaize" not in threads.path.read_bytes()
    with pytest.raises(BadArgument, match="no conversation 'a'"):
        threads.delete("a")


def test_only_its_owner_reads_the_file(tmp_path: Path) -> None:
    threads = Threads(tmp_path / "deep" / "threads.sqlite")
    threads.save("a", Conversation())
    assert stat.S_IMODE(threads.path.stat().st_mode) == 0o600


def test_a_file_of_another_kind_is_named_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("these are my notes, do not touch them\n" * 100, encoding="utf-8")
    with pytest.raises(BadFile, match="cannot be used"):
        Threads(file).save("a", Conversation())
    assert file.read_text(encoding="utf-8").startswith("these are my notes")


def test_ids_are_not_guessed() -> None:
    assert len({new_id() for _ in range(1000)}) == 1000


def test_chat_keeps_resumes_lists_and_deletes(chat: Callable[..., str]) -> None:
    chat(said="how many vineyard points are there in Spain?\n")
    listed = chat("--list")
    assert "how many vineyard points" in listed
    assert "Portugal" in chat("--resume", "last", said="and in Portugal?\n")
    assert "2 questions" in chat("--list")
    id = listed.split()[0]
    assert chat("--delete", id) == f"deleted {id}\n"
    assert "no conversation" in chat("--resume", id, code=2)


def test_chat_can_be_told_to_keep_nothing(chat: Callable[..., str]) -> None:
    chat("--forget", said="how many vineyard points are there in Spain?\n")
    assert chat("--list") == ""
