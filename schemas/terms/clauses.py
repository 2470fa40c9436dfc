"""Which clauses there are: where each stands in the contract, and what it says.

The words are those of the tables in `schemas/SEMANTICS.md`, shorter. A reading (I-n) was chosen where the text is open:
its section is the one that it reads.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Clause(NamedTuple):
    section: str
    says: str


CLAUSES: Mapping[str, Clause] = {
    "AV-1": Clause("A§2", "each location is promised 99.999 % availability"),
    "AV-2": Clause("A§2, A§3", "a location is one place with service; downtime of several is not added up"),
    "CR-1": Clause("A§2", "minutes down in a calendar month earn days of credit"),
    "CR-2": Clause("A§4", "a credit reduces later bills; it is not paid out and not moved"),
    "CR-3": Clause("A§4", "a credit must be asked for in writing, within 30 days"),
    "RM-1": Clause("A§4, §6", "credits are the one remedy"),
    "EX-1": Clause("A§5", "not counted: what the provider cannot control"),
    "EX-2": Clause("A§5", "not counted: what the customer or a third party did or left undone"),
    "EX-3": Clause("A§5, A§6", "not counted: power or Internet that failed at the site"),
    "EX-4": Clause("A§5, A§6", "not counted: failing equipment that the customer owns and runs"),
    "EX-5": Clause("A§6", "a location is covered once it is on the provider's circuit"),
    "EX-6": Clause("–", "planned maintenance is not among the exclusions"),
    "QU-1": Clause("A§6", "a poor or failed call is not downtime"),
    "VE-1": Clause("§6", "a month is judged by the terms in force when it begins"),
    "RS-1": Clause("A§1", "contact hours"),
    "RS-2": Clause("A§1", "first response to a ticket of contact hours"),
    "RS-3": Clause("A§1", "first response to a ticket of any other time, holidays too"),
    "RS-4": Clause("A§1", "kept for 95 % of a calendar month's requests"),
    "NU-1": Clause("§1.2, §1.4", "porting depends on others: such tickets are counted apart"),
    "I-1": Clause("A§1, A§2", "in which zone hours and months are"),
    "I-2": Clause("A§2", "milliseconds of the month are summed, and cut to minutes once"),
    "I-3": Clause("A§2", "what exactly 241 minutes earn"),
    "I-4": Clause("A§2", "when downtime begins"),
    "I-5": Clause("A§2", "what makes a location down"),
    "I-6": Clause("A§2", "when nobody listened, time is neither up nor down"),
    "I-7": Clause("A§2", "a share of covered time; excluded and unknown time stay in it"),
    "I-8": Clause("A§4", "when a customer becomes eligible"),
    "I-9": Clause("A§2", "of an outage across a month's edge each month has its own part"),
    "I-10": Clause("A§2", "judged on integers, never on a rounded percentage"),
    "I-11": Clause("A§1", "which hours count"),
    "I-12": Clause("A§1", "what the next business day is"),
    "I-13": Clause("A§1", "which days are holidays"),
    "I-14": Clause("A§1", "a request belongs to the month of its creation; what is pending does not count yet"),
    "I-15": Clause("A§1", "a response is the first public message by a human agent"),
    "I-16": Clause("A§1", "the priority in force at each instant counts; a raise has its target from the raise"),
    "I-17": Clause("A§4", "whether days that a correction raised may be claimed anew"),
    "I-18": Clause("A§4", "whether a credit that was issued is adjusted"),
    "I-19": Clause("A§2", "what a day is worth is left to billing"),
    "I-20": Clause("A§1", "which requests count, and over whom they are judged"),
}
