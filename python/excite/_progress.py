"""How far a task is: a bar in a notebook, a line in a terminal, or whatever the caller wants."""

from __future__ import annotations

import html
import sys
import time
import warnings
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeAlias

# None shows it in notebooks and terminals, False nowhere; a function is called with steps done, all steps and a note.
Shown: TypeAlias = "bool | Callable[[int, int, str], None] | None"

# A task that is done by then, in seconds, shows nothing.
_SHORT = 0.5


class Progress:
    """Within its block what a task calls with its progress; afterwards nothing of it is left on the screen."""

    def __init__(self, shown: Shown = None) -> None:
        self._show = shown if callable(shown) else (_silent if shown is False else _display())
        self._start = time.monotonic()
        self._is_shown = callable(shown)

    def __enter__(self) -> Progress:
        return self

    def __call__(self, done: int, total: int, note: str, notices: list[str]) -> None:
        for notice in notices:
            warnings.warn(notice, stacklevel=2)
        self._is_shown |= time.monotonic() - self._start > _SHORT
        if self._is_shown and total > 0:
            self._show(done, total, note)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(self._show, (_Notebook, _Terminal)):
            self._show.clear()


def _silent(done: int, total: int, note: str) -> None:
    pass


def _display() -> Callable[[int, int, str], None]:
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    if shell is not None and getattr(shell, "kernel", None) is not None:
        return _Notebook()
    return _Terminal() if sys.stderr is not None and sys.stderr.isatty() else _silent


class _Notebook:
    """A bar in the output of a cell."""

    def __init__(self) -> None:
        self._handle: Any = None

    def __call__(self, done: int, total: int, note: str) -> None:
        from IPython.display import HTML, display

        bar = HTML(f'<progress value="{done}" max="{total}"></progress> {done}/{total} {html.escape(note)}')
        if self._handle is None:
            self._handle = display(bar, display_id=True)
        else:
            self._handle.update(bar)

    def clear(self) -> None:
        if self._handle is not None:
            from IPython.display import HTML

            self._handle.update(HTML(""))


class _Terminal:
    """A line on standard error."""

    def __init__(self) -> None:
        self._length = 0

    def __call__(self, done: int, total: int, note: str) -> None:
        line = f"{done}/{total} {note}"[:79]
        sys.stderr.write("\r" + line.ljust(self._length))
        sys.stderr.flush()
        self._length = len(line)

    def clear(self) -> None:
        if self._length:
            sys.stderr.write("\r" + " " * self._length + "\r")
            sys.stderr.flush()
