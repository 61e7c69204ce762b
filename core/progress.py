"""Progress of a long piece of work, and its being called off."""

from collections.abc import Callable

from core.watch import Cancelled

Progress = Callable[[float], None]
Asked = Callable[[], bool]


class Watch:
    """Counts what is done of `total`, tells it as a share of 1, and raises Cancelled when the reader has called it off."""

    def __init__(self, total: float, progress: Progress = lambda done: None, cancelled: Asked = lambda: False):
        self.total, self.progress, self.cancelled, self.done = max(total, 1), progress, cancelled, 0.0

    def ask(self, done: float = 0.0) -> None:
        """Raise Cancelled where it was called off. done is not asked for: `core.watch.watched` gives it."""
        if self.cancelled():
            raise Cancelled("Called off before all was done.")

    def step(self, more: float) -> None:
        """`more` is about to be done."""
        self.ask()
        self.progress(min(self.done / self.total, 1.0))
        self.done += more

    def end(self) -> None:
        """All is done."""
        self.progress(1.0)
