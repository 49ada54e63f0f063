"""What a server is told when it starts: where it listens, who may ask, and how much."""

import ipaddress
from dataclasses import dataclass, field

from crosstie.errors import ConfigError, Problem

LEAST = 16  # characters that a token needs so that nobody guesses it


@dataclass(frozen=True)
class Settings:
    """How a model is served.

    Attributes:
        host: The address to listen on.
        port: 0 takes a free one.
        token: What requests must carry; None lets everyone ask.
        insecure: Listen beyond this computer although there is no token.
        max_body: Bytes of a request.
        max_rows: Rows of a request.
        explain_rows: Rows of a request that asks what columns add to predictions (`?explain`); 0 answers none.
        explain_samples: Pairs of orders of columns that are walked for such a row at most: each asks the model of twice as
            many rows as there are columns.
        timeout: Seconds for a body to arrive, and again for its answer.
        concurrency: Requests that are answered at once; further ones are turned away.
        drain: Seconds that requests have to end when the server is told to.
        workers: Processes that predict; 1 is the server itself.
        threads: Of a prediction, for models that are taken in while serving.
        watch: Look each second for a new model where the one that is served came from.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token: str | None = field(default=None, repr=False)
    insecure: bool = False
    max_body: int = 16 << 20
    max_rows: int = 10_000
    explain_rows: int = 0
    explain_samples: int = 32
    timeout: float = 30.0
    concurrency: int = 64
    drain: float = 30.0
    workers: int = 1
    threads: int = 1
    watch: bool = False

    def check(self) -> None:
        """Raise unless they can be.

        Raises:
            ConfigError: What cannot be, all of it.
        """
        problems = []
        if not 0 <= self.port <= 65535:
            problems.append(Problem("--port", f"must be from 0 to 65535, got {self.port}"))
        if self.explain_rows < 0:
            problems.append(
                Problem("--explain-rows", f"must be at least 0, got {self.explain_rows}")
            )
        for name in (
            "max_body",
            "max_rows",
            "explain_samples",
            "concurrency",
            "workers",
            "threads",
        ):
            value = getattr(self, name)
            if value < 1:
                option = f"--{name.replace('_', '-')}"
                problems.append(Problem(option, f"must be at least 1, got {value}"))
        if not self.timeout > 0:
            problems.append(Problem("--timeout", f"must be above 0, got {self.timeout:g}"))
        if not self.drain > 0:
            problems.append(Problem("--drain", f"must be above 0, got {self.drain:g}"))
        if self.token is not None and (len(self.token) < LEAST or not self.token.isascii()):
            problems.append(
                Problem(
                    "token", f"must be {LEAST} or more ASCII characters, so that it is not guessed"
                )
            )
        if self.token is None and not self.insecure and not is_loopback(self.host):
            problems.append(
                Problem(
                    f"--host {self.host}",
                    "others can reach this address, and there is no token. Set CROSSTIE_TOKEN, or say --insecure "
                    "where something in front of the server decides who may ask",
                )
            )
        if problems:
            raise ConfigError(problems)


def is_loopback(host: str) -> bool:
    """Whether only this computer reaches an address.

    Examples:
        >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("localhost"), is_loopback("0.0.0.0")
        (True, True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
