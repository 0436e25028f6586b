"""Every metric of the platform, declared once. Names of the service come from the scrape, not from a label."""

from prometheus_client import Counter, Gauge, Histogram

_LATENCY = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
_AGE = (0.01, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600, 86_400)

HTTP_REQUESTS = Counter("wasl_http_requests_total", "HTTP requests answered.", ["method", "route", "status"])
HTTP_SECONDS = Histogram("wasl_http_request_seconds", "Time to answer an HTTP request.", ["method", "route"], buckets=_LATENCY)

COMPLAINTS = Gauge("complaints_total", "Complaints by status, counted from this service's own registers.", ["status"])

OUTBOX_DEPTH = Gauge("wasl_outbox_depth", "Facts committed and not yet acknowledged by Kafka.")
OUTBOX_AGE = Gauge("wasl_outbox_oldest_seconds", "Age of the oldest fact in the outbox; 0 when empty.")
RELAY_LEASE = Gauge("wasl_relay_lease", "1 while this replica holds the relay's lease.")
RELAYED = Counter("wasl_relayed_total", "Records acknowledged by Kafka.")

LAG = Gauge("wasl_consumer_lag", "Records between this consumer's stored positions and the ends of its partitions.", ["consumer", "topic"])
EVENT_AGE = Histogram(
    "wasl_event_age_seconds", "Time from a record's Kafka timestamp to its commit here.", ["consumer", "topic"], buckets=_AGE
)
RECORDS = Counter("wasl_records_total", "Records applied; repeated ones below the position are not counted.", ["consumer"])
BATCHES = Counter("wasl_batches_total", "Batches, by result: committed, retried, split.", ["consumer", "result"])
BATCH_SECONDS = Histogram("wasl_batch_seconds", "Time from a batch's delivery to its commit.", ["consumer"], buckets=_LATENCY)
REBALANCES = Counter("wasl_rebalances_total", "Times that partitions were assigned anew.", ["consumer"])
DEAD_LETTERS = Counter("wasl_dead_letters_total", "Records parked as dead letters.", ["consumer", "topic"])
DEAD_LETTERS_WAITING = Gauge("wasl_dead_letters_waiting", "Dead letters parked now.")
BROKER_UNREACHABLE = Gauge("wasl_broker_unreachable", "1 while Kafka is not reached or refuses the login.")

CLOCK_JUMPED = Counter("wasl_clock_jumped_total", "Times that wall time moved against the monotonic clock by more than 5 s.")
CLOCK_DOUBTED = Gauge("wasl_clock_doubted", "1 while wall time is not believed after a jump, so that no legal clock is fired.")
OPEN_CLOCKS = Gauge("wasl_open_clocks", "Legal clocks on which time may still act.")
UNFIRED_CLOCK_AGE = Gauge("wasl_unfired_clock_age_seconds", "How long the oldest due and unfired clock is past its due time and grace.")

NOTICES = Counter("wasl_notices_total", "Notices, by code, channel and result: sent, failed, uncertain.", ["code", "channel", "result"])
