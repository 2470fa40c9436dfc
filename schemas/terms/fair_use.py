"""When use may be outside normal use (§2.2–§2.5), which calls may be blocked (§3) and which are unsupported (§5).

The contract says "excessive" and gives few numbers; the others are this platform's defaults, each with its reason in
the file. A finding says *may be outside normal use* and blocks nothing by itself.
"""

from typing import Literal

from schemas.terms.fields import Count, Distinct, Exact, Part, Share, Text, term


class NormalUse(Part):
    """FU-0: what at least 95 % of the customers on the same plan do."""

    percentile: Share = term("FU-0, UN-1", "share of the plan's accounts whose use is normal (nearest rank)")
    baseline: Literal["previous_full_month"] = term("FU-0", "the month that the percentile is taken from")
    min_peers: Count = term("FU-0", "accounts on the plan for the whole month, below which there is no verdict")
    count_zeros: bool = term("FU-0", "whether peers without any use are part of the cohort")
    leave_out_judged: bool = term("FU-0", "whether the judged account is left out of its own cohort")
    prohibited_use_is_outside: Literal[True] = term("FU-4", "any prohibited use (PU) is outside normal use")


class Redial(Part):
    """FU-1: calls dropped and dialled again, in chains of the same caller and callee."""

    gap_s: Count = term("FU-1", "seconds from the end of a call within which the next one is a redial")
    chain_calls: Count = term("FU-1", "calls that make a chain")
    chains_per_month: Count = term("FU-1", "chains in a month that make a finding")
    calls_per_month: Count = term("FU-1", "calls in chains in a month that make a finding")
    p95_factor: Exact = term("FU-1", "times the baseline that must be exceeded as well")


class TollFreeInbound(Part):
    p95_factor: Exact = term("FU-2", "times the baseline that must be exceeded")
    min_calls_per_month: Count = term("FU-2", "calls in the month below which there is no finding")


class Evasion(Part):
    robust_z: Exact = term("FU-3, UN-3", "robust z-score to exceed, against the own history and against the peers")


class Unlimited(Part):
    p95_factor: Exact = term("UN-1, UN-2", "times the baseline of minutes, messages or pages that must be exceeded")


class Limits(Part):
    fax_pages_per_month: Count = term("UN-2", "pages of successful faxes in a month that are still within the limit")
    fax_pages_counted: Literal["sent_and_received", "each_way"] = term("UN-2", "what is summed against the limit")


class SingleUse(Part):
    """SP-1: call centres, resellers, fax services and telemarketing, by their profile."""

    profile_business_days: Count = term("SP-1, SP-2", "business days that a profile is taken over")
    outbound_share: Share = term("SP-1", "share of the calls that go out, at or above")
    callees_per_day: Count = term("SP-1", "distinct numbers called in a day, at or above")
    answered_share: Share = term("SP-1", "share of the attempts answered (answer-seizure ratio), at or below")
    mean_call_s: Count = term("SP-1", "mean duration of an answered call, at or below")
    concurrent_calls: Count = term("SP-1", "calls at the same time, at or above")
    fax_share: Share = term("SP-1", "share of the records that are faxes, at or above")


class NoDialogue(Part):
    """SP-2: transcription, intercom and monitoring: lines without live dialogue."""

    call_h: Count = term("SP-2", "hours of a single call, at or above")
    pair_share: Share = term("SP-2", "share of an account's minutes on one fixed pair of numbers, at or above")
    occupancy: Share = term("SP-2", "share of a day in which one number is in a call, at or above")


class Spam(Part):
    """PU-1: unsolicited messages to many."""

    recipients_per_day: Count = term("PU-1", "distinct recipients in a day, at or above")
    first_time_share: Share = term("PU-1", "share of them that were never written to before, at or above")
    reply_share: Share = term("PU-1", "share of them that ever replied, at or below")


class Registration(Part):
    """PU-2: application-to-person traffic needs a registered campaign."""

    messages_per_minute: Count = term("PU-2", "messages of a number in a minute above which it is an application's")
    messages_per_day: Count = term("PU-2", "messages of a number in a day above which it is an application's")
    campaign_required: bool = term("PU-2", "whether such traffic needs a registered campaign")


class Blast(Part):
    messages: Count = term("PU-3", "messages in the window, at or above")
    recipients: Count = term("PU-3", "distinct recipients in the window, at or above")
    window_s: Count = term("PU-3", "length of the sliding window, seconds")


class SequentialDialling(Part):
    attempts: Count = term("PU-4", "attempts to consecutive numbers, at or above")
    number_gap: Count = term("PU-4", "largest step between numbers that still are consecutive")
    within_min: Count = term("PU-4", "minutes in which the attempts fall")


class AutomaticDialling(Part):
    attempts_per_minute: Count = term("PU-4", "attempts in a minute, at or above")
    sustained_min: Count = term("PU-4", "minutes in a row at that rate")
    answered_share: Share = term("PU-4", "share of the attempts answered, at or below")


class DoNotCall(Part):
    calls: Count = term("PU-5", "calls or faxes to listed numbers that make a finding")


class CallerIdentity(Part):
    calls: Count = term("PU-6", "outbound calls from a number not assigned to the account that make a finding")
    forwarded_attestation: Literal["A", "B", "C"] = term(
        "PU-6", "the attestation by which the carrier vouches for a forwarded call"
    )


class Pooling(Part):
    """PU-7: one number for several calls at once."""

    calls: Count = term("PU-7", "simultaneous calls on one number that make an occasion")
    lasting_s: Count = term("PU-7", "seconds that they overlap, at least")
    calls_alone: Count = term("PU-7", "simultaneous calls of which one occasion is enough")
    occasions_per_day: Count = term("PU-7", "occasions in a day that make a finding")
    hunt_groups_exempt: bool = term("PU-7", "whether numbers that are hunt groups are left out")


class Blocking(Part):
    calls: Count = term("BL-1", "calls to such a destination that make a proposal")
    destination_classes: Distinct[Text] = term("BL-1", "classes of destination with atypical termination cost")


class Unsupported(Part):
    """Dialling that equipment may not support: counted apart, never a service failure."""

    supported_x11: Distinct[Text] = term("DI-1", "x11 numbers that are supported; any other may not be")
    kinds: Distinct[Text] = term("DI-2", "kinds of call that are not supported")


class Emergency(Part):
    numbers: Distinct[Text] = term("EM-1", "numbers whose calls never count toward fair use")


class FairUse(Part):
    normal_use: NormalUse
    redial: Redial
    toll_free_inbound: TollFreeInbound
    evasion: Evasion
    unlimited: Unlimited
    limits: Limits
    single_use: SingleUse
    no_dialogue: NoDialogue
    spam: Spam
    registration: Registration
    blast: Blast
    sequential_dialling: SequentialDialling
    automatic_dialling: AutomaticDialling
    do_not_call: DoNotCall
    caller_identity: CallerIdentity
    pooling: Pooling
    blocking: Blocking
    unsupported: Unsupported
    emergency: Emergency
