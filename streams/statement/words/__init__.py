"""Every sentence of a page, in both languages side by side, one file for each part of it.

`{name}` is filled in. What is counted has a singular and a plural, `one|many`. In French the spaces before `:` and `%`
and within guillemets become no-break spaces by themselves (`language.py`). The French words are those of the contract's
French text: *localisation*, *temps d’arrêt*, *crédit de service*, *heures de contact*.
"""

from collections.abc import Mapping
from typing import Final

from streams.statement.words import calendar, credit, document, location, responses, terms, verification
from streams.statement.words.said import Said

PARTS: Final = (document, location, credit, responses, terms, verification, calendar)

WORDS: Final[Mapping[str, Said]] = {key: said for part in PARTS for key, said in part.WORDS.items()}
