"""ClickHouse's side of the platform: what it is told to keep, and how that is read again."""
