"""What every tool is given: the store, the names and, where there is one, the classifier. Opens nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retrieval.errors import BadArgument
from retrieval.gazetteer import Gazetteer
from retrieval.nomenclature import Nomenclature
from retrieval.parts import refuse
from retrieval.store import Store
from retrieval.types import Region
from tools.pixelclip.at_hand import SHIPPED, file_of, name_of

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry


@dataclass(frozen=True)
class Context:
    """The world a question is asked of. Built in `app.py`, `__main__` and `conftest.py`, nowhere else."""

    store: Store
    gazetteer: Gazetteer
    nomenclature: Nomenclature
    classifier: Any = None
    """The encoder that satellite tools ask; None means the shipped model, loaded on first use."""
    encoder: str = SHIPPED
    """The name of `classifier`, as a plan has it."""
    encoders: Mapping[str, Path] = field(default_factory=dict)
    """The other encoders a plan may name: name → file."""
    text_tower: str | None = None
    """The text tower of files that name none."""
    areas: Mapping[str, tuple[Region, BaseGeometry]] = field(default_factory=dict)
    """Areas of interest of this conversation, by id `aoi:…`: not in the store."""
    language: str = "en"
    """The language names are shown in."""
    patience: Callable[[int, int], None] | None = None
    """Of a job in the background: told how many pixels of how many are read; without it a budget ends an answer."""
    bring: Callable[[str], None] = refuse
    """Installs a part of the program that a tool turns out to need; where nobody may, says that it is missing."""

    @classmethod
    def open(cls, store: Store, encoders: Mapping[str, Path] | None = None) -> Context:
        """Return the context of one opened store; `encoders` are those at hand beside the shipped one."""
        return cls(store=store, gazetteer=Gazetteer(store), nomenclature=Nomenclature.load(), encoders=encoders or {})

    def with_area(self, region: Region, outline: BaseGeometry) -> Context:
        """Return this context with one more area of interest."""
        return replace(self, areas={**self.areas, region.id: (region, outline)})

    def seen_by(self, named: str | Path | None, tower: str | None = None) -> Context:
        """Return this context with the encoder of a name or file in place of the shipped one; the same for None.

        Raises:
            BadFile: neither such a name nor such a file; it holds no encoder.
        """
        with_tower = replace(self, text_tower=tower) if tower else self
        path = None if named is None else file_of(named, self.encoders)
        if path is None:
            return with_tower
        name = str(named) if str(named) in self.encoders else name_of(path)
        return replace(with_tower, encoders={**self.encoders, name: path}).asking(name)

    def asking(self, encoder: str) -> Context:
        """Return this context with an encoder at hand answering; the same for ''.

        Raises:
            BadArgument: no encoder of that name is at hand.
            BadFile: its file holds no encoder.
        """
        if encoder in ("", self.encoder):
            return self
        if encoder == SHIPPED:
            return replace(self, classifier=None, encoder=SHIPPED)
        if encoder not in self.encoders:
            raise BadArgument(f"no encoder {encoder!r} is at hand; there are {', '.join((SHIPPED, *self.encoders))}")
        from tools.pixelclip.encoders import open_encoder

        opened = open_encoder(self.encoders[encoder], self.text_tower)
        return replace(self, classifier=opened, encoder=encoder)

    def in_language(self, language: str) -> Context:
        """Return this context showing names in another language."""
        return replace(self, language=language)

    def region(self, words: str) -> Region:
        """Return the region of an id or a name.

        Raises:
            UnknownRegion: no region goes by it.
            AmbiguousRegion: several do.
        """
        if words in self.areas:
            return self.areas[words][0]
        return self.gazetteer.resolve(words, language=self.language)

    def named(self, identifier: str) -> Region:
        """Return the region of an id, in the context's language; of a drawn area that of this conversation.

        Raises:
            UnknownRegion: there is none.
        """
        if identifier in self.areas:
            return self.areas[identifier][0]
        return self.gazetteer.region(identifier, self.language)

    def outline(self, region: Region) -> BaseGeometry | None:
        """Return a region's outline, EPSG:4326 lon/lat, or None where none is known."""
        if region.id in self.areas:
            return self.areas[region.id][1]
        return self.gazetteer.outline(region.id)
