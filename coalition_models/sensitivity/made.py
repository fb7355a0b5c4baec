"""What the options of a run made, so that other combinations need not make it again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from contextlib import suppress

__all__ = ["Made"]


class Made(OrderedDict[Hashable, tuple[object, object]]):
    """What was made in a run, with what it was made from; never sent to another process."""

    #: things kept; those asked for longest ago are made again when they are asked for
    MOST = 300

    def recall(self, key: Hashable) -> tuple[object, object] | None:
        """What is kept under a key, which now stays longest."""
        held = self.get(key)
        if held is not None:
            with suppress(KeyError):  # another thread may just have let it go
                self.move_to_end(key)
        return held

    def keep(self, key: Hashable, value: tuple[object, object]) -> None:
        """Keep one more thing in place of the one asked for longest ago; threads share this."""
        self[key] = value
        while len(self) > self.MOST:
            try:
                self.popitem(last=False)
            except KeyError:
                return

    def __reduce__(self) -> tuple[type[Made], tuple[()]]:
        return Made, ()
