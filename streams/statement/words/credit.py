"""What is said of credits, of one and of all, and what claims are answered."""

from collections.abc import Mapping
from typing import Final

from streams.statement.words.said import Said

WORDS: Final[Mapping[str, Said]] = {
    # a location's credit
    "minutes": Said("{n} whole minute|{n} whole minutes", "{n} minute entière|{n} minutes entières"),
    "days": Said("{n} day|{n} days", "{n} jour|{n} jours"),
    "credit.earned": Said(
        "{days} of credit for {minutes} of counted downtime (CR-1).",
        "{days} de crédit pour {minutes} de temps d’arrêt compté (CR-1).",
    ),
    "credit.too_little": Said(
        "No credit: {minutes} of counted downtime, and credits begin at {least} (CR-1).",
        "Aucun crédit : {minutes} de temps d’arrêt compté, et les crédits commencent à {least} (CR-1).",
    ),
    "credit.nothing_owed": Said(
        "Below that a missed objective owes nothing else: credits are the only remedy (RM-1).",
        "En deçà, un objectif non atteint n’ouvre droit à rien d’autre : les crédits sont le seul recours (RM-1).",
    ),
    "credit.so_far": Said(
        "{minutes} of counted downtime so far. The credit is decided when the month closes.",
        "{minutes} de temps d’arrêt compté jusqu’ici. Le crédit est décidé à la clôture du mois.",
    ),
    "credit.eligible": Said(
        "Open since {eligible_at}, and not claimed in writing yet. To receive it, write before {deadline} (CR-3).",
        "Ouvert depuis le {eligible_at}, pas encore réclamé par écrit. Pour le recevoir, écrivez avant le "
        "{deadline} (CR-3).",
    ),
    "credit.issued": Said(
        "Issued: claimed on {at} by ticket {ticket}, in time (the deadline is {deadline}).",
        "Accordé : réclamé le {at} par le billet {ticket}, à temps (l’échéance est le {deadline}).",
    ),
    "credit.issued.by_provider": Said(
        "Issued: the provider claimed it for the customer on {at}.",
        "Accordé : le fournisseur l’a réclamé pour le client le {at}.",
    ),
    "credit.expired": Said(
        "Expired: no valid claim in writing was made before {deadline} (CR-3).",
        "Échu : aucune réclamation écrite valable n’a été faite avant le {deadline} (CR-3).",
    ),
    "state.eligible": Said("open, claim before {deadline}", "ouvert, à réclamer avant le {deadline}"),
    "state.issued": Said("issued", "accordé"),
    "state.expired": Said("expired on {deadline}", "échu le {deadline}"),
    "ledger": Said("Entries for billing", "Écritures pour la facturation"),
    "ledger.entry": Said("Entry", "Écriture"),
    "ledger.days": Said("Days", "Jours"),
    "ledger.for": Said("Applies to", "Application"),
    "ledger.why": Said("Why", "Raison"),
    "ledger.sum": Said("Together", "En tout"),
    "ledger.published": Said(
        "Every entry as it was published, in order", "Toutes les écritures telles que publiées, dans l’ordre"
    ),
    "ledger.derived": Said(
        "The entries as they follow from all that is known now",
        "Les écritures telles qu’elles découlent de tout ce qui est connu",
    ),
    "ledger.taken_back": Said(
        "A credit was issued and has been taken back: nothing is owed any more.",
        "Un crédit a été accordé puis annulé : plus rien n’est dû.",
    ),
    "ledger.differs": Said(
        "What was published adds up to {published}, and by the records {owed} are owed: the difference is not written "
        "yet, or is held back.",
        "Ce qui a été publié totalise {published}, et selon les dossiers {owed} sont dus : la différence n’est pas "
        "encore écrite, ou elle est retenue.",
    ),
    "because.claimed": Said("claimed by ticket {ticket}", "réclamé par le billet {ticket}"),
    "because.claimed_by_provider": Said(
        "claimed by the provider for the customer", "réclamé par le fournisseur pour le client"
    ),
    "because.corrected": Said("the month was corrected", "le mois a été corrigé"),
    "because.reconciled": Said(
        "{why}; derived anew by {author}: {words}", "{why}; dérivé de nouveau par {author} : {words}"
    ),
    "entry.credit.issued": Said("issued", "accordé"),
    "entry.credit.adjusted": Said("adjusted", "rajusté"),
    "entry.credit.reversed": Said("reversed", "annulé"),
    "applies.future_payments": Said("future payments", "paiements futurs"),
    "applies.not_applicable": Said(
        "the account is closed: billing decides", "le compte est fermé : la facturation décide"
    ),
    # credits in general
    "credits": Said("Service credits: how they work", "Crédits de service : règles"),
    "credits.table": Said(
        "Credit days by downtime in the month (CR-1)", "Jours de crédit selon le temps d’arrêt du mois (CR-1)"
    ),
    "credits.from": Said("From", "À partir de"),
    "credits.what": Said(
        "A credit is a number of days against future payments to the provider. It is no refund, is not exchanged for "
        "money, and is not transferred to another account or location (CR-2). What a day is worth is billing’s matter "
        "(I-19).",
        "Un crédit est un nombre de jours à valoir sur les paiements futurs au fournisseur. Il n’est ni remboursé ni "
        "échangé contre de l’argent, et il n’est transféré à aucun autre compte ni à aucune autre localisation "
        "(CR-2). La valeur d’un jour relève de la facturation (I-19).",
    ),
    "credits.claim": Said(
        "It must be claimed in writing ({channels}) within {days} of becoming eligible (CR-3). A phone call is not "
        "writing.",
        "Il doit être réclamé par écrit ({channels}) dans un délai de {days} à compter de l’admissibilité (CR-3). Un "
        "appel téléphonique n’est pas un écrit.",
    ),
    "credits.auto": Said(
        "The provider claims each credit for the customer.", "Le fournisseur réclame chaque crédit pour le client."
    ),
    "credits.derived": Said(
        "The published ledger was not looked at: the entries are the shortest that make what is owed, and a credit "
        "that was issued and wholly taken back is not shown.",
        "Le grand livre publié n’a pas été consulté : les écritures sont les plus courtes qui donnent ce qui est dû, "
        "et un crédit accordé puis entièrement annulé n’est pas indiqué.",
    ),
    "credits.remedy": Said(
        "Credits are the only remedy: a missed objective with less downtime, or a late response, owes nothing (RM-1).",
        "Les crédits sont le seul recours : un objectif non atteint avec moins de temps d’arrêt, ou une réponse "
        "tardive, n’ouvre droit à rien (RM-1).",
    ),
    "channel.email": Said("e-mail", "courriel"),
    "channel.web": Said("web form", "formulaire Web"),
    "channel.letter": Said("letter", "lettre"),
    "channel.chat": Said("chat", "clavardage"),
    "channel.phone": Said("phone", "téléphone"),
    # claims
    "claims": Said("Claims and their answers", "Réclamations et réponses"),
    "claims.none": Said("No claim was made for this month.", "Aucune réclamation n’a été faite pour ce mois."),
    "ticket": Said("Ticket", "Billet"),
    "claim.made": Said("Made", "Faite le"),
    "claim.answer": Said("Answer", "Réponse"),
    "claim.no_location": Said("none named", "non nommée"),
    "answer.accepted": Said("Accepted.", "Acceptée."),
    "answer.early": Said(
        "Early: it is kept if it was made in the month, and answered when the month closes.",
        "Anticipée : elle est conservée si elle a été faite pendant le mois, et reçoit réponse à la clôture du mois.",
    ),
    "answer.too_late": Said(
        "Too late: it was made after the deadline.", "Tardive : elle a été faite après l’échéance."
    ),
    "answer.already_claimed": Said("The credit was claimed before.", "Le crédit avait déjà été réclamé."),
    "answer.no_credit": Said(
        "The month earned no credit at this location.", "Le mois n’a donné droit à aucun crédit à cette localisation."
    ),
    "answer.not_yours": Said(
        "The month’s credit at this location is not this account’s.",
        "Le crédit du mois à cette localisation n’est pas celui de ce compte.",
    ),
    "answer.please_write": Said(
        "A claim is made in writing: please write.", "Une réclamation se fait par écrit : veuillez écrire."
    ),
    "answer.incomplete": Said(
        "Incomplete: it names no location, or no month.", "Incomplète : elle ne nomme pas la localisation ou le mois."
    ),
}
