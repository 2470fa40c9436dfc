"""A seeded fleet and what befalls it, as input events in the order of their arrival: the same seed, the same bytes."""

from streams.simulate.fleet import Simulation
from streams.simulate.play import Message, line_of, play

__all__ = ["Message", "Simulation", "line_of", "play"]
