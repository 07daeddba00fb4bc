"""Bot detection by User-Agent: a list of names, words that bots use, and what every browser says.

People come first, because a lost click is a lost commission, and a counted bot only a wrong statistic. Device names are
removed before matching (`Build/AP3A.240617.008` contained a bot's `008`), and the list's patterns for browsers or apps
are left out. Only the User-Agent is used: Client Hints would reveal more about a person than this needs.
`tests/affiliates/tracking/test_bot_detection.py` measures both kinds of error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

# Patterns of the list that also match browsers, apps and phones.
UNRELIABLE_BOT_PATTERNS = {
    "Sogou",  # its browser; its crawler is matched by "spider"
    "008\\/",
    "Fluid",
    "Podimo",
    "NewsBlur",
    "BTWebClient",
    "Code\\/1\\.",
    "Chirp|gotosocial",
    "(^| )PTST\\/",
    "sindresorhus\\/got",
}
# Apps with built-in browsers. The list means their servers, which name neither an engine nor a device.
_APPS = re.compile("MetaIAB Facebook|Viber|Tumblr|Notion|WhatsApp|Bluesky|Mastodon|Goodreads")
# "Android 15; CPH2581 Build/AP3A.240617.008", with or without a language, or a build.
_DEVICE = re.compile(
    r"Android(?:[^;()]*(?:;[^;()]*){1,3}?\b[Bb]uild/[^;)]*"
    r"|[ /\d._]*;(?: ?[A-Za-z]{2}[-_][A-Za-z]{2};)?[^;()]*)"
)
# Lowercase. The substrings are checked first, in a hundredth of the time, because they are rare in browsers.
_PARTS_OF_WORDS = (
    "bot", "crawl", "spider", "scrap", "slurp", "fetch", "monitor", "scann", "check", "validat", "thumbnail",
    "archiver", "probe", "research", "analy", "indexer", "collector", "preview", "linkexpander", "health", "external",
    "speed", "wappalyzer", "proxy", "transcoder", "seo", "synthetic", "screenshot", "capture/", "sitemap", "duplex",
    "detector", "{", "<?", "google",
)  # fmt: skip
_WORDS = re.compile(
    r"\bbots?\b|(?<!cu)bot[/;) _-]|(?<!cu)bot$|crawl|spider|scrap|slurp|fetcher|\bfetch\b|monitor(?!\d)|scann|checker"
    r"|\bvalidat|thumbnail|archiver|\bprobe|prober|fastprobe|research|analy[sz]er|indexer|collector|link ?preview"
    r"|linkexpander|health ?-?check|external ?(?:hit|ua)|page ?speed|wappalyzer|image ?proxy|transcoder|\bseo|synthetic"
    r"|screenshot|capture/|sitemap|duplex|(?<!h)detector|[$<]\{|\{\{|<\?"
    r"|\bgoogle[- ](?!earth|nexus|pixel|store|wap|fiber|http)[a-z]|googlead|-google/"
)
_PARTS_OF_ADDRESSES = ("http", "www.", "@")
_ADDRESS = re.compile(r"https?:|www\.|[\w.]@[a-z][\w-]+\.\w")
# What apps and old phones without `Mozilla` say: a system, a device, or a purpose.
_OF_PEOPLE = re.compile(
    r"android|\bios\b|iphone|ipad|ipod|\bwin|mac|osx|darwin|linux|cfnetwork|pod|cast|radio|player|reader|phone|watch"
    r"|browser|tv|xbmc|rss|feed|midp|wap|nokia|samsung|sec-|lg[-/]|symbian|blackberry|dalvik|ucweb|roku|coremedia|mre"
    r"|maui|bsd|lynx|links|dillo|/hw|model/|x11|sunos|amiga|curl/\d|\bgzip|vlc|audio|music|stream|webkit|mosaic|\[fban"
    r"|tpapi|^a/\d|docomo|sie-|garmin|bose|sonos|dlna|fm\b|client|download|sound|torrent|office|syndication|spotify"
    r"|device|nintendo|palm|teleca|screen-|neon|mpv|foobar|rhythmbox|zune|\becho|airplay|opera|java\b|amaya|beos"
    r"|amigaos|\(v\. |catch|tuner|voox|sonic|bullhorn|the bat|\bwtos|spice|pubsub|luminary|newsly|microsoft"
)
_NO_BROWSER_AT_ALL = re.compile(
    r"Mozilla/\d\.\d (?:\(compatible; (?!MSIE|Konq|IBrowse|NetPos|ms-office)[^();]*(?:;[^()]*)?\)|[\w./-]+)$"
)


def is_bot(user_agent: str) -> bool:
    text = strip_device(user_agent)
    lower = text.lower()
    if not text:
        return False
    if _has(lower, _PARTS_OF_WORDS, _WORDS) or any(names.search(text) for names in _listed()):
        return True
    is_mozilla = text.startswith("Mozilla/")
    if not is_mozilla and "mozilla/" not in lower and not _OF_PEOPLE.search(lower):
        return True
    if is_mozilla and _NO_BROWSER_AT_ALL.match(text):
        return True
    return _has(lower, _PARTS_OF_ADDRESSES, _ADDRESS) and (is_mozilla or not _OF_PEOPLE.search(lower))


def _has(text: str, parts: Iterable[str], pattern: re.Pattern[str]) -> bool:
    return any(part in text for part in parts) and pattern.search(text) is not None


def strip_device(user_agent: str) -> str:
    """Without the name and build of an Android device, and without the app around a browser engine."""
    if "AppleWebKit" in user_agent or " Device/" in user_agent:
        user_agent = _APPS.sub("", user_agent)
    return _DEVICE.sub("Android", user_agent)


def is_preview_bot(user_agent: str) -> bool:
    """A bot that shows people a preview of a link, according to the list."""
    return bool(_previews().search(user_agent))


@cache
def _listed() -> list[re.Pattern[str]]:
    """A few dozen names per pattern: Python's engine takes more than twice the time for a single pattern of all."""
    named = [entry["pattern"] for entry in CRAWLER_USER_AGENTS_DATA if entry["pattern"] not in UNRELIABLE_BOT_PATTERNS]
    return [re.compile("|".join(named[start : start + 25])) for start in range(0, len(named), 25)]


@cache
def _previews() -> re.Pattern[str]:
    listed = (entry["pattern"] for entry in CRAWLER_USER_AGENTS_DATA if "social-preview" in entry.get("tags", ()))
    return re.compile("|".join(listed))
