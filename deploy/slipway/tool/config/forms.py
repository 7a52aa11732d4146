"""The patterns of values in site.yml."""

import re

HOST = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
SERVER = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._:-]*[A-Za-z0-9])?")
USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
# https://www.rfc-editor.org/rfc/rfc6376#section-3.1
SELECTOR = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
# A path that the proof allows. The characters of regular expressions are left out: they would stand for themselves.
ALLOWED = re.compile(r"/(?!/)[^\s?#=\\^$|()\[\]{}<>]*")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET = re.compile(r"(?=.{3,63}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d")
# Other providers' names have no common form: auto, us-east, es-mad-1, sjc3.
ANY_REGION = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
CDN_ID = re.compile(r"[A-Za-z0-9]+")
# With its immutable form: owner@123/name@456.
REPOSITORY = re.compile(r"[A-Za-z0-9-]+(@\d+)?/[A-Za-z0-9._-]+(@\d+)?")
# https://www.debian.org/doc/debian-policy/ch-controlfields.html#source
DEBIAN_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+", re.ASCII)
# A time of day, after days or without; of systemd.time(7), which reads it.
_DAY = "(Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
REBOOT = re.compile(rf"never|({_DAY}(,{_DAY})* )?([01]\d|2[0-3]):[0-5]\d")
