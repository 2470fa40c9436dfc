"""What follows: one frozen Struct per fact, named like its table; instants are integer milliseconds until written."""

from schemas.facts.availability import Availability, Correction
from schemas.facts.billing import BillingCredit
from schemas.facts.claim import ClaimAnswer
from schemas.facts.credit import Credit
from schemas.facts.dead_letter import DeadLetter
from schemas.facts.fact import Fact
from schemas.facts.outage import LocationOutage, Source
from schemas.facts.progress import Progress
from schemas.facts.proposal import Diagnosis, ExclusionProposal
from schemas.facts.response import ResponseMonth, TicketResponse
from schemas.facts.state import LocationState

FACTS: tuple[type[Fact], ...] = (
    LocationState,
    LocationOutage,
    ExclusionProposal,
    Availability,
    Credit,
    ClaimAnswer,
    BillingCredit,
    TicketResponse,
    ResponseMonth,
)
"""Every derived fact, in the order in which one follows from another."""

__all__ = [
    "FACTS",
    "Availability",
    "BillingCredit",
    "ClaimAnswer",
    "Correction",
    "Credit",
    "DeadLetter",
    "Diagnosis",
    "ExclusionProposal",
    "Fact",
    "LocationOutage",
    "LocationState",
    "Progress",
    "ResponseMonth",
    "Source",
    "TicketResponse",
]
