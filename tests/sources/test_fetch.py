"""Fetching: the right bytes, whole or not at all."""

from __future__ import annotations

import builtins
import contextlib
import errno
import hashlib
import http.server
import threading
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tqdm.std import TqdmWarning
from urllib3.exceptions import MaxRetryError, NameResolutionError

from coalition_models.errors import CoalitionWarning, CoverageError, DataError
from coalition_models.sources import fetch as module
from coalition_models.sources.catalog import entry
from coalition_models.sources.fetch import at_hand, cache_dir, fetch

BYTES = b"state,year\nESP,2004\n"


class _Server(http.server.ThreadingHTTPServer):
    body = BYTES
    announced: int | None = None
    failures = 0
    requests = 0


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.requests += 1
        if self.server.requests <= self.server.failures:
            self.send_error(503)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(self.server.announced or len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server(("127.0.0.1", 0), _Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, no mirror, no waiting."""
    monkeypatch.delenv(module.MIRROR_VARIABLE, raising=False)
    monkeypatch.setenv(module.CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(module, "_WAITS", (0.0, 0.0))
    return tmp_path / "cache"


@pytest.fixture
def source(server: _Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """The source ``nelda``, its address on the local server and the checksum of BYTES."""
    item = replace(
        entry("nelda"),
        url=f"http://127.0.0.1:{server.server_address[1]}/nelda.rda",
        sha256=hashlib.sha256(BYTES).hexdigest(),
    )
    monkeypatch.setattr(module, "entry", lambda name: item)
    return item.name


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_download_then_cache(cache: Path, server: _Server, source: str) -> None:
    assert not at_hand(source)
    path = fetch(source)
    assert path == cache / "nelda.rda"
    assert path.read_bytes() == BYTES
    assert at_hand(source)
    assert fetch(source) == path
    assert server.requests == 1
    assert files(cache) == ["nelda.rda"]


def test_mirror_comes_first(
    cache: Path, server: _Server, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nelda.rda").write_bytes(BYTES)
    monkeypatch.setenv(module.MIRROR_VARIABLE, str(tmp_path))
    assert at_hand(source)
    assert fetch(source) == tmp_path / "nelda.rda"
    assert server.requests == 0
    assert not cache.exists()


def test_wrong_bytes_in_the_mirror_are_an_error(
    cache: Path, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nelda.rda").write_bytes(b"other")
    monkeypatch.setenv(module.MIRROR_VARIABLE, str(tmp_path))
    assert not at_hand(source)
    with pytest.raises(DataError) as caught:
        fetch(source)
    message = str(caught.value)
    assert str(tmp_path / "nelda.rda") in message
    assert hashlib.sha256(BYTES).hexdigest() in message
    assert hashlib.sha256(b"other").hexdigest() in message


def test_a_mirror_that_is_no_folder_is_an_error(
    cache: Path, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(module.MIRROR_VARIABLE, str(tmp_path / "absent"))
    with pytest.raises(CoverageError, match="must name a folder"):
        fetch(source)


def test_a_corrupt_cache_file_is_refused_and_fetched_again(
    cache: Path, server: _Server, source: str
) -> None:
    cache.mkdir()
    (cache / "nelda.rda").write_bytes(BYTES[:-3])
    assert not at_hand(source)
    with pytest.warns(CoalitionWarning, match="damaged"):
        path = fetch(source)
    assert path.read_bytes() == BYTES
    assert server.requests == 1


def test_a_corrupt_cache_file_is_never_used_offline(
    cache: Path, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.mkdir()
    (cache / "nelda.rda").write_bytes(b"corrupt")
    monkeypatch.setattr(module, "_download", _offline)
    with pytest.warns(CoalitionWarning, match="damaged"), pytest.raises(CoverageError):
        fetch(source)
    assert files(cache) == []


def test_a_failure_that_passes_is_retried(cache: Path, server: _Server, source: str) -> None:
    server.failures = 2
    assert fetch(source).read_bytes() == BYTES
    assert server.requests == 3


def test_an_interrupted_download_leaves_nothing(cache: Path, server: _Server, source: str) -> None:
    # The server hangs up early: either the client notices, or the checksum does.
    server.announced = len(BYTES) + 100
    server.body = BYTES[:5]
    with pytest.raises((CoverageError, DataError)):
        fetch(source)
    assert files(cache) == []
    assert server.requests == 3


def test_ctrl_c_leaves_nothing(cache: Path, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(url: str, partial: Path, what: str) -> None:
        partial.write_bytes(BYTES[:5])
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_download", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch(source)
    assert files(cache) == []


def test_other_bytes_at_the_address_are_refused(cache: Path, server: _Server, source: str) -> None:
    server.body = b"something else"
    with pytest.raises(DataError, match="not the pinned one") as caught:
        fetch(source)
    assert hashlib.sha256(b"something else").hexdigest() in str(caught.value)
    assert files(cache) == []


def _offline(url: str, partial: Path, what: str) -> None:
    raise ConnectionError("name resolution failed")


def test_offline_says_what_to_do(cache: Path, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_download", _offline)
    with pytest.raises(CoverageError) as caught:
        fetch(source)
    message = str(caught.value)
    assert "http://127.0.0.1" in message
    assert "COALITION_MODELS_MIRROR" in message
    assert str(cache / "nelda.rda") in message
    assert "3 attempts" in message
    assert files(cache) == []


def test_a_full_disk_is_our_error(
    cache: Path, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(url: str, partial: Path, what: str) -> None:
        with Path("/dev/full").open("wb", buffering=0) as device:
            device.write(BYTES)

    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    monkeypatch.setattr(module, "_download", full)
    with pytest.raises(CoverageError, match="No space left") as caught:
        fetch(source)
    assert "COALITION_MODELS_CACHE" in str(caught.value)
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.ENOSPC
    assert files(cache) == []


def test_a_cache_that_is_a_file_is_our_error(
    cache: Path, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.write_text("in the way")
    with pytest.raises(CoverageError, match="cannot store 'nelda'"):
        fetch(source)
    assert cache.read_text() == "in the way"


def test_without_pooch_the_extra_is_named(
    cache: Path, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without_pooch(name: str, *args: object, **kwargs: object) -> object:
        if name == "pooch":
            raise ImportError(name)
        return real(name, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without_pooch)
    with pytest.raises(CoverageError, match=r"coalition-models\[fetch\]"):
        fetch(source)
    assert files(cache) == []


def test_what_pooch_says_on_import_is_passed_on_but_for_its_bar(
    cache: Path, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def talkative(name: str, *args: object, **kwargs: object) -> object:
        if name == "pooch":
            warnings.warn("no bar in notebooks", TqdmWarning, stacklevel=2)
            warnings.warn("pooch grows old", FutureWarning, stacklevel=2)
        return real(name, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", talkative)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with contextlib.suppress(OSError):
            module._download("http://127.0.0.1:9/none", cache / "none", "nothing")
    assert [str(one.message) for one in told] == ["pooch grows old"]


def test_bundled_and_composite_tables_have_no_file() -> None:
    with pytest.raises(DataError, match="comes with the package"):
        fetch("participation")
    with pytest.raises(DataError, match="ipi-contributions-2014-08"):
        fetch("ipi-contributions")


def test_cache_dir_follows_the_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(module.CACHE_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(module.sys, "platform", "linux")
    assert cache_dir() == tmp_path / "coalition_models"
    monkeypatch.setenv(module.CACHE_VARIABLE, str(tmp_path / "mine"))
    assert cache_dir() == tmp_path / "mine"


def test_a_failed_download_names_its_cause_in_few_words():
    pool = "HTTPSConnection(host='archive.example', port=443)"
    unresolved = NameResolutionError("archive.example", pool, OSError(-2, "not known"))
    error = ConnectionError(MaxRetryError(pool, "/long/path.csv", unresolved))
    assert module._cause(error) == (
        "NameResolutionError: Failed to resolve 'archive.example' ([Errno -2] not known)"
    )
    assert module._cause(OSError(111, "refused")) == "ConnectionRefusedError: [Errno 111] refused"
    assert module._cause(TimeoutError("timed out")) == "TimeoutError: timed out"
