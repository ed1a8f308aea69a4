"""Layouts that people publish, one small file each; see layout.py for what they say."""

from collections.abc import Sequence

from episodes.formats.arrays.layout import ArrayLayout
from episodes.formats.arrays.layouts import (
    aloha,
    d4rl,
    maniskill,
    minari,
    replay_buffer,
    robomimic,
    robomind,
    robotwin,
    umi,
)

KNOWN: Sequence[ArrayLayout] = (
    aloha.LAYOUT,
    d4rl.LAYOUT,
    maniskill.LAYOUT,
    minari.LAYOUT,
    replay_buffer.LAYOUT,
    robomimic.LAYOUT,
    robomind.LAYOUT,
    robotwin.LAYOUT,
    umi.LAYOUT,
)
