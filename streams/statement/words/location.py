"""What is said of one location: verdict, picture, outages, what was taken away."""

from collections.abc import Mapping
from typing import Final

from streams.statement.words.said import Said

WORDS: Final[Mapping[str, Said]] = {
    # a location
    "verdict.met": Said(
        "The objective of {objective} is met (AV-1): {availability} of the covered time, with {left} of the allowed "
        "downtime left.",
        "L’objectif de {objective} est atteint (AV-1) : {availability} du temps couvert, et il reste {left} du temps "
        "d’arrêt permis.",
    ),
    "verdict.not_met": Said(
        "The objective of {objective} is not met (AV-1): {availability} of the covered time, with {over} more downtime "
        "than allowed.",
        "L’objectif de {objective} n’est pas atteint (AV-1) : {availability} du temps couvert, soit {over} de temps "
        "d’arrêt de plus que permis.",
    ),
    "verdict.met.so_far": Said(
        "So far the objective of {objective} is met (AV-1): {availability} of the covered time, with {left} of the "
        "allowed downtime left.",
        "Jusqu’ici, l’objectif de {objective} est atteint (AV-1) : {availability} du temps couvert, et il reste "
        "{left} du temps d’arrêt permis.",
    ),
    "verdict.not_met.so_far": Said(
        "So far the objective of {objective} is not met (AV-1): {availability} of the covered time, with {over} more "
        "downtime than allowed.",
        "Jusqu’ici, l’objectif de {objective} n’est pas atteint (AV-1) : {availability} du temps couvert, soit "
        "{over} de temps d’arrêt de plus que permis.",
    ),
    "verdict.not_covered": Said(
        "Not covered in this month: the service level agreement applies to a location from its move to the provider’s "
        "dedicated circuit (EX-5). Nothing is promised for it, and it can earn no credit.",
        "Non couverte pendant ce mois : l’accord de niveau de service s’applique à une localisation dès son passage au "
        "circuit dédié du fournisseur (EX-5). Rien n’est promis pour elle, et elle ne donne droit à aucun crédit.",
    ),
    "verdict.not_known": Said(
        "The platform holds nothing about this location in this month.",
        "La plateforme ne détient rien sur cette localisation pour ce mois.",
    ),
    "verdict.not_had": Said(
        "By the records as they are now, the account did not have this location in this month.",
        "Selon les dossiers actuels, le compte n’avait pas cette localisation pendant ce mois.",
    ),
    "covered_from": Said("It is covered from {at} on (EX-5).", "Elle est couverte à partir du {at} (EX-5)."),
    "outside.not_had": Said(
        "It was not active for this account from {start} to {end}: that time is not covered.",
        "Elle n’était pas active pour ce compte du {start} au {end} : ce temps n’est pas couvert.",
    ),
    "outside.not_covered": Said(
        "The agreement did not apply to it from {start} to {end}: that time is not covered (EX-5).",
        "L’accord ne s’y appliquait pas du {start} au {end} : ce temps n’est pas couvert (EX-5).",
    ),
    "access.customer_broadband": Said(
        "It is on the customer’s own Internet connection.", "Elle utilise la connexion Internet du client."
    ),
    "access.provider_circuit": Said("It is on the provider’s circuit.", "Elle utilise le circuit du fournisseur."),
    "incomplete": Said(
        "Incomplete: more than {limit} of the covered time is unknown (I-6). Credits are earned all the same.",
        "Incomplet : plus de {limit} du temps couvert est inconnu (I-6). Les crédits sont acquis malgré tout.",
    ),
    "resolution": Said(
        "A silence of its devices that is shorter than {hold} is not seen.",
        "Un silence de ses appareils plus court que {hold} n’est pas perçu.",
    ),
    "time.caption": Said("Where the covered time went", "Répartition du temps couvert"),
    "time.up": Said("= up", "= en service"),
    "time.down": Said("+ downtime counted", "+ temps d’arrêt compté"),
    "time.excluded": Said("+ downtime excluded", "+ temps d’arrêt exclu"),
    "time.unknown": Said("+ unknown", "+ inconnu"),
    "time.covered": Said("Covered", "Couvert"),
    "time.allowed": Said("Allowed downtime", "Temps d’arrêt permis"),
    "time.left": Said("Left", "Reste"),
    "time.over": Said("Too much", "De trop"),
    # its timeline
    "timeline.label": Said(
        "Timeline of {location}, {month}: {outages}. The table of outages says the same in words.",
        "Ligne du temps de {location}, {month} : {outages}. Le tableau des pannes dit la même chose en mots.",
    ),
    "timeline.caption": Said(
        "Days of the month in the zone above. Numbers are those of the outages below. What is very short is drawn "
        "wider, so that it can be seen.",
        "Jours du mois dans le fuseau ci-dessus. Les numéros sont ceux des pannes ci-dessous. Ce qui est très court "
        "est élargi pour rester visible.",
    ),
    "timeline.stretch": Said("{what}: {from_} to {to}, {length}", "{what} : du {from_} au {to}, {length}"),
    "what.up": Said("up", "en service"),
    "what.down": Said("down, counted", "en panne, compté"),
    "what.excluded": Said("down, excluded", "en panne, exclu"),
    "what.unknown": Said("unknown", "inconnu"),
    "what.not_covered": Said("not covered", "non couvert"),
    "what.not_had": Said("not active for this account", "non active pour ce compte"),
    "what.outside": Said("down, not covered", "en panne, non couvert"),
    "what.ahead": Said("not known yet", "pas encore connu"),
    # outages
    "outages.n": Said("{n} outage|{n} outages", "{n} panne|{n} pannes"),
    "outages.none": Said("No outage.", "Aucune panne."),
    "outage.number": Said("No.", "Nº"),
    "from": Said("From", "Du"),
    "to": Said("To", "Au"),
    "length": Said("Length", "Durée"),
    "counted": Said("Counted", "Compté"),
    "outage.why": Said("How it was seen, and what does not count", "Comment elle a été vue, et ce qui ne compte pas"),
    "outage.began_before": Said("began before", "commencée avant"),
    "outage.goes_on": Said("goes on", "se poursuit"),
    "outage.silence": Said(
        "The device fell silent.|{n} devices fell silent.", "L’appareil s’est tu.|{n} appareils se sont tus."
    ),
    "outage.reported": Said(
        "The device reported it.|{n} devices reported it.", "L’appareil l’a signalée.|{n} appareils l’ont signalée."
    ),
    "outage.excluded": Said("{length} excluded: {causes}.", "{length} exclues : {causes}."),
    "outage.unknown": Said("{length} unknown: {why}.", "{length} inconnues : {why}."),
    "outage.not_covered": Said("{length} not covered.", "{length} non couvertes."),
    "outage.stated": Said(
        "Stated cause: {causes}. It takes nothing away.", "Cause déclarée : {causes}. Elle ne retranche rien."
    ),
    "why.not_listening": Said("the platform was not listening", "la plateforme n’était pas à l’écoute"),
    "why.no_device": Said("no device spoke for the location", "aucun appareil ne parlait pour la localisation"),
    "why.monitoring_gap": Said(
        "an approved gap of the monitoring itself", "une lacune approuvée de la surveillance elle-même"
    ),
    # what was taken away
    "annotations": Said("What was said about outages", "Ce qui a été déclaré au sujet des pannes"),
    "annotation.cause": Said("Cause", "Cause"),
    "annotation.took": Said("Taken away", "Retranché"),
    "annotation.who": Said("Approved", "Approbation"),
    "annotation.by": Said("by {approver}, recorded on {at}", "par {approver}, enregistrée le {at}"),
    "annotation.by_nobody": Said("recorded on {at}", "enregistrée le {at}"),
    "annotation.id": Said("annotation {id}", "annotation {id}"),
    "annotation.revised": Said("annotation {id}, as revised (revision {n})", "annotation {id}, révisée (révision {n})"),
    "effect.excluded": Said("excluded", "exclu"),
    "effect.unknown": Said("made unknown", "rendu inconnu"),
    "effect.none": Said("nothing: it counts", "rien : cela compte"),
    "cause.beyond_control": Said(
        "beyond the provider’s reasonable control", "hors du contrôle raisonnable du fournisseur"
    ),
    "cause.customer_action": Said("what the customer did or left undone", "action ou inaction du client"),
    "cause.third_party": Said("what a third party did or left undone", "action ou inaction d’un tiers"),
    "cause.site_power": Said("power failure on the site", "panne électrique sur le site"),
    "cause.site_internet": Said("Internet failure on the site", "panne d’Internet sur le site"),
    "cause.customer_equipment": Said(
        "failure of equipment that the customer owns and manages",
        "défaillance du matériel que le client gère et détient",
    ),
    "cause.provider": Said("the provider’s own doing", "le fait du fournisseur"),
    "cause.maintenance": Said("the provider’s maintenance", "maintenance du fournisseur"),
    "cause.monitoring_gap": Said("gap of the monitoring", "lacune de la surveillance"),
    # unknown time
    "unknowns": Said("Unknown time", "Temps inconnu"),
    "unknowns.rule": Said(
        "Unknown time is neither downtime nor time in service: it is shown, and counts as neither (I-6).",
        "Le temps inconnu n’est ni un temps d’arrêt ni un temps de service : il est indiqué et ne compte ni pour "
        "l’un ni pour l’autre (I-6).",
    ),
    "unknown.why": Said("Why", "Raison"),
    "unknowns.more": Said(
        "The longest are shown. {n} more, {length} in all, stands in the JSON form.|"
        "The longest are shown. {n} more, {length} in all, stand in the JSON form.",
        "Seules les plus longues périodes figurent ici. {n} autre, {length} en tout, figure dans la forme JSON.|"
        "Seules les plus longues périodes figurent ici. {n} autres, {length} en tout, figurent dans la forme JSON.",
    ),
    # corrections
    "corrections": Said("Corrections since the end of the month", "Corrections depuis la fin du mois"),
    "correction.first": Said("As it was at the end of the month", "À la fin du mois"),
    "correction.since": Said("As recorded on {at}", "Selon l’enregistrement du {at}"),
}
