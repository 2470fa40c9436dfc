"""What the laws are tried on: a law that no recording can break holds nothing."""

from collections import Counter
from random import Random

from schemas.facts import FACTS
from streams.folds.chain import BETWEEN_FOLDS, DESK, FOLDS
from tests.laws.reach import SENTENCES, reached
from tests.laws.runs import chain_of, live, said
from tests.laws.strategies import recording

RECORDINGS = 400


def test_every_fold_is_listed() -> None:
    said = tuple(fold.fact for fold in (*FOLDS, *DESK))
    assert tuple(fact for fact in said if fact not in BETWEEN_FOLDS) == FACTS


def test_recordings_reach_every_sentence_and_every_fold() -> None:
    """The same recordings each time; each sentence is reached by some of them, each fold says and takes back facts."""
    sentences: Counter[str] = Counter()
    published: Counter[str] = Counter()
    retracted: Counter[str] = Counter()
    for seed in range(RECORDINGS):
        drawn = recording(Random(seed))
        steps = drawn.accepted()
        log = said(live(chain_of(drawn), steps))
        published.update(fact.TOPIC for fact in log)
        retracted.update(fact.TOPIC for fact in log if fact.retracted)
        sentences.update(reached(drawn, steps, log))
    assert sorted(SENTENCES - {name for name, times in sentences.items() if times >= 3}) == []
    assert sorted(sentences.keys() - SENTENCES) == []
    for fold in FOLDS:
        assert published[fold.fact.TOPIC] >= RECORDINGS // 10, fold
        assert retracted[fold.fact.TOPIC], fold
