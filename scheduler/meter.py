"""What the running parts count, for whoever watches from outside: by channel, kind and job, never by a person or a chat."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Summary


class Meter:
    """Counts since the program started. Labels come from the program's own words only (docs/运维.md)."""

    def __init__(self) -> None:
        """A registry of its own: nothing of the library's, nothing of another house."""
        self.registry = CollectorRegistry()
        self.updates = Counter(
            "dangxiaoqi_updates", "Updates taken in, plain talk and repeats too.", ["channel"], registry=self.registry
        )
        self.lag = Gauge(
            "dangxiaoqi_intake_lag_seconds",
            "Age of the oldest message of the last batch when it was taken in.",
            ["channel"],
            registry=self.registry,
        )
        self.sends = Counter(
            "dangxiaoqi_sends", "Calls of a channel by what came of them.", ["kind", "outcome"], registry=self.registry
        )
        self.passes = Summary("dangxiaoqi_job_seconds", "Passes of a job.", ["job"], registry=self.registry)
        self.failures = Counter(
            "dangxiaoqi_job_failures", "Passes of a job that were rolled back.", ["job"], registry=self.registry
        )
