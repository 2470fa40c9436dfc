"""How whoever holds a page can find out whether it says what follows from the records."""

from collections.abc import Iterator
from shlex import quote

from schemas import times
from schemas.derivation import Derivation
from streams.spoken import instants_spoken
from streams.statement.content import Statement, digest
from streams.statement.language import SPACE, Language
from streams.statement.markup import LINE_END, Markup, element, join


def verification_section(statement: Statement, language: Language) -> Markup:
    say = language.say
    steps = [
        part
        for words, command in _commands(statement)
        for part in (element("p", say(words)), element("pre", element("code", command, translate="no")))
    ]
    moves = ""
    if statement.status != "final":
        moves = element("p", say("verify.moves", until=element("code", "--until")))
    return element(
        "section",
        element("h2", say("verify")),
        element("p", say("verify.how")),
        *steps,
        moves,
        element("p", say("verify.digest")),
        element("pre", element("code", digest(statement), translate="no")),
        _numbers("verify.folds", statement.fold_versions, language),
        _numbers("verify.settings", statement.settings, language),
        class_="fine",
    )


def _commands(statement: Statement) -> Iterator[tuple[str, object]]:
    """What to ask the platform, and with which command."""
    whose = f"--account {quote(statement.account_id)} --month {statement.month}"
    until = "" if statement.until is None else f" --until {instants_spoken(times.render(statement.until))}"
    has_ledger = statement.ledger_as == "published" or statement.until is not None  # as the archive would have it
    words, source, given = "verify.json", "", ""  # a platform knows its settings
    if not has_ledger:
        words, source, given = "verify.json.recording", "--from FILE ", _given(statement.settings)
    yield words, f"fivenines statement {source}{whose}{until}{given} --format json | sha256sum"
    yield "verify.facts", f"fivenines replay --from archive {whose}{until}"
    if statement.until is None:
        yield "verify.diff", f"fivenines replay --from archive {whose} --diff"
    if statement.locations:
        explain = (f"fivenines explain {quote(f'{at.location_id}/{statement.month}')}" for at in statement.locations)
        yield "verify.explain", join(*explain, by=LINE_END)


def _given(settings: dict[str, int]) -> str:
    """The settings that are not as they come, as flags."""
    usual = Derivation().model_dump()
    return "".join(f" --{name.replace('_', '-')} {value}" for name, value in settings.items() if value != usual[name])


def _numbers(heading: str, numbers: dict[str, int], language: Language) -> Markup:
    """What facts were derived with, in a row."""
    if not numbers:
        return Markup("")
    told = (join(element("code", name), f"{SPACE}{language.number(value)}") for name, value in numbers.items())
    return element("p", language.say(heading, numbers=join(*told, by=", ")))
