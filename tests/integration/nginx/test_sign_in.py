"""The real nginx limits the paths that the build finds in a URLconf, whatever their expressions."""

import itertools
from urllib.parse import quote

import pytest
from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.test import override_settings
from django.urls import Resolver404, include, path, re_path, register_converter, resolve
from django.utils import translation
from django.views import View

from slipway.tool.pack import pcre, sign_in


class Login(View):
    def post(self, request):
        from django.contrib.auth import authenticate

        return authenticate(request)


class Quarter:
    regex = "q[1-4]|all"
    to_python = to_url = staticmethod(str)


register_converter(Quarter, "quarter")
login = Login.as_view()
NESTED = [re_path(r"^(?P<team>[\w.-]+)/login/$", login), path("<str:team>/<int:team_id>/in/", login)]
# What can only be taken as any text.
WIDE = [
    re_path("(?x) ^ spaced / $  # as one likes", login),
    re_path(f"^long/({'|'.join(f'name{number}' for number in range(300))})/$", login),
]
urlpatterns = [
    path("int/<int:a>/", login),
    path("slug/<slug:a>/", login),
    path("str/<str:a>/", login),
    path("path/<path:a>/in/", login),
    path("uuid/<uuid:a>/", login),
    path("own/<quarter:a>/", login),
    path('written/{%x%} {{y}} "z" $d;/é/', login),
    path("teams/", include(NESTED)),
    re_path(r"^again/(?P<team>\w+)/", include(NESTED)),
    re_path(r"^twice/(?P<a>x|y)/(?P=a)/$", login),
    re_path(r"^numbered/(x|y)/\1/$", login),
    re_path(r"(?i)^Folded/$", login),
    re_path(r"^in-(?i:folded)/$", login),
    path("wide/", include(WIDE)),
    re_path(r"^looks/(?!no(t|ne)[)]/)(?=y)\w+(?<=s)/$", login),
    re_path(r"^if/(<)?x(?(1)>|)/$", login),
    re_path(r"^noted/(?#a comment)in/$", login),
    re_path(r"^first/$|^second/$", login),
    re_path(r"third/$|^fourth/$", login),
    re_path(r"\Afifth/\Z", login),
    re_path(r"^counted/\d{,3}x{2}y{1,300}z{1,2}+/$", login),
    re_path(r"^letters/[^\W\d_]{1,3}/$", login),
    re_path(r"^sets/[:[.a]/[]x]/[é]/é?/\x41/\u0042/.{2}/$", login),
    re_path(r"^bound/\bin\b/$", login),
    re_path(r"^lazy/.+?/in/$", login),
    re_path("anywhere/", login),
    *i18n_patterns(path("account/in/", login), prefix_default_language=False),
]
ASKED = """
/int/7/ /slug/a-b/ /str/a.b/ /str/é/ /path/a/b/in/ /uuid/075194d3-6885-417e-a8a8-6c931e272f00/ /own/q3/ /own/all/
/teams/red.é/login/ /teams/red/7/in/ /again/é/red/login/ /again/x/red/7/in/ /twice/x/x/ /numbered/y/y/
/folded/ /FOLDED/ /in-FOLDED/ /wide/spaced/ /looks/yes/ /if/x/ /if/<x>/ /noted/in/ /first/ /second/ /third/ /fourth/
/fifth/ /counted/123xxyzz/ /counted/\u0661\u0662\u0663xxyz/ /letters/éüß/ /sets/:/x/é/é/A/B/éü/ /sets/[/]/é/é/A/B/ab/
/bound/in/ /lazy/é/in/ /wide/long/name299/ /a/anywhere/ /account/in/ /de/account/in/
"""
WITH_SPACES = ['/written/{%x%} {{y}} "z" $d;/é/', "/a\nb/anywhere/"]
OPEN = "/ /int/x/ /own/q5/ /teams/login/ /sixth/ /first/x/ /noted/ /counted/x/ /accounts/in/ /plain/"


@pytest.fixture(scope="module")
def found():
    with override_settings(ROOT_URLCONF=__name__):
        return sign_in.paths()


def test_nginx_limits_every_path_that_django_leads_to_such_a_view(site, found):
    here = site(nginx_sign_in=found, nginx_sign_in_burst=1, nginx_sign_in_delay=1)
    sources = (f"127.1.{number}.1" for number in itertools.count())
    for asked in [*ASKED.split(), *WITH_SPACES]:
        with translation.override(translation.get_language_from_path(asked) or settings.LANGUAGE_CODE):
            assert resolve(asked, __name__).func is login, asked
        source = next(sources)
        statuses = [here.ask(quote(asked), "POST", source=source).status for _ in range(3)]
        assert statuses == [200, 200, 429], asked
    for asked in OPEN.split():
        with pytest.raises(Resolver404):
            resolve(asked, __name__)
        source = next(sources)
        assert [here.ask(asked, "POST", source=source).status for _ in range(3)] == [200] * 3, asked


def test_what_pcre_reads_otherwise_is_any_text_and_the_rest_is_kept():
    assert pcre.translated(r"^login/(?P<a>x)/(?P=a)/\Z") == r"login/(?:x)/(?s:.*)/\Z"
    assert pcre.translated("(?x) ^ login") == "(?s:.*)"
    assert pcre.translated(r"^teams/(?P<team>[-a-zA-Z0-9_]+)/login/\Z") == r"teams/(?:[-a-zA-Z0-9_]+)/login/\Z"


def test_however_long_a_path_is_written_nginx_reads_it(found):
    assert max(map(len, found)) <= sign_in.MAX_LENGTH + len(pcre.ANYTHING)
