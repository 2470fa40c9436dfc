"""quixstreams with keyed state: for each location, when each of its devices was last seen.

python quix.py BOOTSTRAP TOPIC MESSAGES STATE_FOLDER
"""

import importlib.metadata
import json
import sys
import time
import uuid
from typing import Any

from quixstreams import Application, State  # type: ignore[import-not-found]  # not the product's


class Clock:
    """From the first message to the last, counted where the last step has seen them."""

    def __init__(self) -> None:
        self.messages = 0
        self.started = self.cpu = 0.0

    def tick(self) -> None:
        if not self.messages:
            self.started, self.cpu = time.monotonic(), time.process_time()
        self.messages += 1

    def read(self) -> dict[str, Any]:
        return {
            "messages": self.messages,
            "seconds": time.monotonic() - self.started,
            "cpu_seconds": time.process_time() - self.cpu,
        }


def main(bootstrap: str, topic: str, messages: int, folder: str) -> None:
    clock = Clock()
    app = Application(
        broker_address=bootstrap,
        consumer_group=f"quix-{uuid.uuid4()}",
        auto_offset_reset="earliest",
        state_dir=folder,
        loglevel="WARNING",
    )

    def is_heartbeat(value: dict[str, Any]) -> bool:
        clock.tick()
        return "device_id" in value

    def remember(value: dict[str, Any], state: State) -> None:
        state.set(value["device_id"], value["occurred_at"])

    frame = app.dataframe(app.topic(topic, value_deserializer="json"))
    frame = frame.filter(is_heartbeat)
    frame = frame.update(remember, stateful=True)
    app.run(count=messages)  # returns when the last message is processed and its checkpoint is written
    settings = {
        "quixstreams": importlib.metadata.version("quixstreams"),
        "state": "RocksDB with a changelog topic",
        "commit_interval_s": 5.0,
        "everything else": "its default",
    }
    print(json.dumps(clock.read() | {"settings": settings}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
