"""A limit on how often one client may do something, in fixed memory."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable


class RateLimit:
    """`burst` times at once, then once every `every` seconds, per client."""

    def __init__(
        self,
        burst: int,
        every: float,
        *,
        clients: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._burst = burst
        self._every = every
        self._clients = clients
        self._clock = clock
        self._free_at: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, client: str) -> bool:
        """Whether `client` may go ahead now; if so, it is counted."""
        now = self._clock()
        with self._lock:
            used_up_at = max(self._free_at.pop(client, now), now)
            allowed = used_up_at - now <= (self._burst - 1) * self._every
            self._free_at[client] = used_up_at + (self._every if allowed else 0)
            if len(self._free_at) > self._clients:
                self._free_at.popitem(last=False)
        return allowed
