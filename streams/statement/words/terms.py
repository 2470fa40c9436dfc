"""What the clauses say and which readings were chosen, in both languages, for the end of a page.

`clause.ID` says what a clause says (`schemas/terms/clauses.py` knows where it stands); `reading.I-n` asks what the text
leaves open; `KEY=VALUE`, or `KEY` with its `{value}`, is the reading that the terms state under that key.
"""

from collections.abc import Mapping
from typing import Final

from streams.statement.words.said import Said

WORDS: Final[Mapping[str, Said]] = {
    "agreement": Said("The terms, and how they are read", "Les conditions et leur interprétation"),
    "agreement.judged": Said(
        "The month is judged as a whole by the terms in force when it began (VE-1): effective {effective}, customers "
        "told on {notified}, series {series}, file {reference}.",
        "Le mois est jugé en entier selon les conditions en vigueur à son début (VE-1) : en vigueur le {effective}, "
        "avis aux clients le {notified}, série {series}, fichier {reference}.",
    ),
    "agreement.before": Said(
        "The month lies before their first effective date; they judge it all the same.",
        "Le mois précède leur première date d’entrée en vigueur; elles s’appliquent malgré tout.",
    ),
    "clauses.caption": Said("Clauses that this statement rests on", "Clauses sur lesquelles repose ce relevé"),
    "clause": Said("Clause", "Clause"),
    "clause.where": Said("Where", "Où"),
    "clause.says": Said("What it says", "Ce qu’elle dit"),
    "readings.caption": Said(
        "Readings chosen where the text is open", "Interprétations retenues là où le texte reste ouvert"
    ),
    "reading": Said("Reading", "Interprétation"),
    "reading.chosen": Said("What applies", "Ce qui s’applique"),
    "reading.value": Said("In the terms file", "Dans le fichier des conditions"),
    # clauses: in which part of the text, then what each says
    "section.annex": Said("Annex A §{n}", "annexe A, §{n}"),
    "section.main": Said("main text §{n}", "texte principal, §{n}"),
    "section.none": Said("not in the text", "absent du texte"),
    "clause.AV-1": Said(
        "Each end-user location is promised the stated availability of the service.",
        "Chaque localisation d’utilisateur final bénéficie de la disponibilité de service indiquée.",
    ),
    "clause.AV-2": Said(
        "A location is one place with service. Locations are never combined.",
        "Une localisation est un lieu unique desservi. Les localisations ne sont jamais combinées.",
    ),
    "clause.CR-1": Said(
        "A calendar month with enough downtime at a location earns days of credit, by the table.",
        "Un mois civil avec assez de temps d’arrêt à une localisation donne des jours de crédit, selon le tableau.",
    ),
    "clause.CR-2": Said(
        "Credits go against future payments: no refund, no transfer, no money.",
        "Les crédits visent les paiements futurs : ni remboursement, ni transfert, ni argent.",
    ),
    "clause.CR-3": Said(
        "A credit is asked for in writing, within the stated days.",
        "Un crédit se demande par écrit, dans le délai indiqué.",
    ),
    "clause.RM-1": Said("Credits are the only remedy.", "Les crédits sont le seul recours."),
    "clause.EX-1": Said(
        "Not counted: what is beyond the provider’s reasonable control.",
        "Non compté : ce qui échappe au contrôle raisonnable du fournisseur.",
    ),
    "clause.EX-2": Said(
        "Not counted: what the customer or a third party does or leaves undone.",
        "Non compté : l’action ou l’inaction du client ou d’un tiers.",
    ),
    "clause.EX-3": Said(
        "Not counted: power and Internet failures on the site.",
        "Non compté : les pannes électriques et d’Internet sur le site.",
    ),
    "clause.EX-4": Said(
        "Not counted: failing equipment that the customer owns and manages.",
        "Non compté : la défaillance du matériel que le client gère et détient.",
    ),
    "clause.EX-5": Said(
        "The agreement applies to a location from its move to the provider’s dedicated circuit.",
        "L’accord s’applique à une localisation dès son passage au circuit dédié du fournisseur.",
    ),
    "clause.EX-6": Said(
        "Planned maintenance is not among the exclusions.",
        "La maintenance planifiée ne figure pas parmi les exclusions.",
    ),
    "clause.QU-1": Said(
        "The quality of calls is not promised: a poor or failed call is not downtime.",
        "La qualité des appels n’est pas promise : un appel mauvais ou manqué n’est pas un temps d’arrêt.",
    ),
    "clause.VE-1": Said(
        "The agreement may change on notice to the customer.", "L’accord peut être mis à jour sur avis au client."
    ),
    "clause.RS-1": Said("The contact hours.", "Les heures de contact."),
    "clause.RS-2": Said(
        "Targets for requests made in contact hours.", "Délais pour les demandes faites pendant les heures de contact."
    ),
    "clause.RS-3": Said(
        "Targets for all other times and holidays.", "Délais pour toutes les autres heures et les jours fériés."
    ),
    "clause.RS-4": Said(
        "The targets are kept for the stated share of a calendar month’s requests.",
        "Les délais sont respectés pour la part indiquée des demandes d’un mois civil.",
    ),
    "clause.NU-1": Said(
        "Porting depends on third parties: no promise on delay.",
        "Le portage dépend de tiers : aucun engagement de délai.",
    ),
    # readings
    "reading.I-1": Said("Which time zone", "Quel fuseau horaire"),
    "month_zone": Said("for the month: {value}", "pour le mois : {value}"),
    "response.hours_zone": Said("for contact hours: {value}", "pour les heures de contact : {value}"),
    "reading.I-2": Said("Fractions of a minute", "Fractions de minute"),
    "credits.rounding=floor_month_to_minutes": Said(
        "milliseconds are summed over the month and cut to whole minutes once",
        "les millisecondes du mois sont additionnées, puis ramenées une fois à des minutes entières",
    ),
    "reading.I-3": Said("Where each tier begins", "Où commence chaque palier"),
    "credits.tiers": Said("at {value} whole minutes", "à {value} minutes entières"),
    "reading.I-4": Said("When downtime begins", "Quand commence un temps d’arrêt"),
    "availability.outage_begins=first_missed": Said(
        "silence: at the first heartbeat that was due and did not come; a reported outage: at its own time",
        "silence : au premier signal attendu qui n’est pas venu; panne signalée : à son heure propre",
    ),
    "availability.outage_begins=last_seen": Said(
        "silence: at the last heartbeat that was seen; a reported outage: at its own time",
        "silence : au dernier signal reçu; panne signalée : à son heure propre",
    ),
    "availability.missed_heartbeats": Said(
        "heartbeats in a row that must be missing: {value}", "signaux consécutifs qui doivent manquer : {value}"
    ),
    "availability.default_interval_s": Said(
        "seconds between heartbeats where nothing else is stated: {value}",
        "secondes entre les signaux, sauf indication contraire : {value}",
    ),
    "reading.I-5": Said("What makes a location down", "Ce qui met une localisation en panne"),
    "availability.location_down_when=all_devices": Said(
        "all its monitored devices are down at once", "tous ses appareils surveillés sont en panne en même temps"
    ),
    "availability.location_down_when=any_device": Said(
        "any of its monitored devices is down", "l’un de ses appareils surveillés est en panne"
    ),
    "availability.location_down_when=primary_device": Said(
        "its primary device is down", "son appareil principal est en panne"
    ),
    "reading.I-6": Said("When nobody listened", "Quand personne n’était à l’écoute"),
    "availability.max_unknown": Said(
        "time is unknown, never downtime; above {value} of the covered time the month is incomplete",
        "le temps est inconnu, jamais un temps d’arrêt; au-delà de {value} du temps couvert, le mois est incomplet",
    ),
    "reading.I-7": Said("A share of what", "Une part de quoi"),
    "availability.denominator=covered": Said(
        "of the covered time; excluded and unknown time stay in it",
        "du temps couvert; le temps exclu et le temps inconnu en font partie",
    ),
    "reading.I-8": Said("When a credit can be claimed", "Quand un crédit devient admissible"),
    "claims.eligible_at=next_month": Said("when the next month begins", "au début du mois suivant"),
    "claims.eligible_at=fifteenth_minute": Said(
        "when the month’s downtime reaches the lowest tier", "quand le temps d’arrêt du mois atteint le premier palier"
    ),
    "reading.I-9": Said("An outage across the edge of a month", "Une panne à cheval sur deux mois"),
    "availability.month_split=each_its_part": Said("each month has its own part of it", "chaque mois en a sa part"),
    "reading.I-10": Said("Met or not met", "Atteint ou non"),
    "availability.objective": Said(
        "judged on whole milliseconds against {value}, never on a rounded percentage",
        "jugé sur des millisecondes entières par rapport à {value}, jamais sur un pourcentage arrondi",
    ),
    "reading.I-11": Said("Which hours run", "Quelles heures courent"),
    "response.clock=elapsed": Said("all hours, from creation", "toutes les heures, dès la création"),
    "response.clock=contact": Said(
        "contact hours only, from creation", "les heures de contact seulement, dès la création"
    ),
    "response.pause_while_pending_customer=True": Said(
        "not while the customer is asked", "pas pendant l’attente du client"
    ),
    "response.pause_while_pending_customer=False": Said(
        "also while the customer is asked", "aussi pendant l’attente du client"
    ),
    "reading.I-12": Said("The next business day", "Le jour ouvrable suivant"),
    "response.business_days": Said("business days: {value}", "jours ouvrables : {value}"),
    "response.next_business_day=after_creation": Said(
        "the first business day after the day of creation, to the end of its contact hours",
        "le premier jour ouvrable après celui de la création, jusqu’à la fin de ses heures de contact",
    ),
    "response.next_business_day=same_day_before_opening": Said(
        "the same, but that day itself if created before opening",
        "de même, mais le jour même si la demande précède l’ouverture",
    ),
    "reading.I-13": Said("Which holidays", "Quels jours fériés"),
    "response.holidays.country": Said("country: {value}", "pays : {value}"),
    "response.holidays.subdivision": Said("province or state: {value}", "province ou État : {value}"),
    "reading.I-14": Said("Which month a request belongs to", "À quel mois appartient une demande"),
    "response.counted_in=month_of_creation": Said(
        "that of its creation; what is not due yet does not count yet",
        "celui de sa création; ce qui n’est pas échu ne compte pas encore",
    ),
    "reading.I-15": Said("What is a first response", "Ce qu’est une réponse initiale"),
    "response.first_response=public_by_agent": Said(
        "the first public message by a person; automatic replies and notes are none",
        "le premier message public d’une personne; les réponses automatiques et les notes n’en sont pas",
    ),
    "reading.I-16": Said("When the priority changes", "Quand la priorité change"),
    "response.priority_changes=each_from_creation": Said(
        "the priority in force at each instant counts, from creation; what was missed stays missed",
        "la priorité en vigueur à chaque instant compte, dès la création; ce qui a été manqué le reste",
    ),
    "reading.I-17": Said("Days that a correction adds", "Les jours qu’ajoute une correction"),
    "claims.late_eligibility=new_window": Said(
        "may be claimed anew, from the day the correction was recorded",
        "peuvent être réclamés de nouveau, dès l’enregistrement de la correction",
    ),
    "claims.late_eligibility=none": Said("open no new window", "n’ouvrent aucun nouveau délai"),
    "reading.I-18": Said(
        "Days that a correction takes away after issue", "Les jours qu’une correction retranche après coup"
    ),
    "credits.corrections_after_issue=until_final": Said(
        "are adjusted until the month is final", "sont rajustés jusqu’à ce que le mois soit définitif"
    ),
    "credits.corrections_after_issue=never": Said("stay with the customer", "restent acquis au client"),
    "reading.I-19": Said("What a day is worth", "La valeur d’un jour"),
    "credits.day_value=left_to_billing": Said("billing decides", "la facturation décide"),
    "reading.I-20": Said("Which requests, judged over whom", "Quelles demandes, jugées pour qui"),
    "response.ticket_types": Said("kinds: {value}", "natures : {value}"),
    "response.judged_per=account": Said("for each account", "pour chaque compte"),
    "response.judged_per=all_customers": Said("for all customers together", "pour tous les clients ensemble"),
}
