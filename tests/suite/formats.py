"""Reads texts as their consumers do and says which do not come back as they were meant.

Standard input: a JSON array of {"format", "text", "expected"}. Standard output: {"failures": [{"index", "difference"}], "skipped": [why]}. YAML is read by PyYAML, property lists by plistlib, JSON by json, HTML by html.parser, XML by expat, Markdown by markdown-it-py, units and env files by the parser inside the host's own libsystemd-shared.
"""

import ctypes
import glob
import html.parser
import json
import plistlib
import re
import sys
import tempfile
import xml.parsers.expat

skipped = set()


class Skipped(Exception):
    pass


def same(a, b):
    """Equality that tells 1 from 1.0 and from True."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


def difference(got, expected, path="it"):
    """The first place where the two differ."""
    if isinstance(got, dict) and isinstance(expected, dict) and got.keys() == expected.keys():
        pairs = [(f"{path}[{key!r}]", got[key], expected[key]) for key in got]
    elif isinstance(got, list) and isinstance(expected, list) and len(got) == len(expected):
        pairs = [(f"{path}[{index}]", *pair) for index, pair in enumerate(zip(got, expected))]
    else:
        return f"{path} is {got!r} and should be {expected!r}"
    return next(difference(a, b, path) for path, a, b in pairs if not same(a, b))


def read_yaml(text):
    try:
        import yaml
    except ImportError:
        raise Skipped("PyYAML is not installed")
    value = yaml.load(text, Loader=yaml.SafeLoader)
    if yaml.__with_libyaml__:
        assert same(value, yaml.load(text, Loader=yaml.CSafeLoader)), "libyaml reads it otherwise"
    return value


def read_plist(text):
    return plistlib.loads(f'<plist version="1.0"><string>{text}</string></plist>'.encode())


def read_xml_comment(text):
    comments = []
    parser = xml.parsers.expat.ParserCreate()
    parser.CommentHandler = comments.append
    parser.Parse(f"<a><!-- {text} --></a>", True)
    return [comment.strip() for comment in comments]


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.seen = []

    def handle_starttag(self, tag, attributes):
        self.seen.append([tag, *map(list, attributes)])

    def handle_endtag(self, tag):
        self.seen.append(["/" + tag])

    def handle_data(self, data):
        if self.seen and self.seen[-1][0] == "text":
            self.seen[-1][1] += data
        else:
            self.seen.append(["text", data])

    def handle_comment(self, data):
        self.seen.append(["comment", data])

    handle_decl = handle_pi = unknown_decl = handle_comment


def read_html(text):
    page = Page()
    page.feed(f'<p title="{text}">{text}</p>')
    page.close()
    return page.seen


def read_markdown(text):
    """The kinds of inline content, and its text, in a paragraph and in a cell."""
    try:
        import markdown_it
    except ImportError:
        raise Skipped("markdown-it-py is not installed")
    parser = markdown_it.MarkdownIt("commonmark").enable(["table", "strikethrough"])
    seen = []
    for document in (text, f"| a | b |\n|---|---|\n| {text} | x |\n"):
        tokens = parser.parse(document)
        shape = [token.type for token in tokens if token.type not in ("inline",)]
        wanted = ["paragraph_open", "paragraph_close"]
        if document is not text:
            wanted = ["table_open", "thead_open", "tr_open", *["th_open", "th_close"] * 2, "tr_close", "thead_close",
                      "tbody_open", "tr_open", *["td_open", "td_close"] * 2, "tr_close", "tbody_close", "table_close"]
        if shape != wanted:
            return shape
        inline = [token for token in tokens if token.type == "inline"]
        children = inline[0 if document is text else 2].children
        kinds = {child.type for child in children} - {"text_special"} | {"text"}
        seen.append("".join(child.content for child in children))
        if kinds - {"text"} and [child.type for child in children] != ["code_inline"]:
            if [child.content for child in children if child.type == "html_inline"] != ["<code>", "</code>"]:
                return [child.type for child in children]
            seen[-1] = seen[-1].removeprefix("<code>").removesuffix("</code>")
    assert seen[0] == seen[1], seen
    return seen[0]


RELAX, CUNESCAPE, UNQUOTE = 1 << 0, 1 << 1, 1 << 5
PARSE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint, ctypes.c_char_p,
                         ctypes.c_uint, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p,
                         ctypes.c_void_p)
LOOKUP = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p,
                          ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_int),
                          ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p)


def systemd():
    libraries = [path for folder in ("/usr/lib", "/usr/lib64", "/usr/lib/*")
                 for path in glob.glob(folder + "/systemd/libsystemd-shared-25[2-9].so")]
    if not libraries:
        raise Skipped("no libsystemd-shared of systemd 252 to 259 on this host")
    return ctypes.CDLL(libraries[0])


def words(library, text):
    """Splits a value as systemd splits words; a lone `;` is None, as it ends a command."""
    rest, found = ctypes.c_char_p(text), []
    while rest.value:
        if re.match(rb";([ \t\r\n]|$)", rest.value):
            found.append(None)
        word = ctypes.c_char_p()
        result = library.extract_first_word(ctypes.byref(rest), ctypes.byref(word), None, CUNESCAPE | UNQUOTE)
        assert result >= 0, f"systemd cannot split {text!r}"
        if result:
            found.append(re.sub("%(.?)", lambda it: "%" if it[1] == "%" else "<SPECIFIER>", word.value.decode()))
    return found


def expanded(argument):
    return re.sub(r"\$(.?)", lambda it: "$" if it[1] == "$" else "<VARIABLE>", argument)


def read_unit(text):
    """The settings of a unit by name, each with what systemd makes of its values."""
    library, seen = systemd(), {}

    def parse(_unit, _file, _line, section, _section_line, name, _type, value, _data, _user):
        read = words(library, value) if name != b"Description" else value.decode().replace("%%", "\0").replace(
            "%", "<SPECIFIER>").replace("\0", "%")
        if name == b"ExecStart":
            read = [read[0], *(word and expanded(word) for word in read[1:])]
        seen.setdefault(f"{section.decode()}.{name.decode()}", []).append(read)
        return 0

    parse_function = PARSE(parse)

    def lookup(_table, _section, _name, function, _type, _data, _user):
        function[0] = ctypes.cast(parse_function, ctypes.c_void_p)
        return 1

    with tempfile.NamedTemporaryFile("w", suffix=".service", newline="") as file:
        file.write(text)
        file.flush()
        result = library.config_parse(None, file.name.encode(), None, b"Unit\0Service\0\0", LOOKUP(lookup), None, 0,
                                      None, None)
    assert result >= 0, f"systemd cannot read the unit: {result}"
    return seen


def read_env(text):
    library, pairs = systemd(), ctypes.POINTER(ctypes.c_char_p)()
    with tempfile.NamedTemporaryFile("w", newline="") as file:
        file.write(text)
        file.flush()
        result = library.load_env_file_pairs(None, file.name.encode(), ctypes.byref(pairs))
    assert result >= 0, f"systemd cannot read the env file: {result}"
    flat = []
    while pairs and pairs[len(flat)] is not None:
        flat.append(pairs[len(flat)].decode())
    return dict(zip(flat[::2], flat[1::2]))


READERS = {
    "yaml": read_yaml, "json": json.loads, "plist": read_plist, "xml_comment": read_xml_comment, "html": read_html,
    "markdown": read_markdown, "unit": read_unit, "env": read_env,
}

failures = []
for index, document in enumerate(json.load(sys.stdin)):
    try:
        got = READERS[document["format"]](document["text"])
    except Skipped as why:
        skipped.add(str(why))
        continue
    except Exception as error:
        got = f"{type(error).__name__}: {error}"
    if not same(got, document["expected"]):
        failures.append({"index": index, "difference": difference(got, document["expected"])})
json.dump({"failures": failures, "skipped": sorted(skipped)}, sys.stdout)
