"""Every notebook runs from top to bottom, and none is kept with outputs."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
#: pages of studies; tests/replications/test_page.py runs their code without a kernel
STUDIES = sorted((FOLDER / "replications").glob("*.ipynb"))


def test_there_are_notebooks():
    assert {"01_data.ipynb", "02_fit.ipynb"} <= {path.name for path in NOTEBOOKS}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_without_a_warning(path, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_PROGRESS", "0")  # a bar is no warning
    assert complaints_of(path) == []


@pytest.mark.slow
@pytest.mark.mirror
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_notebook_of_studies_runs_without_a_warning(path, mirror, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_PROGRESS", "0")
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    assert complaints_of(path) == []


def complaints_of(path: Path) -> list[str]:
    """Run a notebook that is kept without outputs; what it wrote to stderr."""
    notebook = nbformat.read(path, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    return [
        output["text"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.get("name") == "stderr"
    ]
