"""A sentence in both languages."""

from typing import NamedTuple


class Said(NamedTuple):
    en: str
    fr: str
