"""A subscriber in forty lines: the newest state of every complaint, whatever comes doubled, late or out of order.

KAFKA=127.0.0.1:9094 KAFKA_PASSWORD=... python docs/guides/consumer.py agency.sqlite
"""

import asyncio
import json
import os
import sqlite3
import sys

from aiokafka import AIOKafkaConsumer, TopicPartition

TOPICS = ("complaints-intake", "complaints-routing", "complaints-deadlines")
LOGIN = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "SCRAM-SHA-512", "sasl_plain_username": "agency"}
TABLE = "create table if not exists state (complaint text, topic text, version int, fact text, primary key (complaint, topic))"
FOLD = """insert into state values (?, ?, ?, ?) on conflict (complaint, topic)
          do update set version = excluded.version, fact = excluded.fact where excluded.version > version"""


async def main(path: str) -> None:
    fresh = not os.path.exists(path)
    store = sqlite3.connect(path)
    store.execute(TABLE)
    where = {"bootstrap_servers": os.environ["KAFKA"], "sasl_plain_password": os.environ["KAFKA_PASSWORD"]}
    group = {"group_id": os.environ.get("GROUP", "agency.example"), "enable_auto_commit": False, "auto_offset_reset": "earliest"}
    async with AIOKafkaConsumer(*TOPICS, **LOGIN, **where, **group) as consumer:
        places = [TopicPartition(topic, n) for topic in TOPICS for n in consumer.partitions_for_topic(topic)]
        quiet = await consumer.end_offsets(places) if fresh else {}  # what happened before we came is learnt, not acted on
        while True:
            batches = await consumer.getmany(timeout_ms=1000)
            with store:  # all of a batch or nothing
                for place, record in ((place, record) for place, records in batches.items() for record in records):
                    fact = json.loads(record.value)
                    row = (fact["complaint"]["id"], place.topic, fact["version"], record.value.decode())
                    if store.execute(FOLD, row).rowcount and record.offset >= quiet.get(place, 0):
                        sys.stdout.write(f"{dict(record.headers)['ce_type'].decode()} {fact['complaint']['reference']}\n")  # act here
            await consumer.commit()  # after the store: what is read twice changes nothing, what is skipped would be lost


asyncio.run(main(sys.argv[1]))
