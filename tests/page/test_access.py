"""Whether everyone can use the page: axe-core looks at each of its states, in light and dark."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.page.conftest import ARTIFACTS
from tests.page.seen import Seen
from tests.page.served import CHROMIUM, Served

AXE = next(iter(sorted(ARTIFACTS.glob("axe-core-*.min.js"))), None)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: .ci/browser installs one on Debian"),
    pytest.mark.skipif(AXE is None, reason="no axe-core: .ci/browser fetches it from npm"),
]
RULES = "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"


def violations(page: Any) -> list[dict[str, Any]]:
    page.evaluate(str(AXE and AXE.read_text(encoding="utf-8")))
    found = page.evaluate(RULES)["violations"]
    return [
        {"id": v["id"], "impact": v["impact"], "help": v["help"], "where": [n["html"][:160] for n in v["nodes"][:5]]}
        for v in found
    ]


def test_axe_finds_no_serious_violation_in_any_state(browser: Any, served: Served, artifacts: Path) -> None:
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(20_000)
    seen = Seen(context.new_page(), served.url).load()
    report = {"first visit": violations(seen.page)}
    seen.ask("How did cropland change in Bavaria between 2009 and 2018?")
    seen.map_settles()
    seen.page.locator(".la-figures summary").click()
    report["answer"] = violations(seen.page)
    for tab in ("table", "chart", "how", "plan", "take"):
        seen.tab(tab)
        report[f"tab {tab}"] = violations(seen.page)
    seen.unfolded()
    report["conversations"] = violations(seen.page)
    seen.ask("Where is vineyard in Valencia?")
    seen.page.locator("#theme").click()
    seen.page.wait_for_timeout(800)
    report["clarification, dark"] = violations(seen.page)
    seen.page.set_viewport_size({"width": 390, "height": 844})
    seen.page.wait_for_timeout(300)
    report["phone, dark"] = violations(seen.page)
    context.close()
    (artifacts / "axe.json").write_text(json.dumps(report, indent=1, ensure_ascii=False))
    grave = {state: [v for v in found if v["impact"] in ("serious", "critical")] for state, found in report.items()}
    assert not any(grave.values()), json.dumps(grave, indent=1)
