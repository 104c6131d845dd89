"""The page's colours: the eight main LUCAS classes, ramps and categories. Each set can be told apart colour-blind."""

from __future__ import annotations

MAIN_CLASSES = {
    "A": "#e6295c",
    "B": "#f4d03f",
    "C": "#0b5d2a",
    "D": "#a86b1e",
    "E": "#a8dc74",
    "F": "#b3b3b3",
    "G": "#2f7fd0",
    "H": "#6a3d9a",
}
"""Land cover by the letter of its code, near the colours of Eurostat's LUCAS maps."""

CATEGORIES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#000000", "#f0e442")
"""Okabe and Ito's eight, for codes within one main class and for land use."""

RAMP = ("#fde725", "#5ec962", "#21918c", "#3b528b", "#440154")
"""Viridis, low to high: evenly spaced in lightness, so it also reads in grey."""

DIVERGING = ("#8c510a", "#bf812d", "#dfc27d", "#e6e6e6", "#80cdc1", "#35978f", "#01665e")
"""Brown (less) over white (no change) to green-blue (more)."""

CHANGE = {"stayed": "#8a8a8a", "gained": "#0072b2", "lost": "#d55e00"}
AGREEMENT = {
    "agree": "#009e73",
    "model_only": "#e69f00",
    "survey_only": "#cc79a7",
    "differ": "#d55e00",
    "neither": "#bdbdbd",
}
NO_DATA = "#8a8a8a"
OTHER_CLASS = "#c9c9c9"
GREYS = (OTHER_CLASS, AGREEMENT["neither"], CHANGE["stayed"])
"""What is there but was not asked for: painted under the rest."""
OTHER = "#4d4d4d"
OUTLINE = "#1f2933"


def class_colours(codes: list[str]) -> dict[str, str]:
    """A colour for each code: by main class where several are shown, else by category within the one."""
    letters = sorted({code[:1] for code in codes})
    if len(letters) > 1 or len(codes) == 1:
        return {code: MAIN_CLASSES.get(code[:1], OTHER) for code in codes}
    return {code: CATEGORIES[at] if at < len(CATEGORIES) else OTHER for at, code in enumerate(codes)}
