"""Sends one message to one receiver, or one heartbeat: in a process of its own, as a user who may do nothing else.

It reads JSON from stdin, ``receiver`` and ``message``, and prints why it was not taken; nothing when it was. A receiver
has ``kind``: `mail` (``url`` as EMAIL_URL, ``to``, ``sender``), `ntfy`, `slack`, `json` or `heartbeat` (``url``). A
message has ``id``, ``event`` (`begin`, `end` or `test`), ``site``, ``name``, ``title``, ``text``, ``began`` (UTC) and
``lasted`` (seconds, or null).
"""

import base64
import contextlib
import errno
import http.client
import json
import smtplib
import ssl
import sys
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import unquote, urlsplit

PORTS = {"http": 80, "https": 443, "smtp": 25, "smtp+tls": 587, "smtps": 587, "smtp+ssl": 465}
# For a connection, and for each answer, s; the whole is ended by who started this process.
SECONDS = 10
BLOCKED = (errno.ETIMEDOUT, errno.ENETUNREACH, errno.EHOSTUNREACH)


class Rejected(Exception):
    """Why a message was not taken, in one line without the receiver's URL: that is a secret."""


def main() -> int:
    asked = json.load(sys.stdin)
    try:
        send(asked["receiver"], asked["message"])
    except Rejected as error:
        print(error)
    return 0


def send(receiver: Mapping, message: Mapping) -> None:
    """Raises Rejected."""
    url = urlsplit(receiver["url"])
    where = f"{url.hostname}:{url.port or PORTS[url.scheme]}"
    try:
        if receiver["kind"] == "mail":
            _mail(url, receiver, message)
        else:
            _post(url, *_request(receiver["kind"], message))
    except smtplib.SMTPResponseException as error:
        said = " ".join(error.smtp_error.decode("utf-8", "replace").split())
        raise Rejected(f"{where} answers {error.smtp_code} {said[:200]}") from None
    except smtplib.SMTPRecipientsRefused as error:
        said = "; ".join(
            f"{to}: {code} {text.decode('utf-8', 'replace')}" for to, (code, text) in error.recipients.items()
        )
        raise Rejected(f"{where} takes no mail for {' '.join(said.split())[:300]}") from None
    except TimeoutError:
        raise Rejected(f"{where} does not answer within {SECONDS} s{_blocked(url)}") from None
    except OSError as error:
        more = _blocked(url) if error.errno in BLOCKED else ""
        raise Rejected(f"{where}: {getattr(error, 'verify_message', '') or error.strerror or error}{more}") from None
    except (smtplib.SMTPException, http.client.HTTPException) as error:
        raise Rejected(f"{where}: {type(error).__name__}") from None


def _blocked(url) -> str:
    if (url.port or PORTS[url.scheme]) != 25:
        return ""
    return "; many providers block port 25, and mail services listen on 587 too: smtp+tls://…:587 in EMAIL_URL"


def _mail(url, receiver: Mapping, message: Mapping) -> None:
    mail = EmailMessage()
    mail["Subject"] = message["title"]
    mail["From"], mail["To"] = receiver["sender"], ", ".join(receiver["to"])
    mail["Date"] = formatdate()
    # The same each time it is sent: where an answer was lost, the second one is known as the same.
    mail["Message-ID"] = f"<{message['id']}@{receiver['sender'].rpartition('@')[2]}>"
    # https://www.rfc-editor.org/rfc/rfc3834: no out-of-office answers.
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message["text"] + "\n")
    context = ssl.create_default_context()
    port = url.port or PORTS[url.scheme]
    if url.scheme == "smtp+ssl":
        server = smtplib.SMTP_SSL(url.hostname, port, timeout=SECONDS, context=context)
    else:
        server = smtplib.SMTP(url.hostname, port, timeout=SECONDS)
    with contextlib.closing(server):
        if url.scheme in ("smtps", "smtp+tls"):
            server.starttls(context=context)
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
        rejected = server.send_message(mail)
        if rejected:
            raise smtplib.SMTPRecipientsRefused(rejected)
        # It has the mail: what it says to QUIT changes nothing.
        with contextlib.suppress(smtplib.SMTPException, OSError):
            server.quit()


def _request(kind: str, message: Mapping) -> tuple[str, bytes, dict[str, str]]:
    """Method, body and headers. https://docs.ntfy.sh/publish/, https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks"""
    match kind:
        case "heartbeat":
            return "GET", b"", {}
        case "ntfy":
            urgent = message["event"] == "begin"
            headers = {
                "Title": _ascii(message["title"]),
                "Priority": "high" if urgent else "default",
                "Tags": {"begin": "warning", "end": "white_check_mark"}.get(message["event"], "bell"),
            }
            return "POST", message["text"].encode(), headers
        case "slack":
            body = {"text": f"*{_slack(message['title'])}*\n{_slack(message['text'])}"}
        case _:
            body = message
    return "POST", json.dumps(body).encode(), {"Content-Type": "application/json"}


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()


def _slack(text: str) -> str:
    """What Slack takes for markup. https://docs.slack.dev/messaging/formatting-message-text"""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _post(url, method: str, body: bytes, headers: Mapping[str, str]) -> None:
    """One request. No redirect is followed: the URL is a secret, and goes to nobody else."""
    host, port = url.hostname, url.port or PORTS[url.scheme]
    if url.scheme == "https":
        connection = http.client.HTTPSConnection(host, port, timeout=SECONDS, context=ssl.create_default_context())
    else:
        connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    sent = {"User-Agent": "slipway-alarms", **headers}
    if url.username:
        pair = f"{unquote(url.username)}:{unquote(url.password or '')}"
        sent["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    with contextlib.closing(connection):
        connection.request(method, path, body or None, sent)
        answer = connection.getresponse()
        if answer.status // 100 != 2:
            said = " ".join(answer.read(200).decode("utf-8", "replace").split())
            raise Rejected(f"{host}:{port} answers {answer.status} {answer.reason}{said and f': {said}'}")
