"""What is said of the answers to tickets."""

from collections.abc import Mapping
from typing import Final

from streams.statement.words.said import Said

WORDS: Final[Mapping[str, Said]] = {
    "responses": Said("Responses to requests", "Réponses aux demandes"),
    "responses.none": Said(
        "No requests in this month, so no verdict.", "Aucune demande pendant ce mois, donc aucun verdict."
    ),
    "responses.all_customers": Said(
        "{met} of {total} in time; the terms judge all customers together (I-20)",
        "{met} sur {total} à temps; les conditions jugent tous les clients ensemble (I-20)",
    ),
    "responses.undecided": Said("no verdict, for none is due yet", "aucun verdict, car aucune n’est encore échue"),
    "responses.met": Said(
        "kept, {met} of {total} in time ({share} promised)", "tenu, {met} sur {total} à temps ({share} promis)"
    ),
    "responses.breached": Said(
        "not kept, {met} of {total} in time ({share} promised)", "non tenu, {met} sur {total} à temps ({share} promis)"
    ),
    "responses.verdict": Said("The month’s promise (RS-4): {verdict}.", "Engagement du mois (RS-4) : {verdict}."),
    "responses.remedy": Said(
        "A late response owes nothing (RM-1).", "Une réponse tardive n’ouvre droit à rien (RM-1)."
    ),
    "responses.caption": Said("By priority and time of creation", "Par priorité et moment de la création"),
    "priority": Said("Priority", "Priorité"),
    "priority.urgent": Said("urgent", "urgente"),
    "priority.medium": Said("medium", "moyenne"),
    "priority.low": Said("low", "faible"),
    "priority.all": Said("all", "toutes"),
    "window": Said("Created", "Créées"),
    "window.contact": Said("in contact hours", "heures de contact"),
    "window.other": Said("at other times", "autres heures"),
    "window.all": Said("at any time", "à toute heure"),
    "target": Said("First response within", "Réponse initiale"),
    "target.hours": Said("{n} hour|{n} hours", "{n} heure|{n} heures"),
    "target.next_business_day": Said("the next business day", "jour ouvrable suivant"),
    "requests": Said("Requests", "Demandes"),
    "in_time": Said("In time", "À temps"),
    "late": Said("Late", "En retard"),
    "pending": Said("Not due yet", "Non échues"),
    "hours": Said(
        "Contact hours: {hours}. Holidays are not contact hours ({holidays}).",
        "Heures de contact : {hours}. Les jours fériés n’en font pas partie ({holidays}).",
    ),
    "hours.of": Said("{days} from {opens} to {closes}", "{days} de {opens} à {closes}"),
    "missed": Said("Requests that were not answered in time", "Demandes sans réponse à temps"),
    "created": Said("Created", "Créée"),
    "due": Said("Due", "Échéance"),
    "answered": Said("Answered", "Réponse"),
    "answered.not": Said("not yet", "pas encore"),
    "kind": Said("Kind", "Nature"),
    "kind.incident": Said("incident", "incident"),
    "kind.request": Said("request", "demande"),
    "kind.complaint": Said("complaint", "plainte"),
    "kind.number_port": Said("number port", "portage de numéro"),
    "kind.number_change": Said("number change", "changement de numéro"),
    "kind.credit_claim": Said("credit claim", "réclamation de crédit"),
    "apart": Said(
        "Counted apart, and in no total: porting and number changes depend on third parties (NU-1).",
        "Comptés à part, hors de tout total : le portage et les changements de numéro dépendent de tiers (NU-1).",
    ),
    "left_out": Said("In no total: {reasons}.", "Hors de tout total : {reasons}."),
    "left_out.withdrawn": Said(
        "{n} closed by the customer before an answer|{n} closed by the customer before an answer",
        "{n} fermée par le client avant une réponse|{n} fermées par le client avant une réponse",
    ),
    "left_out.not_asked": Said(
        "{n} opened by the provider|{n} opened by the provider",
        "{n} ouverte par le fournisseur|{n} ouvertes par le fournisseur",
    ),
    "left_out.other_type": Said(
        "{n} of another kind|{n} of other kinds", "{n} d’une autre nature|{n} d’autres natures"
    ),
}
