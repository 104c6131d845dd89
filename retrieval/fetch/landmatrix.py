"""Land Matrix' export of all public deals, and whether its enumerations are still those we know. Reads no deals.

One zip holds deals, locations and investors; it comes whole or not at all, and the store keeps the zip itself. What its
interface takes and answers: docs/deals.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from retrieval.deal_files import read_deals
from retrieval.deal_terms import terms
from retrieval.errors import BadFile, SourceError
from retrieval.fetch.download import Downloader, Remote
from retrieval.fetch.sources import Sources

CHOICES = {"intention_of_investment": "intention", "negotiation_status": "negotiation",
           "implementation_status": "implementation", "nature": "nature", "crops": "crop", "animals": "animal",
           "minerals": "mineral"}  # fmt: skip
"""The source's name of an enumeration → ours."""


def default_filter() -> list[tuple[str, str]]:
    """Return the parameters by which landmatrix.org shows deals before anybody sets a filter."""
    intentions = [code for code in terms()["intention"] if code not in ("MINING", "OIL_GAS_EXTRACTION")]
    natures = [code for code in terms()["nature"] if code not in ("PURE_CONTRACT_FARMING", "OTHER")]
    return [
        ("area_min", "200"),
        *(("negotiation_status", code) for code in ("ORAL_AGREEMENT", "CONTRACT_SIGNED", "CHANGE_OF_OWNERSHIP")),
        *(("nature", code) for code in natures),
        ("initiation_year_min", "2000"),
        ("initiation_year_null", "true"),
        *(("intention_of_investment", code) for code in intentions),
        ("transnational", "true"),
        ("forest_concession", "false"),
    ]


def remote(sources: Sources, *, filtered: bool = False) -> Remote:
    """Return the export of all public deals, or of those that the site shows by default."""
    query = [*(default_filter() if filtered else []), ("subset", "PUBLIC"), ("format", "csv")]
    path = f"{sources.setting('landmatrix', 'export')}?{urlencode(query)}"
    name = "deals/land_matrix_default.zip" if filtered else "deals/land_matrix.zip"
    return Remote(sources.url("landmatrix", path), name, "zip")


def check_export(file: Path) -> int:
    """See that an export can be read, and return how many deals it holds.

    Raises:
        SourceError: it cannot; the store has not been touched.
    """
    try:
        return read_deals(file).deals.num_rows
    except BadFile as error:
        raise SourceError(f"{error}: Land Matrix changed the form of its export; the store is as it was") from error


def unknown_choices(sources: Sources, downloader: Downloader) -> list[str]:
    """Return the values of the source's enumerations that we do not know: they would be dropped when it is read."""
    answer = downloader.read_json(sources.url("landmatrix", sources.setting("landmatrix", "choices")))
    return [f"{name} {code}" for name, own in CHOICES.items() for code in _values(answer, name)
            if code not in terms()[own]]  # fmt: skip


def _values(answer: Mapping[str, Any], name: str) -> list[str]:
    listed = answer.get(name)
    return [str(one["value"]) for one in listed if isinstance(one, dict) and "value" in one] if listed else []
