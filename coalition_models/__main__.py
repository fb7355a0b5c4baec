"""Run the command line: ``python -m coalition_models``."""

from __future__ import annotations

import sys

from coalition_models.cli import main

if __name__ == "__main__":
    sys.exit(main())
