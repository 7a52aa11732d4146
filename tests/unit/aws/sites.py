"""Sites to provision in tests."""

from dataclasses import dataclass

from slipway.tool import config


@dataclass(frozen=True)
class ExampleSite:
    name: str = "example-com"
    scheme: str = "https"
    region: str = "eu-central-1"
    domain: str = "example.com"
    price_class: str = "PriceClass_All"
    cdn_logs: str = ""
    github: str = ""
    backup_bucket: str = ""
    aliases: tuple[str, ...] = ()
    origins, readers = config.Site.origins, config.Site.readers

    @property
    def bucket(self) -> str:
        return self.name

    @property
    def media_bucket(self) -> str:
        return f"{self.name}-media"

    @property
    def host(self) -> str:
        return f"www.{self.domain}"

    @property
    def site_url(self) -> str:
        return f"{self.scheme}://{self.host}"

    @property
    def static_url(self) -> str:
        return f"{self.scheme}://static.{self.domain}"

    @property
    def media_url(self) -> str:
        return f"{self.scheme}://media.{self.domain}"
