"""The devices that load pages: screen, density, colours, and what they say they are."""

from dataclasses import dataclass

from static_smoke.http.client import agent

# A fixed release number: sites match the product names, the log the run id.
_AGENT = "Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 {mobile}Safari/537.36 {run}"
_ANDROID = "Linux; Android 10; K"


@dataclass(frozen=True, slots=True)
class Device:
    """``touch``: whether it is of Android; ``mobile``: whether it is a phone. ``workers``: "allow" or "block" those of
    the site."""

    name: str
    width: int
    height: int
    density: int
    dark: bool = False
    workers: str = "allow"
    touch: bool = False
    mobile: bool = False

    def agent(self, run: str) -> str:
        """Its User-Agent, which has the run id; Playwright derives the client hints (Sec-CH-UA-Mobile) from it."""
        system, mobile = _ANDROID if self.touch else "X11; Linux x86_64", "Mobile " if self.mobile else ""
        return _AGENT.format(system=system, mobile=mobile, run=agent(run))

    def context(self, run: str) -> dict:
        """Playwright's options for its windows. The desktop's agent is the browser's own, for every request of it."""
        own = {"user_agent": self.agent(run)} if self.touch else {}
        return own | {
            "viewport": {"width": self.width, "height": self.height},
            "device_scale_factor": self.density,
            "color_scheme": self.scheme,
            "service_workers": self.workers,
            "is_mobile": self.mobile,
            "has_touch": self.touch,
        }

    @property
    def scheme(self) -> str:
        return "dark" if self.dark else "light"


DESKTOP = Device("desktop", 1280, 800, 1)
PHONE = Device("phone", 390, 844, 3, dark=True, touch=True, mobile=True)
TABLET = Device("tablet", 820, 1180, 2, workers="block", touch=True)
