"""Every study: its printed numbers, and the code that a reader would type for its models."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

import coalition_models as cm
from coalition_models.errors import gathered
from coalition_models.replications.code import code_of
from coalition_models.replications.numbers import numbers_of
from coalition_models.replications.registry import known_studies, study_named

pytestmark = pytest.mark.mirror

#: printed numbers that must be exact, and that may be off by one in the last digit
FLOOR = {
    "barrilleaux-rainey-2014": (101, 1),
    "eschenauer-herre-2023": (215, 1),
    "gannon-kent-2021": (90, 0),
    "hultman-kathman-shannon-2013": (32, 0),
    "iqbal-zorn-2008": (997, 24),
    "kalyvas-balcells-2010": (77, 2),
    "weisiger-2014": (61, 1),
    "berkemeier-fuhrmann-2018": (18, 0),
    "bienen-vandewalle-1991": (880, 3),
    "box-steffensmeier-1996": (14, 0),
    "box-steffensmeier-jones-2004": (302, 5),
    "box-steffensmeier-zorn-2001": (181, 4),
    "king-etal-1990": (74, 0),
    "king-zeng-2001": (31, 0),
    "leeds-anac-2005": (20, 0),
    "lemke-karstens-2021": (1646, 5),
    "martin-1992": (10, 0),
    "martin-vanberg-2003": (22, 0),
    "powell-thyne-2011": (5, 3),
}


#: studies in spirit build their panels, which takes longer than their models
NAMES = [
    pytest.param(name, marks=[pytest.mark.slow] if study_named(name).kind == "in spirit" else [])
    for name in known_studies()
]


@pytest.mark.parametrize("name", NAMES)
def test_every_printed_number_is_met_or_its_deviation_listed(name, replicated):
    result = replicated(name)
    assert result.unlisted.empty
    total = result.counts().loc["total"]
    exact, near = FLOOR[name] if result.study.kind == "printed" else (0, 0)
    assert total["exact"] >= exact
    assert total["exact"] + total["off by one in the last digit"] >= exact + near
    idle = result.table[(result.table["match"] == "exact") & (result.table["note"] != "")]
    assert idle.empty, "listed as deviations, and exact"
    for text in (result.summary(), result.markdown(), result.latex(), result.html()):
        assert result.study.title.split()[0] in text


@pytest.mark.parametrize("name", NAMES)
def test_the_code_of_a_model_gives_its_numbers(name, mirror, replicated, study_frames, monkeypatch):
    # what a study in spirit prepares reads further sources
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    frames = study_frames(name)
    monkeypatch.setattr(cm, "load", lambda source: frames[source].copy())
    found, study = replicated(name).table, study_named(name)
    seen = set()
    for model in study.models:
        kind = (model.table, getattr(model.fit, "family", model.fit))
        if kind in seen:
            continue
        seen.add(kind)
        place: dict[str, object] = {}
        with gathered():
            exec(compile(code_of(study, model).replace("print(fit)", ""), name, "exec"), place)
        part = found[(found["table"] == model.table) & (found["model"] == model.name)]
        keys = list(zip(part["term"], part["quantity"], strict=True))
        again = numbers_of(place["fit"], keys)
        assert np.allclose([again[key] for key in keys], part["ours"], rtol=1e-10, equal_nan=True)


#: what stands after the code of each model in a process of its own
_TAKE = """
from coalition_models.replications.numbers import numbers_of as _numbers
_found.append(list(_numbers(fit, _keys[len(_found)]).values()))
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", known_studies())
def test_every_code_runs_as_typed_in_a_process_of_its_own(name, mirror, replicated, tmp_path):
    found, study = replicated(name).table, study_named(name)
    parts = [
        found[(found["table"] == model.table) & (found["model"] == model.name)]
        for model in study.models
    ]
    keys = [list(zip(part["term"], part["quantity"], strict=True)) for part in parts]
    typed = "".join(code_of(study, model) + _TAKE for model in study.models)
    script = tmp_path / "typed.py"
    script.write_text(
        f"import json\n_found, _keys = [], {keys!r}\n{typed}\nprint(json.dumps(_found))\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False, cwd=tmp_path,
        env=os.environ | {"COALITION_MODELS_MIRROR": str(mirror)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    again = json.loads(done.stdout.splitlines()[-1])
    for part, values in zip(parts, again, strict=True):
        assert np.allclose(values, part["ours"], rtol=1e-10, equal_nan=True)
    assert "Estimated(" not in done.stdout
