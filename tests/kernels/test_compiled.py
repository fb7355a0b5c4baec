"""The compiled loops: the same numbers as numpy's, the same bits each time, refusals, fuzzing."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from coalition_models.kernels import _backend, _build, _compiled
from coalition_models.kernels.batch import fit_many_columns, fit_many_weights
from coalition_models.kernels.clusters import clustered_scores
from coalition_models.kernels.concordance import concordance
from coalition_models.kernels.cox import Prepared, evaluate, fit, prepare

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures" / "r"
SETS = sorted(path.stem for path in FIXTURES.glob("cox_*.json"))

pytestmark = pytest.mark.skipif(
    _backend.table() is None, reason="no compiled loops: no C compiler built them"
)


def prepared(name: str, ties: str, variant: str) -> tuple[Prepared, np.ndarray]:
    """A fixture's data, without rows that miss a value, and its clusters."""
    data = json.loads((FIXTURES / f"{name}.json").read_text())
    columns = {key: np.array(values, dtype=object) for key, values in data["data"].items()}
    X = np.column_stack([columns[term].astype(float) for term in data["terms"]])
    keep = np.isfinite(X).all(axis=1)
    known = {key: values[keep] for key, values in columns.items()}
    made = prepare(
        known["start"].astype(float), known["stop"].astype(float), known["event"].astype(float),
        X[keep], ties=ties,
        strata=known["region"].astype(str) if variant == "strata" else None,
        weights=known["weight"].astype(float) if variant == "weights" else None,
        offset=known["exposure"].astype(float) if "exposure" in known else None,
    )  # fmt: skip
    return made, np.unique(known["state"].astype(str), return_inverse=True)[1]


def numbers(name: str, ties: str, variant: str) -> dict[str, np.ndarray]:
    data, clusters = prepared(name, ties, variant)
    found = fit(data)
    draws = np.random.default_rng(1).integers(1, 4, (4, clusters.max() + 1)).astype(float)
    masks = np.random.default_rng(2).random((6, data.n_columns)) < 0.6
    masks[:, 0] = True
    weighted = fit_many_weights(data, draws, clusters=clusters, clustered=True)
    subsets = fit_many_columns(data, masks, clusters=clusters)
    assert found.converged
    # with the same coefficients, which differ by the square of the last step
    at = 0.5 * np.nan_to_num(found.coefficients)
    here = evaluate(data, at)
    return {
        "coefficients": found.coefficients,
        "covariance": found.covariance,
        "log-likelihood": np.array([found.log_likelihood, found.log_likelihood_null]),
        "score": here.score / np.sqrt(np.diag(here.information)),
        "information": here.information,
        "cluster scores": clustered_scores(data, at, clusters),
        "concordance": np.array([concordance(data, np.arange(data.n_rows) % 7.0).value]),
        "weighted": np.where(weighted.converged[:, None], weighted.coefficients, 0.0),
        "weighted errors": np.where(weighted.converged[:, None], weighted.variance_cluster, 0.0),
        "subsets": np.where(subsets.converged[:, None], np.nan_to_num(subsets.coefficients), 0.0),
    }


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("variant", ["plain", "strata", "weights"])
def test_numpy_gives_the_same_numbers_on_every_fixture(name, ties, variant, monkeypatch):
    compiled = numbers(name, ties, variant)
    monkeypatch.setenv("COALITION_MODELS_NO_COMPILED", "1")
    plain = numbers(name, ties, variant)
    for what, values in plain.items():
        size = np.nanmax(np.abs(values), initial=0.0)
        np.testing.assert_allclose(compiled[what], values, rtol=0, atol=1e-12 * size, err_msg=what)


BITS = """
import numpy as np
from coalition_models.kernels.batch import fit_many_columns, fit_many_weights
from coalition_models.kernels.cox import fit, prepare
rng = np.random.default_rng(5)
n, p = 900, 8
start = rng.integers(0, 20, n).astype(float)
data = prepare(start, start + rng.integers(1, 4, n), rng.random(n) < 0.1, rng.normal(size=(n, p)))
found = fit(data)
masks = rng.random((20, p)) < 0.6
draws = rng.integers(0, 3, (20, 45)).astype(float)
parts = [found.coefficients, found.covariance]
for threads in THREADS:
    codes = np.arange(n) // 20
    many = fit_many_columns(data, masks, clusters=codes, threads=threads)
    more = fit_many_weights(data, draws, clusters=codes, clustered=True, threads=threads)
    parts += [many.coefficients, many.variance_cluster, more.coefficients, more.variance_cluster]
for part in parts:
    print(np.ascontiguousarray(part).tobytes().hex())
"""


def run(code: str, **environment: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True,
        text=True, check=True,
    ).stdout  # fmt: skip


@pytest.mark.parametrize("level", sorted(_backend.LEVELS))
def test_any_run_and_any_number_of_threads_give_the_same_bits(level):
    runs = [
        run(BITS.replace("THREADS", threads), COALITION_MODELS_INSTRUCTIONS=level).splitlines()
        for threads in ("[1, 2, 5]", "[3]")
    ]
    one, two, five, three = runs[0][2:6], runs[0][6:10], runs[0][10:14], runs[1][2:6]
    assert runs[0][:2] == runs[1][:2]
    assert one == two == five == three


