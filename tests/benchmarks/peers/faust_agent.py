"""A plain faust agent that does nothing: raw messages in, nothing out.

python faust_agent.py BOOTSTRAP TOPIC MESSAGES DATA_FOLDER
"""

import importlib.metadata
import json
import os
import sys
import time
import uuid

import faust


def main(bootstrap: str, topic: str, messages: int, folder: str) -> None:
    app = faust.App(
        f"faust-{uuid.uuid4()}",
        broker=f"kafka://{bootstrap}",
        datadir=folder,
        topic_allow_declare=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        web_enabled=False,
    )
    heartbeats = app.topic(topic, key_serializer="raw", value_serializer="raw")

    @app.agent(heartbeats, name="nothing")
    async def nothing(stream):  # type: ignore[no-untyped-def]
        seen = 0
        started = cpu = 0.0
        async for _ in stream:
            if not seen:
                started, cpu = time.monotonic(), time.process_time()
            seen += 1
            if seen == messages:
                report(seen, time.monotonic() - started, time.process_time() - cpu)
                os._exit(0)

    def report(seen: int, seconds: float, cpu_seconds: float) -> None:
        settings = {
            "faust-streaming": importlib.metadata.version("faust-streaming"),
            "serializers": "raw",
            "concurrency": 1,
            "everything else": "its default",
        }
        line = json.dumps({"messages": seen, "seconds": seconds, "cpu_seconds": cpu_seconds, "settings": settings})
        os.write(OUT, line.encode() + b"\n")

    faust.Worker(app, loglevel="error", redirect_stdouts=False).execute_from_commandline()


OUT = os.dup(1)

if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
