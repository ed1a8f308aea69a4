"""Which of an episode's instructions a sample has: in what language, in which words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from episodes.errors import UserError
from episodes.mix.permutation import key, nth_key

Phrasings = Mapping[str, Sequence[str]]  # language -> ways to say it


@dataclass(frozen=True)
class Instructions:
    """languages: the first that an episode has; none: English, or else what there is. sampled: any
    of its phrasings, by the index of the draw; else the first."""

    languages: tuple[str, ...]
    sampled: bool
    key: np.uint64

    @classmethod
    def asked(cls, language: Any, paraphrases: bool, seed: int) -> Instructions | None:
        """None where nothing else is asked for than the instruction of the commit record.

        language: a name, or several in the order in which they are wanted. seed: of the mix.
        Raises UserError.
        """
        several = language if isinstance(language, list | tuple) else [language]
        names = [] if language is None else list(several)
        if not all(isinstance(name, str) and name for name in names):
            raise UserError(f"language={language!r} is none; try language='en' or ('ko', 'en')")
        if not names and not paraphrases:
            return None
        return cls(tuple(names), paraphrases, np.uint64(key(seed, "paraphrases")))

    def choose(self, there: Phrasings, draw: int, instruction: str) -> tuple[str, str] | None:
        """The language and the words for a draw; None if the episode has none in what was asked.

        instruction: of an episode that tells of no language, in its own.
        """
        for name in self.languages or ("en", *sorted(there)):
            phrasings = there.get(name, ())
            if phrasings:
                turn = int(nth_key(self.key, draw)[0]) % len(phrasings) if self.sampled else 0
                return name, phrasings[turn]
        return None if self.languages else ("", instruction)
