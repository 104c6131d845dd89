"""Writes `retrieval/data/ordinary.txt`: the everyday words of questions, from the wordings, and from the closed word
lists in languages that have no wordings. Reads no question.

A word that people use to ask is no misspelt class or place, and no class in words of the asker's own. Words of what is
refused (prices, wolves) are left out, since there they are the subject.
"""

from __future__ import annotations

import re

from agent.lexicon import lexicon
from agent.llm.wordings import SLOT, read_wordings
from retrieval.types import LANGUAGES, PAGE_LANGUAGES
from retrieval.word_forms import ORDINARY_FILE

HEAD = "# Everyday words of questions by language; made by `python -m agent.llm.training.ordinary`\n"
SHORTEST = 4


def ordinary_text() -> str:
    """Return the file's text."""
    words: dict[str, set[str]] = {language: set() for language in LANGUAGES}
    for wording in read_wordings():
        if wording.steps[0].operation != "refuse":
            plain = SLOT.sub(" ", wording.text).lower()
            words[wording.language].update(re.findall(rf"[^\W\d_]{{{SHORTEST},}}", plain))
    for language in LANGUAGES:
        if language not in PAGE_LANGUAGES:
            phrases = (phrase for found in lexicon(language).values() for phrase in found if "*" not in phrase)
            words[language].update(word for word in phrases if " " not in word and len(word) >= SHORTEST)
    return HEAD + "".join(f"{language} = {' '.join(sorted(found))}\n" for language, found in words.items())


if __name__ == "__main__":
    ORDINARY_FILE.write_text(ordinary_text(), encoding="utf-8")
