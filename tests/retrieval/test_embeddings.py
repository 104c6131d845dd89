"""Meaning is a last resort: it offers, it never decides."""

import json
from pathlib import Path

import numpy as np
import pytest

from retrieval import embeddings
from retrieval.embeddings import ClassVectors, class_vectors, default_encoder
from retrieval.errors import AmbiguousClass, UnknownClass
from retrieval.nomenclature import ALIKE, Nomenclature, parse_class


class Letters:
    """A toy encoder: how often each letter stands in a text."""

    model = "letters"

    def encode(self, texts):
        counts = np.array([[text.count(c) for c in "abcdefgh"] for text in texts], dtype=np.float32)
        return counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1)


needs_encoder = pytest.mark.skipif(default_encoder() is None, reason="the sentence encoder cannot be loaded here")


def test_the_nearest_text_decides_and_each_key_comes_once():
    encoder = Letters()
    vectors = ClassVectors(["A", "B", "B"], encoder.encode(["aaa", "bbb", "ccc"]), encoder)
    nearest = vectors.nearest("cc")
    assert [key for key, _ in nearest] == ["B", "A"]
    assert nearest[0][1] == pytest.approx(1.0)


@needs_encoder
def test_a_description_is_offered_as_a_question():
    with pytest.raises(AmbiguousClass) as error:
        parse_class("frozen all year")
    assert error.value.codes[0] == ("G50",)


@needs_encoder
def test_nonsense_is_refused_with_what_lies_nearest():
    with pytest.raises(UnknownClass) as error:
        parse_class("unemployment rate")
    assert len(error.value.nearest) == 3


@needs_encoder
def test_the_bundled_vectors_are_those_of_the_present_words():
    book = Nomenclature.load()
    known = embeddings._read_rows(default_encoder())
    texts = {text for _, text in embeddings.class_texts(book)}
    assert all(embeddings._mark(text) in known for text in texts)
    assert embeddings.VECTORS.stat().st_size < 1_000_000


@needs_encoder
def test_bundled_vectors_agree_with_the_encoder():
    encoder = default_encoder()
    text = Nomenclature.load().get("B82").definition
    stored = embeddings._read_rows(encoder)[embeddings._mark(text)]
    assert float(stored @ encoder.encode([text])[0]) > 0.99


def test_without_an_encoder_words_are_refused_plainly(monkeypatch):
    monkeypatch.setattr(embeddings, "class_vectors", lambda book: None)
    with pytest.raises(UnknownClass):
        parse_class("frozen all year")


@needs_encoder
def test_vectors_of_another_model_are_not_used():
    assert embeddings._read_rows(Letters()) == {}


@needs_encoder
def test_descriptions_lie_above_the_threshold_more_often_than_nonsense():
    samples = Path(__file__).parents[2] / "evals" / "samples" / "classes.jsonl"
    cases = [json.loads(line) for line in samples.read_text(encoding="utf-8").splitlines()]
    held_out = [case for case in cases if case["kind"] in ("meaning", "nonsense") and case["split"] == "test"]
    vectors = class_vectors(Nomenclature.load())
    offered = {"meaning": [], "nonsense": []}
    for case in held_out:
        offered[case["kind"]].append(vectors.nearest(case["text"])[0][1] >= ALIKE)
    assert np.mean(offered["nonsense"]) <= 0.15
    assert np.mean(offered["meaning"]) >= 0.5
