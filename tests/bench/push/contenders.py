"""The contenders: the settings of each one's collectstatic, and the tool that runs after it."""

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
IMMUTABLE = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run happens: ``bench`` has the binaries of the bench's venv, ``work`` the run's files."""

    bench: Path
    work: Path
    bucket: str
    url: str


@dataclass(frozen=True, slots=True)
class Contender:
    """``tool`` is a command with {placeholders} of ``Place``, empty where collectstatic uploads by itself.

    ``names``: the file names that the bucket must have: `slipway`'s, `hashed` and plain, or `plain` only.
    ``settings`` are variables that site/settings.py reads.
    """

    name: str
    names: str
    tool: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    slow: bool = False

    def commands(self, place: Place) -> list[list[str]]:
        python = str(place.bench / "python")
        if self.names == "slipway":
            return [[python, str(ROOT / "manage.py"), "collectstatic", "--noinput"]]
        collect = [python, "-m", "django", "collectstatic", "--noinput", "--verbosity", "0"]
        tool = [
            part.format(bench=place.bench, work=place.work, bucket=place.bucket, url=place.url) for part in self.tool
        ]
        return [collect, tool] if tool else [collect]

    def environment(self, place: Place) -> dict[str, str]:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{ROOT}:{ROOT / 'deploy'}",
            "HOME": str(place.work),
            "AWS_CONFIG_FILE": str(place.work / "aws.ini"),
            "DJANGO_SETTINGS_MODULE": "tests.bench.push.site.settings",
            "BENCH_DIRECTORY": str(place.work),
            "AWS_STORAGE_BUCKET_NAME": place.bucket,
            "SLIPWAY_STATIC_BUCKET": place.bucket,
            **dict(self.settings),
        }
        if self.names == "slipway":
            environment |= {
                "DJANGO_SETTINGS_MODULE": "tests.bench.push.site.slipway",
                "SECRET_KEY": "collects static files only",
                "SLIPWAY_BUILD": str(place.work / "build"),
                "SITE_URL": "https://www.example.com",
                "SLIPWAY_ENV": "production",
                "STATIC_URL": "https://static.example.com/",
                "MEDIA_URL": "https://media.example.com/",
            }
        return environment


# The concurrency of `aws s3 sync`.
AWS_CONFIG = "[default]\ns3 =\n  max_concurrent_requests = 64\n  max_queue_size = 10000\n"

# The best flags measured at 40 ms: more than 96 transfers are no faster for any of them.
RCLONE = (
    "{bench}/rclone copy --checksum --fast-list --transfers 96 --checkers 96 --s3-provider Other --s3-env-auth "
    "--s3-endpoint {url} --s3-region eu-central-1 --s3-no-check-bucket --s3-no-head --s3-upload-cutoff 1G"
)
S5CMD = "{bench}/s5cmd --endpoint-url {url} --numworkers 96 --log error sync"

MANIFEST = "storages.backends.s3.S3ManifestStaticStorage"

CONTENDERS = (
    Contender("slipway", "slipway"),
    Contender(
        "rclone copy --checksum",
        "hashed",
        (*RCLONE.split(), "--header-upload", f"Cache-Control: {IMMUTABLE}", "{work}/static", ":s3:{bucket}/static"),
    ),
    Contender(
        "s5cmd sync",
        "hashed",
        (*S5CMD.split(), "--cache-control", IMMUTABLE, "{work}/static/", "s3://{bucket}/static/"),
    ),
    Contender(
        "aws s3 sync",
        "hashed",
        ("{bench}/aws", "s3", "sync", "--only-show-errors", "--cache-control", IMMUTABLE)
        + ("{work}/static", "s3://{bucket}/static"),
    ),
    Contender(
        "collectfasta",
        "hashed",
        settings=(
            ("BENCH_STORAGE", MANIFEST),
            ("BENCH_COLLECTFASTA", "collectfasta.strategies.boto3.Boto3ManifestFileSystemStrategy"),
        ),
    ),
    Contender(
        "S3StaticStorage", "plain", settings=(("BENCH_STORAGE", "storages.backends.s3.S3StaticStorage"),), slow=True
    ),
    Contender("S3ManifestStaticStorage", "hashed", settings=(("BENCH_STORAGE", MANIFEST),), slow=True),
)
