"""Where the bundled tables lie: inside an installed package, or beside it in the repository."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from coalition_models.errors import DataError

__all__ = ["data_dir"]


@lru_cache(maxsize=1)
def data_dir() -> Path:
    """Return the folder that holds ``datapackage.json`` and the bundled tables."""
    package = Path(__file__).resolve().parent.parent
    for candidate in (package / "_data", package.parent / "data"):
        if (candidate / "datapackage.json").is_file():
            return candidate
    raise DataError(
        "the bundled data are missing: expected datapackage.json in "
        "coalition_models/_data (installed) or data/ (repository); install the package again"
    )
