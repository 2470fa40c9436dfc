"""How a page can be checked."""

from collections.abc import Mapping
from typing import Final

from streams.statement.words.said import Said

WORDS: Final[Mapping[str, Said]] = {
    "verify": Said("How to verify this statement", "Comment vérifier ce relevé"),
    "verify.how": Said(
        "It follows from the recorded events alone: whoever derives it again from the same records gets the same, byte "
        "for byte. With access to the platform:",
        "Il découle des seuls événements enregistrés : quiconque le dérive de nouveau des mêmes données obtient la "
        "même chose, octet pour octet. Avec accès à la plateforme :",
    ),
    "verify.digest": Said(
        "SHA-256 of this statement in its JSON form, which says the same in any language",
        "SHA-256 de ce relevé dans sa forme JSON, qui dit la même chose dans toutes les langues",
    ),
    "verify.json": Said(
        "the JSON form, whose digest must be the one below",
        "la forme JSON, dont l’empreinte doit être celle ci-dessous",
    ),
    "verify.json.recording": Said(
        "the JSON form, whose digest must be the one below, from the same recording (FILE, or kafka): the archive "
        "tells the published ledger as well",
        "la forme JSON, dont l’empreinte doit être celle ci-dessous, du même enregistrement (FILE, ou kafka) : "
        "l’archive indique aussi le grand livre publié",
    ),
    "verify.facts": Said("the facts behind it", "les faits dont il découle"),
    "verify.diff": Said("whether they are what the platform published", "s’ils sont ce que la plateforme a publié"),
    "verify.explain": Said("each location’s month, step by step", "le mois de chaque localisation, pas à pas"),
    "verify.moves": Said(
        "Until it is final, a later run may say more than this one; {until} repeats what was known at a time.",
        "Tant qu’il n’est pas définitif, une exécution ultérieure peut en dire davantage; {until} répète ce qui était "
        "connu à un moment donné.",
    ),
    "verify.folds": Said("Versions of the rules: {numbers}.", "Versions des règles : {numbers}."),
    "verify.settings": Said("Settings: {numbers}.", "Réglages : {numbers}."),
}
