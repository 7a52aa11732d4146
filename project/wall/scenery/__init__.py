"""Twelve painted landscapes for an empty wall, in the order in which they hang."""

from wall.scenery import hills, sea

SCENES = [
    sea.herring_street,
    hills.first_snow,
    sea.slack_water,
    sea.squall_line,
    sea.no_wind,
    hills.seven_ridges,
    sea.reed_moon,
    hills.firs_before_rain,
    hills.green_fire,
    hills.dune_at_six,
    sea.skerry_light,
    hills.north_fjord,
]
