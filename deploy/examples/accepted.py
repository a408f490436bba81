#!/usr/bin/env python3
"""Counts the accepted messages of a campaign by language, live, from the log's topic.

    kcat -C -b localhost:9092 -t dendro -o beginning -J -q -u | ./accepted.py

Whenever a count changes it prints language and count. README.md tells how to
stop and go on. What stands in the topic: ../../schemas/asyncapi.yaml.
"""

import argparse
import json
import os
import signal
import sys
import time

# The types that count here, and the version of each that this program knows.
KNOWN = {
    "message.posted": 1,
    "message.accepted": 1,
    "message.rejected": 1,
    "message.reopened": 1,
    "message.deleted": 1,
    "message.restored": 1,
    "tree.imported": 1,
}

SAVE_EVERY = 10  # seconds


class Stop(Exception):
    """The topic holds what cannot be counted rightly."""


class Counter:
    def __init__(self, state):
        # The offset that comes next, by partition, and what is known of each
        # message. They are saved together: so whatever happens, no record is
        # counted twice and none is left out.
        self.next = state.get("next", {})
        self.messages = state.get("messages", {})
        self.counts = {}
        for m in self.messages.values():
            self.counts[m["language"]] = self.counts.get(m["language"], 0) + counts(m)

    def take(self, record):
        """Counts one record of the topic, and prints the counts that it changes."""
        partition, offset = str(record["partition"]), record["offset"]
        headers = dict(zip(record["headers"][::2], record["headers"][1::2]))
        expected = self.next.get(partition, 0)
        if offset < expected:
            return  # it was counted before this program was stopped
        # Density: offsets have no gaps, and ce_seq is offset + 1. A reader that
        # has seen 0 to n has seen all there is up to n.
        if offset > expected:
            raise Stop(f"partition {partition}: offset {offset} came where {expected} was to come")
        if headers.get("ce_seq") != str(offset + 1):
            raise Stop(f"partition {partition}, offset {offset}: no record of the log")
        kind, schema = headers["ce_type"], headers["ce_dataschema"]
        # What is of no use here is passed over, also types that did not exist
        # when this was written. Another version of a type that is of use could
        # have another form: to go on would be to miscount.
        if kind in KNOWN:
            if schema != f"{kind}.v{KNOWN[kind]}.json":
                raise Stop(f"partition {partition}, offset {offset}: {schema} is newer than this program")
            self.fold(kind, json.loads(record["payload"]))
        self.next[partition] = offset + 1

    def fold(self, kind, data):
        if kind == "message.posted":
            self.add(data, accepted=False, deleted=False)
        elif kind == "tree.imported":
            for m in data["messages"]:
                self.add(m, accepted=m.get("result") == "accepted", deleted=m.get("deleted", False))
        elif kind == "message.accepted":
            self.change(data["message"], accepted=True)
        elif kind in ("message.rejected", "message.reopened"):  # also after it was accepted
            self.change(data["message"], accepted=False)
        elif kind in ("message.deleted", "message.restored"):
            for message in data["messages"]:
                self.change(message, deleted=kind == "message.deleted")

    def add(self, data, accepted, deleted):
        self.messages[data["message"]] = {"language": data["language"], "accepted": False, "deleted": False}
        self.change(data["message"], accepted=accepted, deleted=deleted)

    def change(self, message, **what):
        m = self.messages[message]  # it is there: its message.posted came before, in this partition
        before = counts(m)
        m.update(what)
        if counts(m) != before:
            language = m["language"]
            self.counts[language] = self.counts.get(language, 0) + counts(m) - before
            print(language, self.counts[language], sep="\t", flush=True)


def counts(m):
    """1 for a message that counts, 0 for another."""
    return int(m["accepted"] and not m["deleted"])


def load(path):
    if path is None or not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def save(path, counter):
    """Replaces the state as a whole: a reader finds the old one or the new one."""
    if path is None:
        return
    with open(path + ".new", "w", encoding="utf-8") as f:
        json.dump({"next": counter.next, "messages": counter.messages}, f)
        f.flush()
        os.fsync(f.fileno())
    os.replace(path + ".new", path)


def count(counter, lines, path):
    """Counts until the input ends or must not be counted."""
    saved = time.monotonic()
    try:
        for line in lines:
            if not line.endswith(b"\n"):
                return  # cut off with kcat's end; it will be read again
            counter.take(json.loads(line))
            if time.monotonic() - saved > SAVE_EVERY:
                save(path, counter)
                saved = time.monotonic()
    finally:
        save(path, counter)


def main():
    parser = argparse.ArgumentParser(description="Count accepted messages by language; kcat's records (-J) are the input.")
    parser.add_argument("--state", metavar="FILE", help="go on from what FILE holds, and keep it there")
    parser.add_argument("--next", metavar="PARTITION", help="only print the offset to go on from")
    options = parser.parse_args()
    counter = Counter(load(options.state))
    if options.next is not None:
        print(counter.next.get(options.next, 0))
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # kcat gets it too: its end is ours
    try:
        count(counter, sys.stdin.buffer, options.state)
    except Stop as why:
        sys.exit(f"accepted.py: {why}")


if __name__ == "__main__":
    main()
