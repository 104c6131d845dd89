"""Guards of the project as a whole: its names, its layers, its promises about imports."""

import ast
import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = {"agent", "tools", "retrieval", "evals"}


def test_no_installed_distribution_ships_a_module_of_our_name():
    installed = importlib.metadata.packages_distributions()
    clashing = {name: installed[name] for name in (PACKAGES | {"app"}) & installed.keys()}
    assert not clashing


@pytest.mark.parametrize("heavy", ["torch", "gradio", "langchain", "pandas", "geopandas", "matplotlib"])
def test_asking_imports_nothing_heavy(heavy):
    code = f"import agent.ask, sys; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_classifier_imports_with_torch_and_numpy_alone():
    code = (
        "import sys\n"
        "class Only:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in {'duckdb', 'geopandas', 'open_clip', 'gradio', 'transformers'}:\n"
        "            raise ImportError(name)\n"
        "sys.meta_path.insert(0, Only())\n"
        "import tools.pixelclip.encoder\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_arrows_point_one_way():
    lint = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", lint, "--no-cache"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stdout


def catches_everything(handler):
    return handler.type is None or ast.unparse(handler.type) in ("Exception", "BaseException")


def only_passes(handler):
    return all(isinstance(statement, ast.Pass) for statement in handler.body)


def test_nothing_catches_everything_in_silence():
    """A handler for every exception must do something with it: raise it, log it or turn it into an answer."""
    silent = []
    for file in ROOT.glob("*/**/*.py"):
        if file.relative_to(ROOT).parts[0] not in PACKAGES | {"page"}:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler) and catches_everything(node) and only_passes(node):
                silent.append(f"{file.relative_to(ROOT)}: {ast.unparse(node)[:60]}")
    assert not silent


def test_the_project_names_no_machine_and_no_registry_host():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, check=False, capture_output=True, text=True).stdout.split()
    marks = ("/" + "work/", "/opt/" + "wheels", "pypi." + "org", "files.python" + "hosted", "registry.npm" + "js")
    text = {".py", ".md", ".toml", ".txt", ".sql", ".json", ".jsonl", ".js", ".css", ".html", ""}
    guilty = [
        name
        for name in tracked
        if Path(name).suffix in text
        and (ROOT / name).is_file()
        and (ROOT / name).stat().st_size < 2_000_000
        and any(mark in (ROOT / name).read_text(encoding="utf-8", errors="ignore") for mark in marks)
    ]
    assert not guilty
