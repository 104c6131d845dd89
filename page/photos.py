"""Ground photos of a survey point that lie on this machine. Fetches none: `python -m retrieval fetch photos` does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

CREDIT = "© European Union, Eurostat LUCAS, CC BY 4.0"
VIEWS = {"P": "point", "N": "north", "E": "east", "S": "south", "W": "west", "C": "cover"}
NAMED = re.compile(r"(?P<year>20\d\d).*?(?P<id>\d{8})_?(?P<view>[PNESWC])[^/]*\.jpe?g$", re.IGNORECASE)
"""A photo's path from the folder: the survey's year, the point's eight digits, the way the camera looked."""


@dataclass(frozen=True)
class Photo:
    """One photo of one visit."""

    file: Path
    year: int
    view: str


def photos_at(folder: Path | None, point_id: str) -> list[Photo]:
    """Return the photos of a point in a folder and its sub-folders, the newest visit's first, the point itself before
    the four directions.
    """
    if folder is None or not folder.is_dir() or not point_id.isdigit():
        return []
    found = []
    for file in folder.rglob(f"*{int(point_id):08d}*.jp*g"):
        named = NAMED.search(file.relative_to(folder).as_posix())
        if named and named["id"] == f"{int(point_id):08d}":
            found.append(Photo(file, int(named["year"]), named["view"].upper()))
    return sorted(found, key=lambda photo: (-photo.year, list(VIEWS).index(photo.view)))


def photos_html(photos: list[Photo], point_id: str, words: Mapping[str, str]) -> str:
    """The photos as pictures, each with what it shows and whose it is."""
    figures = []
    for at, photo in enumerate(photos):
        shows = words["photo"].format(point=point_id, year=photo.year, view=words["photo_" + VIEWS[photo.view]])
        figures.append(
            f'<figure><a href="photo/{point_id}/{at}" target="_blank"><img src="photo/{point_id}/{at}" '
            f'alt="{escape(shows)}" loading="lazy"></a><figcaption>{escape(shows)}</figcaption></figure>'
        )
    return f'<div class="la-photos">{"".join(figures)}</div><p class="la-source">{CREDIT}</p>' if figures else ""
