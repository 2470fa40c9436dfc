"""The settings that decide what is derived (semantics §9): recorded in every fact that depends on them.

They are the platform's, not the contract's: what the contract fixes is in the terms.
"""

from pydantic import BaseModel, ConfigDict, Field

SECOND_MS = 1000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000


class Derivation(BaseModel):
    """Integers in the unit of their name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    blind_after_s: int = Field(default=30, ge=1, description="silence of a collector after which it is blind")
    max_clock_skew_s: int = Field(default=60, ge=0, description="how far ahead of its arrival a message may be dated")
    max_clock_lag_s: int = Field(default=300, ge=0, description="how far behind its arrival a sample may be")
    hot_hours: int = Field(default=6, ge=1, description="what intake keeps in memory")
    month_close_delay_h: int = Field(default=48, ge=0, description="from the end of a month to its closing")
    correction_horizon_days: int = Field(default=100, ge=1, description="from a month's end to its last correction")

    @property
    def blind_after_ms(self) -> int:
        return self.blind_after_s * SECOND_MS

    @property
    def month_close_delay_ms(self) -> int:
        return self.month_close_delay_h * HOUR_MS

    @property
    def correction_horizon_ms(self) -> int:
        return self.correction_horizon_days * DAY_MS

    def closes_at(self, month_end: int) -> int:
        """When a month is decided that ended then."""
        return month_end + self.month_close_delay_ms

    def final_at(self, month_end: int) -> int:
        """From when on nothing that is recorded changes a month that ended then."""
        return month_end + self.correction_horizon_ms
