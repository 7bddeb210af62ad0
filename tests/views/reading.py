"""Reading what a page or a file of the ledger says."""

import csv
import io
import re


def numbers(page):
    """The numbers of the entries on a page, as they stand there."""
    return [int(number) for number in re.findall(r'<li class="entry" id="entry-(\d+)"', page.text)]


def link(page, words):
    """Where the link with these words leads, without what follows a #."""
    for address, inside in re.findall(r'<a\b[^>]*href="([^"#]*)[^>]*>(.*?)</a>', page.text, re.S):
        if re.sub(r"<svg.*?</svg>", "", inside, flags=re.S).strip().startswith(words):
            return address.replace("&amp;", "&")
    raise LookupError(words)


def rows(answer):
    """The lines of a file, each by its columns' names."""
    return list(csv.DictReader(io.StringIO(answer.text)))