def test_exponentials_to_the_last_place():
    x = np.concatenate([np.linspace(-708, 709, 40_001), np.random.default_rng(0).normal(size=999)])
    found, right = _compiled.exponential(x), np.exp(x)
    assert (np.abs(found - right) <= np.spacing(right)).all()
    held = _compiled.exponential(np.array([-1e9, -np.inf, np.inf, 1e9, np.nan]))
    np.testing.assert_allclose(held[:4], np.exp([-708, -708, 709, 709]), rtol=1e-15)
    assert np.isnan(held[4])


def small() -> Prepared:
    return prepare([0] * 4, [1, 2, 3, 4], [1] * 4, [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.5]])


def test_arrays_of_another_kind_are_refused_before_the_call():
    panel, none = small().panel, np.empty(0)
    cols, beta = np.arange(2), np.zeros(2)
    right = [panel, cols, none, beta, True, True, np.empty(2), np.empty((2, 2))]
    _compiled.derivatives(*right)
    wrong = {
        1: [np.arange(3), np.array([0, 2]), np.array([-1, 0]), cols.astype(np.int32)],
        2: [np.ones(3), np.ones(4, dtype=np.float32), np.ones(8)[::2]],
        3: [np.zeros(3), np.zeros(4)[::2], np.zeros(2, dtype=int)],
        6: [np.empty(1)],
        7: [np.empty((2, 3)), np.empty((4, 2))[::2]],
    }
    for at, bad in wrong.items():
        for array in bad:
            with pytest.raises(TypeError, match=r"a compiled loop takes|are not among the"):
                _compiled.derivatives(*right[:at], array, *right[at + 1 :])
    scores, good = np.empty((2, 2)), [panel, cols, none, beta, True]
    with pytest.raises(TypeError, match="codes of 2 clusters"):
        _compiled.cluster_scores(*good, np.array([0, 1, 2, 0]), scores)
    with pytest.raises(TypeError, match="contiguous int64"):
        _compiled.cluster_scores(*good, np.zeros(3, int), scores)


def test_any_layout_of_covariates_gives_the_same_panel():
    X = np.random.default_rng(3).normal(size=(50, 6))
    start, stop, event = np.zeros(50), np.arange(1.0, 51.0), np.ones(50)
    layouts = [X, np.asfortranarray(X), np.repeat(X, 2, axis=1)[:, ::2], X[::-1][::-1]]
    packed = np.zeros(50, dtype=[("flag", "i1"), ("x", "f8", 6)])
    packed["x"] = X
    right = prepare(start, stop, event, X).panel.columns
    for other in [*layouts, packed["x"]]:
        made = prepare(start, stop, event, other).panel.columns
        np.testing.assert_array_equal(made, right)


def test_a_prepared_panel_goes_to_another_process():
    data = small()
    fit(data)
    again = pickle.loads(pickle.dumps(data))
    assert again.panel.handed_over == []
    np.testing.assert_array_equal(fit(again).coefficients, fit(data).coefficients)


@pytest.mark.parametrize("switch", ["COALITION_MODELS_NO_COMPILED", "COALITION_MODELS_NO_NUMBA"])
def test_both_switches_ask_for_numpy(switch, monkeypatch):
    assert _backend.has_compiled()
    monkeypatch.setenv(switch, "1")
    assert not _backend.has_compiled()


MISSING = """
import warnings
from pathlib import Path
from coalition_models.kernels import _backend, _build
_build.SOURCES = Path("nowhere")
_build.compilers = list
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    from coalition_models.kernels.cox import fit, prepare
    rows = [0] * 4, [1, 2, 3, 4], [1] * 4, [[0.0], [1.0], [1.0], [0.0]]
    for _ in range(3):
        print(fit(prepare(*rows)).coefficients)
print([w.category.__name__ for w in said], said[0].message)
"""


def test_without_a_library_numpy_is_used_and_said_once():
    lines = run(MISSING).splitlines()
    assert lines[:3] == ["[0.48121183]"] * 3
    assert lines[3].startswith("['CoalitionWarning'] the compiled loops are not at hand (loops.")


def test_the_library_tells_the_sources_it_was_built_from():
    path = _build.SOURCES / _build.library_name()
    if not path.is_file():
        pytest.skip("the library was built aside")
    assert _build.checksum().encode() in path.read_bytes()


@pytest.mark.slow
def test_panels_of_every_kind_under_sanitisers(tmp_path):
    """10,000 random panels against numpy, the library watched for addresses and undefined steps."""
    gcc = shutil.which("gcc")
    if gcc is None:
        pytest.skip("no gcc, whose sanitisers watch the library")
    watch = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    made = _build.build(tmp_path, commands=[[gcc]], extra=watch)
    runtime = subprocess.run(
        [gcc, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    if not Path(runtime).is_file():
        pytest.skip("gcc has no libasan")
    fuzz = Path(__file__).with_name("fuzz_loops.py")
    environment = os.environ | {"LD_PRELOAD": runtime, "ASAN_OPTIONS": "detect_leaks=0"}
    done = subprocess.run(
        [sys.executable, str(fuzz), str(made), "10000"], env=environment, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert "10000 panels" in done.stdout
