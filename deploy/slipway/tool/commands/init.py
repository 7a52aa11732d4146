"""`make init`: fills in site.yml by asking, or from flags, and creates its vaulted secrets."""

import argparse
import dataclasses
import os
import re
import secrets
from pathlib import Path

from slipway.tool import config
from slipway.tool.commands._fill import fill, rename
from slipway.tool.config import forms, others
from slipway.tool.secrets import PASSPHRASE, Secrets, new_passphrase, password_file_of, path_of
from slipway.web import stores
from slipway.web.errors import SlipwayError

help = "fill in site.yml by asking, and make the vaulted secrets"

EXAMPLE = "example.com"  # the shipped file's domain, which nobody can own
# The question, the pattern of an answer, and its description.
Question = tuple[str, re.Pattern, str]
QUESTIONS: dict[str, Question] = {
    "domain": ("The domain that you own", forms.HOST, "a domain like mysite.org, without www."),
    "server": ("The VPS: its address, or a name that ssh knows", forms.SERVER, "an address or a name"),
    "email": ("Where the certificate authority may write to you", forms.EMAIL, "an address like you@mysite.org"),
    "region": ("The AWS region of the buckets", forms.REGION, "a region like eu-central-1"),
}
# For another provider than Amazon, which site.yml may name already.
ELSEWHERE = {"region": ("The region of the buckets, as the provider calls it", forms.ANY_REGION, "a region like auto")}
OPTIONAL = ("email",)

NEXT = """
Next:
  {prefix}make cdn
      with your own AWS profile: makes buckets, CDN hosts and the site's keys, and says which DNS records to set
  {prefix}make deploy"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    for key, (question, _, _) in QUESTIONS.items():
        parser.add_argument(f"--{key}", help=question)
    parser.add_argument("--yes", action="store_true", help="ask nothing: use the defaults")
    parser.add_argument("--force", action="store_true", help="change a file that is filled in already")


def run(options: argparse.Namespace) -> int:
    file = Path(os.environ.get("CONFIG") or config.DEFAULT_PATH)
    begin = file if file.exists() else config.DEFAULT_PATH
    known = config.load(begin)
    filled = begin is file and known.domain != EXAMPLE
    if filled and not options.force:
        if path_of(known).exists() or any(getattr(options, key) for key in QUESTIONS):
            raise SlipwayError(
                f"{file}: filled in already, for {known.domain}; --force changes it, CONFIG=path makes another"
            )
        # Filled in by hand: only the secrets are missing.
        _report(known, kept={file} | _make_secrets(known))
        return 0
    answers = _answers(options, known, filled)
    # What is another site's own must not become this one's too.
    lines = fill(begin.read_text(), {} if filled else dict.fromkeys(_others_own(known), ""))
    site = _write(file, fill(rename(lines, known.domain, answers["domain"]), answers))
    _report(*site)
    return 0


def _others_own(known: config.Site) -> list[str]:
    """The keys of site.yml whose values belong to one site alone."""
    optional = ("backup_bucket", "cdn_id", "cdn_logs", "ci_key", "github")
    return ["bucket", "media_bucket", *(key for key in optional if getattr(known, key))]


def _answers(options: argparse.Namespace, known: config.Site, filled: bool) -> dict[str, str]:
    questions = QUESTIONS if known.provider == stores.DEFAULT else QUESTIONS | ELSEWHERE
    defaults = {key: getattr(known, key) for key in questions}
    if not filled:
        defaults |= {"domain": "", "server": ""}
    answers: dict[str, str] = {}
    for key, question in questions.items():
        # The site's host mostly is the SSH host too.
        default = defaults[key] or (answers["domain"] if key == "server" else "")
        given = getattr(options, key)
        if given is None:
            given = default if options.yes else _ask(key, question, default)
        wrong = _wrong(key, question, given)
        if wrong:
            raise SlipwayError(f"--{key}: {wrong}")
        answers[key] = given
    return answers


def _ask(key: str, question: Question, default: str) -> str:
    shown = default or ("none" if key in OPTIONAL else "")
    while True:
        try:
            answer = input(f"{question[0]}{f' [{shown}]' if shown else ''}: ").strip() or default
        except EOFError:
            raise SlipwayError(f"--{key}: missing, and there is no terminal to ask; give the flags and --yes") from None
        wrong = _wrong(key, question, answer)
        if not wrong:
            return answer
        print(f"  {wrong}")


def _wrong(key: str, question: Question, answer: str) -> str:
    """What is wrong with an answer, or nothing."""
    _, form, what = question
    if not answer:
        return "" if key in OPTIONAL else f"missing; give {what}"
    # The shipped domain marks a file that is not filled in.
    if not form.fullmatch(answer) or answer == EXAMPLE or (key == "domain" and answer.startswith("www.")):
        return f"{answer!r} is not {what}"
    return ""


def _write(file: Path, text: str) -> tuple[config.Site, set[Path]]:
    """Writes ``text``, if it is valid; returns the site, and which of its files existed before."""
    draft = file.with_name(f".{file.stem}.draft.yml")
    try:
        draft.write_text(text)
        site = dataclasses.replace(config.load(draft), path=file)
        if file.resolve() != config.DEFAULT_PATH.resolve():
            others.check(site, config.read)
        # Secrets first: a filled-in site.yml means that they exist.
        kept = _make_secrets(site)
        draft.replace(file)
    except OSError as error:
        raise SlipwayError(f"{file}: cannot be written: {error.strerror}") from None
    except SlipwayError as error:
        raise SlipwayError(str(error).replace(str(draft), str(file))) from None
    finally:
        draft.unlink(missing_ok=True)
    return site, kept


def _make_secrets(site: config.Site) -> set[Path]:
    """Creates the secrets that are missing; returns the files that existed before, which are kept."""
    kept = {path for path in (path_of(site), password_file_of(site)) if path.exists()}
    if path_of(site) in kept:
        Secrets.load(site)
    else:
        backup = {PASSPHRASE: new_passphrase()} if site.backup_bucket else {}
        Secrets.write(site, web={"SECRET_KEY": secrets.token_urlsafe(50)}, backup=backup)
    return kept


def _report(site: config.Site, kept: set[Path]) -> None:
    for path, about in (
        (site.path, f"describes {site.site_url}"),
        (path_of(site), "the secrets, encrypted; you may commit it"),
        (password_file_of(site), "opens them; keep a copy where you keep passwords, and commit none"),
    ):
        print(f"{'kept' if path in kept else 'made'}  {_short(path)}: {about}")
    print(NEXT.format(prefix=f"CONFIG={_short(site.path)} " if os.environ.get("CONFIG") else ""))


def _short(path: Path) -> str:
    """The path as typed in this directory."""
    for base, sign in ((Path.cwd(), ""), (Path.home(), "~/")):
        if path.is_relative_to(base):
            return f"{sign}{path.relative_to(base)}"
    return str(path)
