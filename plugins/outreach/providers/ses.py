"""Amazon SES: one request for each message, several at a time, none ever tried again by itself.

SES has no idempotency key, so whatever may have been taken is doubt, never a retry. AWS's own
client is not used to post: it tries again unless told otherwise in several places, and has no
end to a whole exchange. Its signing and its search for keys are used (docs/decisions/0043).
"""

from __future__ import annotations

import base64
import json
import re
from concurrent.futures import ThreadPoolExecutor, wait

import httpx

from outreach.errors import HandOverError, InDoubt, MustStop, NotSent
from outreach.providers.allowlist import guard
from outreach.providers.base import Handover, Receipt, Recipient
from outreach.providers.deadline import Deadline
from outreach.providers.mime import maker
from outreach.providers.ses_account import BASE_URL, Account, account, notes
from outreach.providers.ses_batch import Batch
from outreach.providers.ses_replies import accepted, verdict
from outreach.settings import Settings

__all__ = ["Ses", "notes"]

DELIVERY_TAG = "outreach_delivery"

POSTERS = 10
"""Requests under way at once: a request of one message is mostly waiting."""

EXCHANGE = 60.0
"""Seconds that the posts of one connection for one batch may take in all."""

# Connecting is the only wait before the first byte, and a claim may wait 5 s for that.
_TIMEOUT = httpx.Timeout(connect=4.0, write=10.0, read=30.0, pool=4.0)
_BEFORE_THE_BODY = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_REPLY_BYTES = 65_536
_USUAL_WAIT = 30.0
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")


class Ses:
    """Posts each message of a batch. No key appears in any text that it raises."""

    name = "ses"
    batch_size = 50
    in_flight = 1
    networked = True

    def __init__(self, settings: Settings, timeout: httpx.Timeout = _TIMEOUT) -> None:
        self._settings = settings
        self._account = account(settings)
        context = httpx.create_ssl_context()
        self._posters = [
            _Poster(self._account, httpx.Client(verify=context, timeout=timeout))
            for _ in range(POSTERS)
        ]
        self._threads = ThreadPoolExecutor(POSTERS, thread_name_prefix="ses")

    def hand_over(self, handover: Handover) -> Receipt:
        """Post the batch, message by message.

        Once one answer says to stop, to slow down, or nothing at all, nobody else of the batch
        is begun: the rest is NotSent. Raises NotSent, Rejected, MustStop or InDoubt.
        """
        guard([r.address for r in handover.recipients], self._settings)
        batch = Batch(handover.recipients, maker(handover))
        posters = self._posters[: batch.waiting]
        done = [self._threads.submit(poster.work, batch) for poster in posters]
        wait(done)
        for one in done:
            one.result()
        return batch.receipt()

    def close(self) -> None:
        """Let go of connections."""
        self._threads.shutdown()
        for poster in self._posters:
            poster.close()


class _Poster:
    """One connection to SES, used by one thread at a time."""

    def __init__(self, to: Account, client: httpx.Client) -> None:
        self._account = to
        self._client = client
        self._deadline = Deadline()

    def work(self, batch: Batch) -> None:
        """Post messages of the batch until none is left to begin."""
        with self._deadline.of(EXCHANGE):
            while (job := batch.next()) is not None:
                try:
                    batch.accepted(job.index, self._post(job.recipient, job.raw))
                except HandOverError as error:
                    batch.refused(job.index, error)

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _post(self, recipient: Recipient, raw: bytes) -> str:
        """Return the message id of an acceptance; raises a HandOverError for anything else."""
        keys = self._account.keys()
        body = payload(recipient, raw, self._account.configuration_set)
        headers = self._account.signed(body, keys)
        url, extensions = self._account.url, {"trace": self._deadline.trace}
        try:
            with self._client.stream(
                "POST", url, content=body, headers=headers, extensions=extensions
            ) as response:
                reply = _read(response)
        except httpx.UnsupportedProtocol:
            raise MustStop(f"{BASE_URL} is not an https address") from None
        except _BEFORE_THE_BODY as error:
            kind = type(error).__name__
            raise NotSent(f"no connection to SES ({kind})", retry_after=_USUAL_WAIT) from None
        except httpx.HTTPError as error:
            raise InDoubt(
                f"the connection to SES was lost before its reply ({type(error).__name__})"
            ) from None
        status = response.status_code
        found = accepted(status, reply)
        if found:
            return found
        raise verdict(status, response.headers, reply, recipient, keys.access_key)


def payload(recipient: Recipient, raw: bytes, configuration_set: str) -> bytes:
    """Return the body of one SendEmail request; its tag holds nothing but the opaque id.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
    """
    body: dict[str, object] = {
        "Content": {"Raw": {"Data": base64.b64encode(raw).decode("ascii")}},
        "Destination": {"ToAddresses": [recipient.address]},
    }
    if _TAG.fullmatch(recipient.delivery_id):
        body["EmailTags"] = [{"Name": DELIVERY_TAG, "Value": recipient.delivery_id}]
    if configuration_set:
        body["ConfigurationSetName"] = configuration_set
    return json.dumps(body).encode("ascii")


def _read(response: httpx.Response) -> bytes:
    """Return the reply, or as much of it as came and can be meant."""
    read = b""
    try:
        for part in response.iter_bytes():
            read += part
            if len(read) > _REPLY_BYTES:
                break
    except httpx.HTTPError:
        pass  # a refusal's status says enough; an acceptance without its id is doubt
    return read
