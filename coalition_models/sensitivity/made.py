"""What the options of a run made, so that other combinations need not make it again."""

from __future__ import annotations

from collections.abc import Hashable

__all__ = ["Made"]


class Made(dict[Hashable, tuple[object, object]]):
    """What was made in a run, with what it was made from; never sent to another process."""

    #: things kept; of older ones those that are asked for again are made again
    MOST = 300

    def keep(self, key: Hashable, value: tuple[object, object]) -> None:
        """Keep one more thing in place of the oldest; threads share what is made."""
        self[key] = value
        while len(self) > self.MOST:
            try:
                self.pop(next(iter(self)), None)
            except (StopIteration, RuntimeError):
                return

    def __reduce__(self) -> tuple[type[Made], tuple[()]]:
        return Made, ()
