"""The clips of a run that filters leave, at one setting, and what is asked of them by every export."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from core.workbench.files import quoted
from core.workbench.plan import Plan, Setting, read_plan, said
from core.workbench.query.filters import Filters, in_words, where
from core.workbench.query.page import TILES, tiles
from core.workbench.query.table import ROWS, Table


@dataclass(frozen=True, eq=False)
class Chosen:
    """folder: of the run. table: its rows."""

    folder: Path
    table: Table
    setting: str
    filters: Filters = ()

    @cached_property
    def plan(self) -> Plan:
        return read_plan(self.folder)

    @property
    def held(self) -> Setting:
        return self.table.settings[self.setting]

    @property
    def others(self) -> list[str]:
        """Other settings of the same method."""
        return [name for name, one in self.table.settings.items() if name != self.setting and one.method == self.held.method]

    @cached_property
    def count(self) -> int:
        """How many clips there are."""
        condition, values = where(self.table, self.filters, self.setting)
        return self.table.ask(f"SELECT count(*) AS n FROM {ROWS} WHERE {condition}", values)[0]["n"]

    def rows(self, worst: int = 0) -> list[dict[str, Any]]:
        """Every column, in the order of ids. worst: so many of the wrong ones alone, those with most loss first."""
        condition, values = where(self.table, self.filters, self.setting)
        names = ", ".join(map(quoted, self.table.settings_columns(self.setting)))
        if not worst:
            return self.table.ask(f"SELECT {names} FROM {ROWS} WHERE {condition} ORDER BY clip_id", values)
        if "right" not in self.table.settings_columns(self.setting):
            return []
        order = "ORDER BY loss DESC NULLS LAST, clip_id LIMIT ?"
        return self.table.ask(f'SELECT {names} FROM {ROWS} WHERE {condition} AND NOT "right" {order}', [*values, worst])

    def pictures(self, ids: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """(clip, its strip and maps), a few files at a time, in no order."""
        for start in range(0, len(ids), TILES):
            yield from tiles(self.folder, self.table, self.setting, ids[start : start + TILES]).items()

    @property
    def name(self) -> str:
        """The setting, as a reader knows it."""
        return said(self.table.settings)[self.setting]

    @property
    def words(self) -> str:
        """Which clips these are."""
        return in_words(self.filters) or "every clip"


def frames_of(strip: bytes, frames: int) -> np.ndarray:
    """The frames of a strip, T H W C, RGB."""
    sprite_HWC = cv2.cvtColor(cv2.imdecode(np.frombuffer(strip, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    wide = sprite_HWC.shape[1] // frames
    return np.stack([sprite_HWC[:, t * wide : (t + 1) * wide] for t in range(frames)])


def region_of(setting: Setting, found: Mapping[str, Any]) -> np.ndarray | None:
    """What the method selects in each frame, T h w, bool; None where it selects nothing."""
    P = int(np.prod(setting.grid)) if setting.grid else 0
    for stage, how in setting.drawn.items():
        if how == "truth" and P and found.get(stage) is not None:
            flat = np.unpackbits(np.frombuffer(found[stage], np.uint8))
            return flat[: len(flat) // P * P].reshape(-1, *setting.grid).astype(bool)
    return None
