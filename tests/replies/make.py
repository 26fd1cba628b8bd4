#!/usr/bin/env python3
"""Writes the corpus of replies beside this file, or checks it.

usage: make.py            writes every fixture and index.json anew
       make.py --check    says whether what is committed is what would be written
"""
import hashlib, html, json, pathlib, re, sys

import mails, plain, programs, shapes
from languages import FURTHER, GMAIL_ONLY, LANGUAGES, MAIN
from programs import Quoted

HERE = pathlib.Path(__file__).parent
LICENSE = "MIT OR Apache-2.0"
SOURCES = {
    "plain": "mails that quote nothing; at most a signature or a footer goes",
    "text": "text bodies as mail programs write them, by program and language",
    "html": "HTML bodies as mail programs write them, by program and language",
    "shapes": "text and HTML bodies of every shape an answer can take",
    "mime": "whole messages: transfer encodings, character sets, flowed text, alternatives",
}


class Corpus:
    def __init__(self):
        self.files, self.fixtures, self.predicates = {}, [], []

    def add(self, source, name, kind, body, expected, *further, tags=(), inline_quotes="none", compare="ws", readable=None):
        """One input and every accepted reading of it. `readable` is the text of an input that is not text itself."""
        path = f"{source}/{name}.in.{dict(text='txt', html='html', mime='eml')[kind]}"
        raw = body if isinstance(body, bytes) else body.encode()
        assert path not in self.files, path
        self.files[path] = raw
        self.prove(path, kind, raw, [expected, *further], readable)
        for number, want in enumerate([expected, *further], 1):
            label = name if number == 1 else f"{name}.{number}"
            self.files[f"{source}/{label}.expected.txt"] = (want.strip("\n") + "\n").encode() if want else b""
            self.fixtures.append(dict(
                id=f"{source}/{label}", source=source, license=LICENSE, kind=kind, input=path, expected=f"{source}/{label}.expected.txt", expected_kind="literal",
                signature="strip", inline_quotes=inline_quotes, compare=compare, upstream="", tags=sorted(tags), sha256=hashlib.sha256(raw).hexdigest(), split="dev",
            ))

    def prove(self, path, kind, raw, expectations, readable):
        """Every line the person wrote is in the input, in order, and no MIME reader is needed to guess it."""
        if kind == "text":
            text = raw.decode()
        elif kind == "html":
            text = html.unescape(re.sub(r"<[^>]*>", " ", raw.decode()))
        else:
            text = mails.read(raw)
            assert squeezed(text) == squeezed(readable), f"{path}: reads as\n{text}\ninstead of\n{readable}"
        hay = squeezed(text)
        for want in expectations:
            at = 0
            for line in want.split("\n"):
                line = re.sub(r"^[-*•] ", "", line) if kind == "html" else line
                at = hay.find(squeezed(line), at)
                assert at >= 0, f"{path}: {line!r} is not in the input"
                at += len(squeezed(line))

    def index(self):
        sources = {s: dict(repo="", commit="", license=LICENSE, note=n) for s, n in SOURCES.items()}
        return dict(sources=sources, fixtures=self.fixtures, predicates=self.predicates)


def squeezed(text):
    return re.sub(r"[\s\u200b\ufeff]+", "", text)


def build():
    corpus = Corpus()
    for name, language, body, expected, *further in plain.PLAIN:
        corpus.add("plain", name, "text", body, body if expected is None else expected, *further, tags=["no-quote", f"lang:{language}"])
    by_program(corpus)
    shapes.add(corpus)
    mails.add(corpus)
    return corpus


