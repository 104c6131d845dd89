"""Conversations on disk: one SQLite file, a row each, so that a thread survives a restart. Plans and renders nothing.

Not LangGraph's checkpointer: see `docs/decisions/0004-conversations-in-one-table.md`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from agent.conversation import Conversation
from retrieval.errors import BadArgument, BadFile
from retrieval.foreign import read_json

TABLE = "CREATE TABLE IF NOT EXISTS threads (id TEXT PRIMARY KEY, title TEXT, changed TEXT, turns INTEGER, state TEXT)"
BUSY_S = 5.0
LONGEST_TITLE = 80


@dataclass(frozen=True)
class Thread:
    """One conversation as a list shows it."""

    id: str
    title: str
    """Its first question."""
    changed: str
    """When it was last added to, UTC."""
    turns: int


def default_path() -> Path:
    """Return where a person's conversations are kept."""
    import platformdirs

    return Path(platformdirs.user_data_dir("landask", appauthor=False)) / "conversations.sqlite"


def new_id() -> str:
    """Return an id nobody can guess."""
    return uuid4().hex[:12]


@dataclass(frozen=True)
class Threads:
    """The conversations in one file, which is made when something is first kept and readable by its owner alone."""

    path: Path

    def save(self, id: str, conversation: Conversation) -> None:
        """Keep a conversation as it stands."""
        state = json.dumps(conversation.to_json(), ensure_ascii=False)
        title = (conversation.turns or [""])[0][:LONGEST_TITLE]
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._open() as file:
            file.execute(
                "INSERT OR REPLACE INTO threads VALUES (?, ?, ?, ?, ?)",
                (id, title, now, len(conversation.turns), state),
            )

    def load(self, id: str) -> Conversation:
        """Return a conversation as it was left.

        Raises:
            BadArgument: there is none of this id.
        """
        row = None
        if self.path.exists():
            with self._open() as file:
                row = file.execute("SELECT state FROM threads WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise BadArgument(f"no conversation {id!r}; `python -m agent chat --list` shows what there is")
        try:
            return Conversation.from_json(read_json(str(row[0]), f"conversation {id}"))
        except BadArgument as error:
            raise BadFile(f"the conversation {id!r} kept in {self.path} cannot be read: {error}") from error

    def every(self) -> list[Thread]:
        """Return the conversations, the latest first."""
        if not self.path.exists():
            return []
        with self._open() as file:
            rows = file.execute("SELECT id, title, changed, turns FROM threads ORDER BY changed DESC, rowid DESC")
            return [Thread(*row) for row in rows]

    def delete(self, id: str) -> None:
        """Delete a conversation for good; its words do not stay in the file.

        Raises:
            BadArgument: there is none of this id.
        """
        with self._open() as file:
            gone = file.execute("DELETE FROM threads WHERE id = ?", (id,)).rowcount
        if not gone:
            raise BadArgument(f"no conversation {id!r}; `python -m agent chat --list` shows what there is")

    @contextmanager
    def _open(self) -> Generator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if not self.path.exists():
                self.path.touch(mode=0o600)
            with closing(sqlite3.connect(self.path, timeout=BUSY_S)) as file, file:
                file.execute("PRAGMA secure_delete = ON")
                file.execute(TABLE)
                yield file
        except (sqlite3.DatabaseError, OSError) as error:
            raise BadFile(f"the conversations in {self.path} cannot be used: {error}") from error
