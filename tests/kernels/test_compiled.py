"""Compiled code gives the same bits in the process that compiles it and in those that load it."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import coalition_models.kernels as kernels

LOOPS = sorted(Path(kernels.__file__).parent.glob("_*loops.py"))

FIT = """
import numpy as np
from coalition_models.kernels.batch import fit_many_columns
from coalition_models.kernels.clusters import cluster_score_sums
from coalition_models.kernels.cox import fit, prepare

rng = np.random.default_rng(5)
n, p = 900, 8
start = rng.integers(0, 20, n).astype(float)
stop = start + rng.integers(1, 4, n)
X = rng.normal(size=(n, p))
data = prepare(start, stop, rng.random(n) < 0.1, X)
found = fit(data)
masks = rng.random((20, p)) < 0.6
many = fit_many_columns(data, masks, clusters=np.arange(n) // 20, threads=1)
for part in (found.coefficients, found.covariance, many.coefficients, many.variance_cluster):
    print(np.ascontiguousarray(part).tobytes().hex())
"""


def decorated(tree: ast.Module) -> dict[str, str]:
    """Functions of a module with the name of their decorator."""
    return {
        node.name: node.decorator_list[0].id
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.decorator_list
        and isinstance(node.decorator_list[0], ast.Name)
    }  # fmt: skip


def test_loops_called_by_loops_are_compiled_into_them():
    trees = [ast.parse(path.read_text()) for path in LOOPS]
    how = {name: by for tree in trees for name, by in decorated(tree).items()}
    assert len(LOOPS) >= 4
    assert {"compiled", "inlined", "strict"} == set(how.values())
    called = {
        call.func.id
        for tree in trees
        for node in tree.body if isinstance(node, ast.FunctionDef)
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
    }  # fmt: skip
    assert {"derivatives", "invert", "row_exp"} <= called
    assert [name for name in sorted(called & set(how)) if how[name] == "compiled"] == []


@pytest.mark.slow
def test_code_read_from_disk_gives_the_same_bits(tmp_path):
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path), "COALITION_MODELS_NO_NUMBA": "0"}
    first, second = (
        subprocess.run(
            [sys.executable, "-c", FIT], env=environment, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    )
    assert any(tmp_path.rglob("*.nbc"))
    assert len(first) > 1000
    assert first == second
