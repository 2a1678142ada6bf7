"""A progress bar for the long work at the start: making prompts."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class PromptProgress:
    """Called with (done, of how many, name); shows itself only while there is something to wait for."""

    def __init__(self, console: Console) -> None:
        self._bar = Progress(
            TextColumn("    {task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task = self._bar.add_task("合成提示音", total=None)
        self._started = False

    def __call__(self, done: int, total: int, name: str) -> None:
        if not self._started:
            self._started = True
            self._bar.start()
        self._bar.update(self._task, completed=done, total=total)
        if done >= total:
            self.stop()

    def stop(self) -> None:
        """Take the bar away."""
        if self._started:
            self._bar.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def prompt_progress(console: Console) -> PromptProgress:
    """Return the bar for making prompts."""
    return PromptProgress(console)
