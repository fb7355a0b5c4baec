"""The first call of a new process takes seconds: nothing is compiled while somebody waits."""

from __future__ import annotations

import subprocess
import sys

import pytest

CALLS = {
    "first fit": "cm.cox('event ~ x', rows)",
    "first jackknife": "cm.cox('event ~ x', rows, cluster='g', variance='jackknife')",
    "first penalised fit and test": "cm.check_ph(cm.cox('event ~ x', rows, penalty='firth'))",
    "first logit": "cm.logit('event ~ x', rows, time=None)",
}
SCRIPT = f"""
import sys, time, warnings
import pandas as pd, coalition_models as cm
warnings.simplefilter("ignore")
rows = pd.DataFrame({{"start": 0, "stop": range(1, 41), "event": [1, 1, 0, 1] * 10,
                      "x": [(7 * i) % 11 for i in range(40)], "g": [i % 35 for i in range(40)]}})
for call in {list(CALLS.values())!r}:
    begin = time.perf_counter()
    eval(call)
    print(time.perf_counter() - begin)
print(*[name in sys.modules for name in ("numba", "llvmlite")])
"""


def test_first_calls_take_seconds_and_compile_nothing():
    """The first fit took 31 s and the first jackknife 22 s, without a word."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, timeout=120
    )
    *seconds, compilers = done.stdout.splitlines()
    assert dict(zip(CALLS, map(float, seconds), strict=True)) == {
        name: pytest.approx(0, abs=15) for name in CALLS
    }
    assert compilers == "False False"
