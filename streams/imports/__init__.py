"""Recordings made elsewhere, as input events sorted by time: ready to be published or replayed."""
