"""The answer packet: one zip with data, plan, SQL, a notebook that makes the answer again, citation and hashes."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

from page.shelf import Held
from tools.result import Result, digest

WHEN = (1980, 1, 1, 0, 0, 0)
"""The zip's own time stamps: fixed, so that equal answers make equal packets."""

READ_ME = """This packet holds one answer of landask and all that is needed to check it.

question.txt      what was asked
answer.json       the whole answer: sentence, caveats, results, steps, provenance
plan.json         the plan: typed tool calls, run again without any language model
sql/              each query as it ran, with its parameters
table.csv, map.*  the data (where the answer has some)
notebook.ipynb    makes the answer again and compares it with this one
CITATION.txt      how to cite the data
SHA256SUMS        hashes of all these files: sha256sum -c SHA256SUMS

To make the answer again, from a checkout of landask with the same data:
    python -m agent replay plan.json
"""


def packet(held: Held, files: Mapping[str, bytes]) -> bytes:
    """Return the zip of an answer's files and their account."""
    answer = held.answer
    whole = {
        **files,
        "README.txt": READ_ME.encode(),
        "question.txt": (held.question + "\n").encode(),
        "plan.json": json.dumps(answer.plan or {"steps": []}, ensure_ascii=False, indent=1).encode(),
        "CITATION.txt": citation(answer.results).encode(),
        "notebook.ipynb": notebook(held).encode(),
        **sql_files(answer.results),
    }
    sums = "".join(f"{hashlib.sha256(whole[name]).hexdigest()}  {name}\n" for name in sorted(whole))
    whole["SHA256SUMS"] = sums.encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(whole):
            archive.writestr(zipfile.ZipInfo(name, WHEN), whole[name], zipfile.ZIP_DEFLATED)
    return out.getvalue()


def sql_files(results: tuple[Result, ...]) -> dict[str, bytes]:
    """Each result's query and parameters."""
    files: dict[str, bytes] = {}
    for at, result in enumerate(results, 1):
        if result.provenance.sql:
            name = f"sql/{at}-{result.tool}"
            parameters = json.dumps(dict(result.provenance.parameters), ensure_ascii=False, indent=1, default=str)
            files |= {f"{name}.sql": result.provenance.sql.encode(), f"{name}.parameters.json": parameters.encode()}
    return files


def citation(results: tuple[Result, ...]) -> str:
    """Each dataset once: attribution, version, licence, hash."""
    lines = []
    for made in dict.fromkeys(
        (p.attribution or p.dataset, p.dataset, p.version, p.licence, p.sha256 or "", p.model or "")
        for p in (result.provenance for result in results)
    ):
        attribution, dataset, version, licence, sha256, model = made
        lines.append(f"{attribution}. {dataset} {version}. Licence: {licence}.")
        lines += [f"  SHA-256 of the source: {sha256}"] if sha256 else []
        lines += [f"  Model: {model}"] if model else []
    lines.append("Outlines and base map: made with Natural Earth (public domain).")
    lines += [f"Outlines: {notice}." for notice in dict.fromkeys(n for result in results for n in result.notices)]
    return "\n".join(lines) + "\n"


def essence(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What must be equal for an answer to be the same one."""
    return [{"tool": r["tool"], "value": r["value"], "interval": r["interval"], "table": r["table"]} for r in results]


def notebook(held: Held) -> str:
    """A Jupyter notebook that runs the plan again and compares."""
    expected = digest(essence([result.to_json() for result in held.answer.results]))
    run = (
        "import json, subprocess, sys\n\n"
        'plan = json.load(open("plan.json", encoding="utf-8"))\n'
        'command = [sys.executable, "-m", "agent", "replay", os.path.abspath("plan.json")]\n'
        "again = json.loads(subprocess.run(command, cwd=LANDASK, check=True, capture_output=True, text=True).stdout)\n"
        'print(again["text"])'
    )
    compare = (
        "import hashlib\n\n"
        'results = [{k: r[k] for k in ("tool", "value", "interval", "table")} for r in again["results"]]\n'
        "found = hashlib.sha256(json.dumps(results, sort_keys=True, default=str).encode()).hexdigest()\n"
        f'expected = "{expected}"\n'
        'print("the same answer" if found == expected else "a different answer: other data or another version?")'
    )
    cells = [
        text_cell(f"# {held.question}\n\n{held.answer.text}\n\nThis notebook makes the answer again from its plan."),
        code_cell('import os\n\nLANDASK = os.environ.get("LANDASK", ".")  # where the checkout of landask lies'),
        code_cell(run),
        code_cell(compare),
    ]
    form = {"cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(form, ensure_ascii=False, indent=1)


def text_cell(text: str) -> dict[str, Any]:
    """A cell to read."""
    return {"cell_type": "markdown", "id": digest(text)[:8], "metadata": {}, "source": text}


def code_cell(code: str) -> dict[str, Any]:
    """A cell to run."""
    return {
        "cell_type": "code", "id": digest(code)[:8], "metadata": {}, "source": code, "outputs": [],
        "execution_count": None,
    }  # fmt: skip
