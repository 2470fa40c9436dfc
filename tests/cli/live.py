"""A live platform as the tests of this folder use it."""

from streams.following import Following
from streams.platform import Platform, connected


def settle(platform: Platform) -> None:
    """Return when intake, decide and ClickHouse have finished what there is."""
    with Following(platform.servers.kafka_config) as following, connected(platform.servers.clickhouse) as client:
        following.wait(platform.check, lambda _: None)
        following.wait_for_tables(client)
