"""Runs a command with the AWS credentials of a GitHub job's own identity, so that no key is stored at GitHub.

    python -m slipway.tool.github_identity make deploy

The role is $AWS_ROLE_ARN (`make cdn` creates it where site.yml names the repository). Without one the command runs with
the key of the vaulted file. The credentials last for an hour, and only the command has them.
"""

import json
import os
import sys
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

import urllib3

from slipway.tool import config
from slipway.tool.causes import cause
from slipway.tool.connections import pool
from slipway.web.errors import SlipwayError

# What the role's trust policy requires: https://docs.github.com/en/actions/reference/security/oidc
AUDIENCE = "sts.amazonaws.com"
RETRIES = urllib3.Retry(total=3, backoff_factor=1, status_forcelist=(429, 500, 502, 503, 504))


def credentials(environ: Mapping[str, str]) -> dict[str, str]:
    """The role's credentials as environment variables, as every AWS tool reads them; none without a role.

    Raises SlipwayError: what failed, and what to do.
    """
    role = environ.get("AWS_ROLE_ARN")
    if not role:
        return {}
    from botocore.exceptions import BotoCoreError, ClientError

    from slipway.tool.aws.errors import Rejection, explain
    from slipway.tool.aws.identity import Identity

    sts = Identity().client("sts", config.load().region)
    session = f"github-{environ.get('GITHUB_RUN_ID', 'run')}"
    try:
        # https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
        answer = sts.assume_role_with_web_identity(
            RoleArn=role, RoleSessionName=session, WebIdentityToken=_token(environ)
        )
    except ClientError as error:
        trust = (
            "it trusts only jobs in the environment `production` of the repository that `github` names in site.yml; "
            "`make cdn` updates it"
        )
        why = explain(Rejection.of(error), trust)
        raise SlipwayError(f"AWS gives this job no credentials of {role}: {why}") from None
    except BotoCoreError as error:
        raise SlipwayError(f"the AWS request for credentials of {role} failed: {explain(error)}") from None
    issued = answer["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": issued["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": issued["SecretAccessKey"],
        "AWS_SESSION_TOKEN": issued["SessionToken"],
    }


def _token(environ: Mapping[str, str]) -> str:
    """The job's OIDC token, signed by GitHub: https://docs.github.com/en/actions/reference/security/oidc"""
    try:
        url, bearer = environ["ACTIONS_ID_TOKEN_REQUEST_URL"], environ["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]
    except KeyError:
        raise SlipwayError("GitHub gives this job no identity; its workflow needs `id-token: write`") from None
    url = f"{url}&audience={quote(AUDIENCE)}"
    try:
        answer = pool(url).request("GET", url, headers={"Authorization": f"bearer {bearer}"}, retries=RETRIES)
        return json.loads(answer.data)["value"]
    except urllib3.exceptions.HTTPError as error:
        why = cause(error, urlsplit(url).hostname or "GitHub") or "it answers with an error"
        raise SlipwayError(f"GitHub does not issue this job's identity: {why}; then run the job again") from None
    except (ValueError, KeyError, TypeError):
        raise SlipwayError("GitHub does not issue this job's identity; run the job again") from None


def main(command: list[str]) -> int:
    if not command:
        print("usage: python -m slipway.tool.github_identity COMMAND …", file=sys.stderr)
        return 2
    try:
        issued = credentials(os.environ)
    except SlipwayError as error:
        print(f"slipway: {error}", file=sys.stderr)
        return 1
    print("AWS by this job's own identity" if issued else "AWS by the key in the vaulted file", flush=True)
    os.execvpe(command[0], command, os.environ | issued)
    raise AssertionError("unreachable")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
