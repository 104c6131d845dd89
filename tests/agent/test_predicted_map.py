"""The cells of a finished map are asked by words, in any language; without a map in the store that is said."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from agent.ask import ask
from retrieval.mapped_cells import add_cells
from retrieval.store import Store
from retrieval.types import Dataset
from tools.context import Context

MAP = Dataset("map-made", "A map", "1", "made", "made", "0" * 64, 8, (2021,), None, True, "predictions")


@pytest.fixture(scope="module")
def mapped(demo_store: Store, tmp_path_factory: pytest.TempPathFactory) -> Context:
    """The bundled store with a map of eight cells near Liège: three of maize, five of wheat."""
    path: Path = tmp_path_factory.mktemp("map") / "s.duckdb"
    shutil.copy(demo_store.path, path)
    rising = np.arange(8)
    cells = {
        "cell": 398_848_000_306_688 + rising, "lon": 5.33 + rising * 1e-4, "lat": np.full(8, 50.63),
        "land_cover": np.array(["B16"] * 3 + ["B11"] * 5, dtype=object),
        "probability": (40 + 5 * rising).astype(np.uint8), "margin": rising.astype(np.uint8), "far": rising > 6,
    }  # fmt: skip
    add_cells(path, iter([cells]), 2021, MAP)
    return Context.open(Store.open(path))


@pytest.mark.parametrize(
    "question",
    [
        "how much of Belgium does the predicted map call maize",
        "how many cells of the predicted map in Belgium are maize",
        "wie viel von Belgien ist auf der vorhergesagten Karte Mais",
        "combien de cellules de la carte prédite sont du maïs en Belgique",
        "ile komórek mapy predykcji w Belgii to kukurydza",
        "kuinka monta kartan solua Belgiassa on maissia",
        "¿Cuántas celdas del mapa predicho son maíz en Bélgica?",
    ],
)
def test_a_class_is_counted_in_cells_of_those_mapped(mapped: Context, question: str):
    answer = ask(question, mapped)
    [result] = answer.results
    assert (result.arguments["source"], result.value, result.unit) == ("predictions", 3, "cells")
    assert "8" in answer.text
    assert result.interval is None
    assert answer.caveats


def test_classes_of_the_map_are_ranked(mapped: Context):
    [result] = ask("which classes are most common on the predicted map of Belgium", mapped).results
    assert result.arguments["source"] == "predictions"
    assert result.value == 8


@pytest.mark.parametrize(
    "question",
    [
        "how much of Corsica does the predicted map call vineyard",
        "wie viel von Korsika ist auf der Karte des Klassifikators Wein",
    ],
)
def test_without_a_map_that_is_said(demo_store: Store, question: str):
    answer = ask(question, Context.open(demo_store))
    assert answer.status == "refused"
    assert "docs/pixelclip.md" in answer.text


def test_a_grouped_number_that_begins_with_another_cell_is_supported(mapped: Context):
    from agent.check import unsupported

    [result] = ask("which classes are most common on the predicted map of Belgium", mapped).results
    assert unsupported("1,888 cells", [result], "en", mapped) == ["1,888"]
