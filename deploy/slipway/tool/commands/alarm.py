"""`make alarm`: sends a test to everybody whom the server's alarms tell, and says what happened to each."""

import argparse
import json

from slipway.tool import alarms, config, mail_records
from slipway.tool.phases import phase
from slipway.tool.secrets import Secrets
from slipway.tool.server.connection import Connection

help = "send a test to each receiver of alarms, and say what happened; exit status 1 when one took none"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    pass


def run(options: argparse.Namespace) -> int:
    site = config.load()
    alarms.receivers(site, Secrets.load(site))
    with phase(f"Send a test from {site.server or site.host}"):
        outcome = json.loads(Connection(site).agent("alarm"))
        for line in lines(site, outcome):
            print(f"    {line}")
    return 1 if any(outcome.values()) else 0


def lines(site: config.Site, outcome: dict[str, str]) -> list[str]:
    """One for each receiver, and one for each record that mail would need; ``outcome`` is the agent's."""
    width = max(map(len, outcome))
    told = [f"{name:<{width}}  {f'NOT TAKEN: {error}' if error else 'taken'}" for name, error in outcome.items()]
    if "mail" in outcome:
        if not outcome["mail"]:
            told.append(f"{'':<{width}}  for {', '.join(site.alarms.mail)}; look there, and among the spam")
        missing = mail_records.missing(site.alarms.sender, site.alarms.dkim_selector)
        told += [f"{'':<{width}}  warning: {each}" for each in missing]
    return told
