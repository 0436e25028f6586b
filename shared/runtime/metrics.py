"""Every metric of the platform, declared once. Names of the service come from the scrape, not from a label."""

from prometheus_client import Counter, Gauge, Histogram

_LATENCY = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
_AGE = (0.01, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600, 86_400)
_SIZE = (1, 5, 10, 50, 100, 200, 500, 1000, 2000)

HTTP_REQUESTS = Counter("wasl_http_requests_total", "HTTP requests answered.", ["method", "route", "status"])
HTTP_SECONDS = Histogram("wasl_http_request_seconds", "Time to answer an HTTP request.", ["method", "route"], buckets=_LATENCY)

COMPLAINTS = Gauge("complaints_total", "Complaints by status, counted from this service's own registers.", ["status"])

OUTBOX_DEPTH = Gauge("wasl_outbox_depth", "Facts committed and not yet acknowledged by Kafka.")
OUTBOX_OLDEST_SECONDS = Gauge("wasl_outbox_oldest_seconds", "Age of the oldest fact in the outbox; 0 when empty.")
RELAY_LEASE = Gauge("wasl_relay_lease", "1 while this replica holds the relay's lease.")
RELAYED = Counter("wasl_relayed_total", "Records acknowledged by Kafka.", ["topic"])
RELAY_BATCH_SECONDS = Histogram("wasl_relay_batch_seconds", "Time from reading outbox rows to their deletion.", buckets=_LATENCY)

CONSUMER_LAG = Gauge("wasl_consumer_lag", "Records between the stored positions of this replica and the ends of its partitions.", ["topic"])
EVENT_AGE_SECONDS = Histogram("wasl_event_age_seconds", "Time from a record's Kafka timestamp to its commit here.", ["topic"], buckets=_AGE)
RECORDS = Counter("wasl_records_total", "Records consumed, by result: applied, stale, repeated, skipped, parked.", ["topic", "result"])
BATCHES = Counter("wasl_batches_total", "Batches, by result: committed, retried, split.", ["result"])
BATCH_SECONDS = Histogram("wasl_batch_seconds", "Time from a batch's delivery to its commit.", buckets=_LATENCY)
BATCH_RECORDS = Histogram("wasl_batch_records", "Records in a batch.", buckets=_SIZE)
POSITION_GAPS = Counter("wasl_position_gaps_total", "Batches that began beyond the stored position.", ["topic"])
REBALANCES = Counter("wasl_rebalances_total", "Times that partitions were assigned anew.")
RECOVERED = Counter("wasl_recovered_total", "Rows rebuilt from the service's own topics after a restore.", ["topic"])

DEAD_LETTERS = Gauge("wasl_dead_letters", "Records parked now.", ["topic"])
PARKED = Counter("wasl_parked_total", "Records parked as dead letters.", ["topic", "reason"])

BROKER_UNREACHABLE = Gauge("wasl_broker_unreachable", "1 while Kafka is not reached or refuses the login.")
STORE_UNREACHABLE = Gauge("wasl_store_unreachable", "1 while the store is not reached.")
STORE_RETRIES = Counter("wasl_store_retries_total", "Transactions run again, by SQLSTATE.", ["state"])

CLOCK_JUMPED = Counter("wasl_clock_jumped_total", "Times that legal time moved against machine time by more than a minute.")
UNFIRED_CLOCK_AGE_SECONDS = Gauge(
    "wasl_unfired_clock_age_seconds", "How long the oldest due and unfired clock is past its due time and grace."
)
CLOCKS_FIRED = Counter("wasl_clocks_fired_total", "Clocks that told something, by what: approaching, breached.", ["what"])
WATERMARK_AGE_SECONDS = Gauge(
    "wasl_watermark_age_seconds", "How far the oldest watermark of this replica's partitions lies behind legal time."
)

NOTICES = Counter("wasl_notices_total", "Notices, by code, channel and result: sent, failed, uncertain.", ["code", "channel", "result"])
NOTICES_WAITING = Gauge("wasl_notices_waiting", "Notices intended and not yet sent.")
