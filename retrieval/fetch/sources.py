"""Where each source lies: `sources.toml` read, with the bases a caller put in their place. Does not fetch."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from retrieval.errors import BadArgument

FILE = Path(__file__).with_name("sources.toml")
BANDS = ("B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B11", "B12")
"""The store's band order; every STAC source names its assets in it."""


@dataclass(frozen=True)
class StacSource:
    """A STAC API with Sentinel-2 L2A, and how it names and guards its files."""

    name: str
    url: str
    collection: str
    bands: tuple[str, ...]
    """Asset names in the order of `BANDS`."""
    scl: str
    """Asset name of the scene classification."""
    sign: str = "none"
    """`none`; `sas`: a token appended to each address; `s3`: keys from the environment or keyring."""
    token: str = ""
    """Where the SAS token is asked for."""
    endpoint: str = ""
    """Host of the S3 store."""


@dataclass(frozen=True)
class Sources:
    """All sources. `bases` replaces the public address of a source by another one, a mirror or a test server."""

    table: Mapping[str, Any]
    bases: Mapping[str, str]

    def base(self, name: str) -> str:
        """Return the address everything of this source starts with."""
        return str(self.bases.get(name) or self.table[name]["base"]).rstrip("/")

    def setting(self, name: str, key: str) -> Any:
        """Return one setting of a source."""
        return self.table[name][key]

    def url(self, name: str, path: str) -> str:
        """Return the address of one file of a source."""
        return f"{self.base(name)}/{path.lstrip('/')}"

    def stac(self, name: str) -> StacSource:
        """Return a STAC source by its name, or one at an address given as the name."""
        known: Mapping[str, Any] = self.table["stac"]
        if name.startswith(("http://", "https://")):
            return replace(self.stac("earth-search"), name="stac", url=name)
        if name not in known:
            raise BadArgument(f"no STAC source {name!r}; known: {', '.join(known)}, or the address of an API")
        entry = dict(known[name])
        entry["bands"] = tuple(entry["bands"])
        source = StacSource(name=name, **entry)
        url = self.bases.get(name)
        return replace(source, url=url.rstrip("/")) if url else source


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def load_sources(bases: Mapping[str, str] | None = None) -> Sources:
    """Return the sources, with some of their addresses replaced.

    Raises:
        BadArgument: `bases` names a source that does not exist.
    """
    table = _table()
    known = [*(name for name in table if name != "stac"), *table["stac"]]
    unknown = [name for name in bases or {} if name not in known]
    if unknown:
        raise BadArgument(f"no source {unknown[0]!r}; known: {', '.join(known)}")
    return Sources(table, dict(bases or {}))


def parse_bases(options: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Read `SOURCE=URL` options and LANDASK_BASE_<SOURCE> variables; an option wins over a variable.

    Raises:
        BadArgument: One is no option of that form, or no address of the web.
    """
    bases: dict[str, str] = {}
    prefix = "LANDASK_BASE_"
    names = [*(name for name in _table() if name != "stac"), *_table()["stac"]]
    for name in names:
        value = environment.get(prefix + name.upper().replace("-", "_"))
        if value:
            bases[name] = value
    for option in options:
        name, equals, url = option.partition("=")
        if not equals or not url:
            raise BadArgument(f"--base takes SOURCE=URL, not {option!r}")
        bases[name] = url
    for name, url in bases.items():
        if not _is_address(url):
            raise BadArgument(f"the address given for {name} is none that begins with http:// or https://")
    return bases


def _is_address(url: str) -> bool:
    try:
        return urlsplit(url).scheme in ("http", "https") and bool(urlsplit(url).hostname) and urlsplit(url).port != 0
    except ValueError:  # what is no address at all: `http://[`, a port that is none
        return False
