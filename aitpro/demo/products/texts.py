"""What the demo's product pages say, as staff would write it. Nothing here goes beyond the product's public facts."""

from __future__ import annotations

from typing import Any

BPS_PRO: dict[str, Any] = {
    "name": "BPS Pro",
    "headline": "Protect your WordPress site before something happens",
    "summary": "BulletProof Security Pro is a security plugin for WordPress: a firewall, login protection, files that"
    " are watched and restored, and database backups. You buy it once.",
    "description": """Most attacks on a website are not about you. Programs try one site after the other, all day, for a
door that somebody forgot. BPS Pro closes these doors, keeps watch, and has a way back if something gets through.

## Keep them out

The firewall is a set of `.htaccess` rules. Your web server reads them before WordPress even starts, so that a request
which is up to no good costs you next to nothing. The plugin firewall adds a wall around the part of a site that others
wrote: its plugins.

## Notice, and put right

File monitoring knows what your files should look like. When one changes, auto-restore puts the good copy back, and the
changed file goes to quarantine, where you can look at it in peace.

## Have a way back

The database is backed up and watched as well, because that is where your posts, pages and settings are.
""",
    "requirements": """- A WordPress site on which you may install plugins
- A web server that reads `.htaccess` files, as Apache does. If you don't know, ask your host or [ask us](/contact/).
""",
    "sites_per_license": "all sites of one customer",
    "updates_and_support": """- New versions appear on your order page, at no extra cost.
- Questions are answered by the people who know the product, by email and phone.
""",
    "install_steps": """1. Download the ZIP file from this page.
2. In WordPress, open **Plugins → Add New → Upload Plugin**, choose the file, and activate it.
3. Enter your license key where BPS Pro asks for it.
""",
}

BPS_PRO_FEATURES = [
    (
        "Firewall",
        "Rules in `.htaccess` refuse malicious requests at the web server, before WordPress has to deal with them.",
    ),
    ("Login protection", "Guards the login page, which is the first door that attackers try."),
    (
        "File monitoring and auto-restore",
        "Notices files that change, and puts the good copy back. The changed file goes to quarantine.",
    ),
    ("Database backup and monitoring", "Backs up the database of your site, and keeps an eye on it."),
    ("Plugin firewall", "Protects the plugins of your site, which other people wrote and you can't check."),
    ("Logs", "Show you what was refused and what was changed, so that you don't have to guess."),
]

BPS_PRO_QUESTIONS = [
    (
        "Does it work without WordPress?",
        "No. BPS Pro is a WordPress plugin. For other sites, see our [services](/services/).",
    ),
    (
        "Does it work on every web server?",
        "The firewall needs a server that reads `.htaccess` files. Apache does; nginx alone doesn't."
        " [Ask us](/contact/) before you buy if you aren't sure.",
    ),
    (
        "My site has already been hacked. Will it help?",
        "Clean the site first, then protect it: a firewall doesn't remove what is inside already."
        " We can do the [cleanup](/services/) for you.",
    ),
    (
        "What happens to a file in quarantine?",
        "It is kept where it can do no harm, and you decide. The good copy is in its place meanwhile.",
    ),
    (
        "Can you set it up for me?",
        "Yes, as a service: [BPS Pro setup](/products/bps-pro-setup/) is done together with you.",
    ),
]

SETUP: dict[str, Any] = {
    "name": "BPS Pro setup",
    "headline": "We set it up together with you",
    "summary": "We install BPS Pro on one WordPress site, adapt its settings to the site, test everything, and explain"
    " what it does.",
    "description": """You keep control: we agree on a time, you grant us access for as long as it takes, and you remove
it afterwards. At the end, the site is tested page by page, so that the firewall keeps out attackers and not visitors.
""",
    "requirements": """- A license for [BPS Pro](/products/bps-pro/)
- A recent backup of the site
- Somebody who may sign in as an administrator
""",
    "updates_and_support": "If something doesn't work as agreed within 14 days, we put it right at no extra cost.",
    "fulfillment": """We write to you within two business days and agree on a time. **Please don't send passwords by
email:** we tell you how to give us access safely.
""",
}

SETUP_FEATURES = [
    ("Installation and settings", "On one site, adapted to its plugins and its server."),
    ("Tested with you", "We go through the site together and see that every page still works."),
    ("In writing", "You get a list of what was set, and why."),
]

SETUP_QUESTIONS = [
    (
        "Do you need my password?",
        "No. You create an account for us and delete it afterwards. Please never send passwords by email.",
    ),
    ("How long does it take?", "About an hour for most sites. We tell you beforehand if yours needs more."),
]

REVIEW: dict[str, Any] = {
    "name": "Security review",
    "headline": "Know where your site stands",
    "summary": "We look for the weak points of your site (software, accounts, permissions, settings) and report what we"
    " found, most urgent first.",
    "description": """Every site is different, so we look at yours before we name a price. The report is written for
people: what we found, what it means, and what to do about it. You decide who does it.
""",
    "requirements": "- A site of your own, or its owner's consent in writing",
}

REVIEW_FEATURES = [
    ("Software and plugins", "What is outdated, unused, or no longer maintained."),
    ("Accounts and permissions", "Who can do what, and who shouldn't be able to any more."),
    ("A report you can act on", "Sorted by urgency, in plain words."),
]

REVIEW_QUESTIONS = [
    ("What does it cost?", "That depends on the size of the site. The quote states it, and commits you to nothing."),
]
