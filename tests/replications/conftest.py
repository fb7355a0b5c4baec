"""A toy study, and the check that every study of the package passes."""

from __future__ import annotations

import pandas as pd
import pytest

from coalition_models.replications import registry
from coalition_models.replications.comparison import Replication
from coalition_models.replications.registry import replicate

TOY = """
import numpy as np
import pandas as pd

from coalition_models.replications.numbers import Estimated
from coalition_models.replications.study import Model, Study


def halve(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.iloc[: len(rows) // 2]


def count(rows: pd.DataFrame, *, error: float = 0.25) -> Estimated:
    return Estimated(("spells",), np.array([0.5]), np.array([error]), {"rows": len(rows)})


STUDY = Study(
    name="toy-2020",
    article="tago_2009",
    sources=("participation",),
    tables={"Table 1": "spells"},
    recipe=("Count the rows.",),
    models=(
        Model("Table 1", "all", count),
        Model("Table 1", "half", count, prepare=halve, options={"error": 0.5}),
    ),
    deviations={"printer": "the printer's error"},
)
"""


@pytest.fixture
def toy(tmp_path):
    """The folder of a toy study; call it with the lines of its ``published.csv``."""

    def make(*lines: str, record: str = TOY, name: str = "toy_2020"):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").write_text("", encoding="utf-8")
        (folder / "study.py").write_text(record, encoding="utf-8")
        head = "table,model,term,quantity,printed,page,deviation"
        if lines:
            text = "\n".join([head, *lines]) + "\n"
            (folder / "published.csv").write_text(text, encoding="utf-8")
        return folder

    return make


@pytest.fixture(scope="session")
def replicated(mirror):
    """Recompute a study of the package from the upstream files, once; skip without them."""
    done: dict[str, Replication] = {}

    def run(name: str) -> Replication:
        if name not in done:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("COALITION_MODELS_MIRROR", str(mirror))
                done[name] = replicate(name)
        return done[name]

    return run


@pytest.fixture(scope="session")
def study_frames(mirror):
    """Tables of a study's sources."""

    def load(name: str) -> dict[str, pd.DataFrame]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("COALITION_MODELS_MIRROR", str(mirror))
            return registry._loaded(registry.study_named(name))

    return load


@pytest.fixture
def toy_record():
    """The text of the toy study."""
    return TOY
