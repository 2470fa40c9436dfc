"""What stands above everything else: whose month it is, whether it may still change, and all of it at a glance."""

from collections.abc import Mapping
from typing import Final

from streams.statement.words.said import Said

WORDS: Final[Mapping[str, Said]] = {
    # the page
    "title": Said("Service statement", "Relevé de service"),
    "title.page": Said("Service statement: {account}, {month}", "Relevé de service : {account}, {month}"),
    "account": Said("Account", "Compte"),
    "month": Said("Month", "Mois"),
    "month.span": Said("from {start} to {end}", "du {start} au {end}"),
    "zone": Said("Time zone", "Fuseau horaire"),
    "zone.Etc/GMT+8": Said("Pacific Standard Time (PST), all year", "Heure normale du Pacifique (HNP), toute l’année"),
    "terms": Said("Terms", "Conditions"),
    "terms.in_force": Said("in force since {day}, {reference}", "en vigueur depuis le {day}, {reference}"),
    "as_of": Said("As of", "Situation au"),
    "edition": Said("Edition", "Édition"),
    "status.running": Said(
        "Provisional. The month is not over: this is how things stood on {as_of}, and all of it may still change.",
        "Provisoire. Le mois n’est pas terminé : voici la situation au {as_of}, et tout peut encore changer.",
    ),
    "status.ended": Said(
        "Provisional. The month is over and closes on {closes_at}; until then all of it may still change.",
        "Provisoire. Le mois est terminé et sera clôturé le {closes_at}; d’ici là, tout peut encore changer.",
    ),
    "status.closed": Said(
        "Closed on {closes_at}. Corrections may still change it until {final_at}; then it is final.",
        "Clôturé le {closes_at}. Des corrections restent possibles jusqu’au {final_at}; il sera alors définitif.",
    ),
    "status.final": Said(
        "Final since {final_at}: nothing changes it any more.",
        "Définitif depuis le {final_at} : plus rien ne le modifie.",
    ),
    "until": Said(
        "This statement looks only at what had arrived by {until}.",
        "Ce relevé ne tient compte que de ce qui était arrivé au plus tard le {until}.",
    ),
    # at a glance
    "glance": Said("At a glance", "En bref"),
    "glance.caption": Said(
        "Each location is judged on its own: downtime of several is never added up (AV-2).",
        "Chaque localisation est jugée séparément : leurs temps d’arrêt ne s’additionnent jamais (AV-2).",
    ),
    "location": Said("Location", "Localisation"),
    "availability": Said("Availability", "Disponibilité"),
    "objective": Said("Objective {objective}", "Objectif {objective}"),
    "downtime": Said("Downtime counted", "Temps d’arrêt compté"),
    "excluded": Said("Excluded", "Exclu"),
    "unknown": Said("Unknown", "Inconnu"),
    "credit": Said("Credit", "Crédit"),
    "met": Said("Met", "Atteint"),
    "not_met": Said("Not met", "Non atteint"),
    "met.so_far": Said("Met so far", "Atteint jusqu’ici"),
    "not_met.so_far": Said("Not met so far", "Non atteint jusqu’ici"),
    "incomplete.short": Said("incomplete", "incomplet"),
    "none": Said("None", "Aucun"),
    "left": Said("{left} left", "reste {left}"),
    "over": Said("{over} too much", "{over} de trop"),
    "not_covered": Said("Not covered", "Non couverte"),
    "not_had": Said("Not this account’s", "Pas à ce compte"),
    "not_owed": Said("None owed; published: {days}", "Aucun dû ({days} au registre)"),
    "taken_back": Said("None: issued and taken back", "Aucun : accordé puis annulé"),
    "not_known": Said("Nothing known", "Rien de connu"),
    "when_closed": Said("Decided when the month closes", "Décidé à la clôture du mois"),
    "no_locations": Said(
        "The account had no location in this month.", "Le compte n’avait aucune localisation pendant ce mois."
    ),
    "responses.glance": Said("Response promise: {verdict}.", "Engagement de réponse : {verdict}."),
}