# Program -> languages it is written in here; the answers take turns.
TEXT_PROGRAMS = {
    "gmail_text": MAIN + FURTHER,
    "gmail_android_text": ["en", "de", "sv", "pl", "ru"],
    "apple_text": ["fr", "it", "pt-pt", "sv", "nb", "pl", "tr", "ja", "zh-tw", "he"],
    "apple_old_text": ["es", "nl", "da", "fi", "ru", "ko"],
    "iphone_text": ["en", "de", "pt-br", "cs", "uk", "zh-cn", "ar"],
    "thunderbird_text": ["en", "de", "it", "pt-pt", "sv", "pl", "cs", "uk", "ko", "hu"],
    "yahoo_text": ["en", "de", "fr", "fi", "tr"],
    "outlook_text": ["en", "de", "fr", "nb", "tr", "zh-tw", "ro", "he"],
    "outlook_bold_text": ["pt-pt", "sv", "pl", "uk"],
    "outlook_ruled_text": ["es", "da", "ru", "ja", "el"],
    "outlook_original_text": ["en", "fr", "pt-br", "fi"],
    "outlook_mobile_text": ["it", "nl", "cs", "zh-cn", "ko"],
    "galaxy_text": ["en", "fr", "nl"],
}
HTML_PROGRAMS = {
    "gmail_html": ["en", "fr", "ja", "ar"], "gmail_android_html": ["sv"], "apple_html": ["en", "zh-cn"], "iphone_html": ["de", "ko"],
    "outlook_html": ["en", "de", "pt-br", "fi", "ru"], "outlook_web_html": ["en", "es", "pl"], "outlook_mobile_html": ["en", "nb"], "outlook_new_html": ["en", "it"],
    "thunderbird_html": ["en", "cs"], "yahoo_html": ["en", "zh-tw"], "gmx_html": ["de"], "proton_html": ["en"], "galaxy_html": ["de", "pt-br"], "zoho_html": ["en"],
    "fastmail_html": ["nb"], "spark_html": ["en"], "mailbird_html": ["pt-pt"], "aol_html": ["en"], "zimbra_html": ["fr", "it"], "k9_html": ["en"], "front_html": ["en"], "hey_html": ["en"],
    "qq_html": ["zh-cn"], "netease_html": ["zh-cn"], "mail_ru_html": ["ru"], "yandex_html": ["ru"], "seznam_html": ["cs"], "lotus_html": ["de"],
}
SENDERS = [None, "{coach} (Coaching)", "{coach} [Maple & Rowe]", None, "{coach} via Maple & Rowe", "'{coach}'", None]
ANSWERS = ["short", "long", "closed"]


def by_program(corpus):
    turn = 0
    for source, kind, table in (("text", "text", TEXT_PROGRAMS), ("html", "html", HTML_PROGRAMS)):
        for program, languages in table.items():
            for language in languages:
                turn += 1
                words = LANGUAGES[language]
                sender = SENDERS[turn % len(SENDERS)]
                address = "reply+01k7v3q9r2m4x8c5n6b1a0d7@reply.coach.example" if turn % 5 == 0 else None
                quoted = Quoted.of(words, marked=turn % 4 == 0, name=sender and sender.format(**words), address=address)
                answer = words[ANSWERS[turn % 3]] if source == "text" else words[ANSWERS[(turn // 2) % 3]]
                tags = ["top-posted", f"program:{program.rsplit('_', 1)[0]}", f"lang:{language}"] + ["marker"] * (turn % 4 == 0)
                corpus.add(source, f"{program.rsplit('_', 1)[0]}_{language}", kind, getattr(programs, program)(answer, words, quoted), answer, tags=tags)
    for language, (answer, attribution, quote) in GMAIL_ONLY.items():
        head = programs.broken(attribution.format(n="Maya Feldman", a="maya@maplerowe.example"))
        corpus.add("text", f"gmail_{language}", "text", f"{answer}\n\n{head}\n\n> {quote}\n", answer, tags=["top-posted", "program:gmail", f"lang:{language}"])


def main():
    corpus = build()
    files = {**corpus.files, "index.json": (json.dumps(corpus.index(), ensure_ascii=False, indent=1) + "\n").encode()}
    there = {str(p.relative_to(HERE)) for s in SOURCES for p in (HERE / s).glob("*") if p.is_file()}
    if "--check" in sys.argv:
        wrong = [n for n, raw in files.items() if not (HERE / n).exists() or (HERE / n).read_bytes() != raw] + sorted(there - files.keys())
        sys.exit(f"differs: {', '.join(wrong)}" if wrong else None)
    for name in there - files.keys():
        (HERE / name).unlink()
    for name, raw in files.items():
        (HERE / name).parent.mkdir(exist_ok=True)
        (HERE / name).write_bytes(raw)
    print(f"{len({x['input'] for x in corpus.fixtures})} inputs, {len(corpus.fixtures)} expectations, {sum(map(len, files.values())) // 1000} kB")


if __name__ == "__main__":
    main()
