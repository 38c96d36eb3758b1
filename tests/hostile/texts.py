"""Text that is no list, or a list that means harm."""

from __future__ import annotations

import gzip
import json
import sqlite3
from pathlib import Path

from tests.hostile.case import Case, holding
from tests.hostile.workbooks import ANN, parts, sheet, zipped

ANNS = "ann.hostile@example.org"
GOOD = f"Email,First name\n{ANNS},Ann\n"
NOT_VALID = "email address is not valid"
_BOOK = zipped(parts(sheet(ANN)))
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4_000)
_PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
_PROGRAM = b"MZ\x90\0\3\0\0\0" + bytes(range(256)) * 40


def _sparse(start: bytes, size: int) -> object:
    def make(path: Path) -> None:
        with path.open("wb") as file:
            file.write(start)
            file.truncate(size)

    return make


def _long_line(path: Path) -> None:
    """400 MB in one line; of letters where it is read first, of nothing after."""
    with path.open("wb") as file:
        file.write(GOOD.encode() + b"x" * 1_000_000)
        file.truncate(400_000_000)


def _long_row(path: Path) -> None:
    """Thirty million cells in one line."""
    with path.open("wb") as file:
        file.write(GOOD.encode())
        for _ in range(30):
            file.write(b"," * 1_000_000)


def _long_record(path: Path) -> None:
    """One row of cells that each go over two lines."""
    with path.open("wb") as file:
        file.write(GOOD.encode() + b'"a\n"')
        for _ in range(40):
            file.write(b',"a\n"' * 100_000)


def _wide_and_blank(path: Path) -> None:
    """As Excel saves a sheet with a mark in its last column: 16,000 empty cells in each row."""
    with path.open("w") as file:
        file.write("Email" + "," * 16_000 + "\n")
        file.writelines(f"p{n}.hostile@example.org" + "," * 16_000 + "\n" for n in range(600))


def _database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE person (email TEXT)")
        connection.execute("INSERT INTO person VALUES (?)", (ANNS,))
    connection.close()


def _unclosed(path: Path) -> None:
    with path.open("w") as file:
        file.write(f'Email,First name\n{ANNS},"Ann\n')
        file.writelines(f"p{n}@example.org,P\n" for n in range(60_000))


CASES = (
    Case("an honest list", "honest.csv", holding(GOOD), accepted=1),
    Case("nothing at all", "empty.csv", holding(b""), "empty"),
    Case("only spaces", "spaces.csv", holding(" \n\t\n  \r\n" * 500), "empty"),
    Case("only commas", "commas.csv", holding(",,,\n" * 500), "empty"),
    Case("only a mark of UTF-8", "mark.csv", holding(b"\xef\xbb\xbf"), "empty"),
    Case("only headings", "headings.csv", holding("Email,First name\n")),
    Case("no headings", "none.csv", holding(f"{ANNS},Ann\nbo@example.org,Bo\n"), "headings above it"),
    Case("a heading twice", "twice.csv", holding(f"Email,E-mail\n{ANNS},{ANNS}\n"), "both mean email"),
    Case("the same list twice over, headings and all", "again.csv", holding(GOOD + GOOD), accepted=2, reasons={NOT_VALID: 1}),
    Case("300 columns", "wide.csv", holding("Email" + ",x" * 299 + "\n" + ANNS + ",y" * 299 + "\n"), "300 columns"),
    Case("rows of every length", "ragged.csv", holding(f"Email,First name,Last name\n{ANNS}\nbo.hostile@example.org,Bo,Li,x\n,,,,\ncy.hostile@example.org,Cy,,,,\n"), accepted=2, reasons={"more cells than headings": 1}),
    Case("400 MB in one line", "line.csv", _long_line, "32,767 characters"),
    Case("400 MB of nothing", "nothing.csv", _sparse(b"Email\n", 400_000_000), "32,767 characters"),
    Case("thirty million cells in one line", "cells.csv", _long_row, "columns"),
    Case("one row over four million lines", "record.csv", _long_record, "32,767 characters"),
    Case("rows of 16,000 cells, nearly all empty", "blank.csv", _wide_and_blank, accepted=600),
    Case("a quotation mark that is never closed", "unclosed.csv", _unclosed, "32,767 characters"),
    Case("NUL in headings and cells", "nul.csv", holding(f"E\0mail,First name\n{ANNS},A\0nn\n"), accepted=1),
    Case("lone surrogates in UTF-16", "lone16.csv", holding(b"\xff\xfe" + GOOD.encode("utf-16-le") + b"\x00\xd8\x41\x00"), "text is damaged"),
    Case("half a letter in UTF-16", "half.csv", holding(b"\xff\xfe" + GOOD.encode("utf-16-le") + b"\x41"), "text is damaged"),
    Case("UTF-32", "utf32.csv", holding(GOOD, "utf-32"), "UTF-8"),
    Case("UTF-7", "utf7.csv", holding("Email,First name\n+AGE-nn@example.org,+ADw-script+AD4-\n"), accepted=1),
    Case("two encodings", "mixed.csv", holding(b"Email,First name\n" + "a@example.org,Zoë\n".encode() + "b@example.org,Zoë\n".encode("cp1252")), "two encodings"),
    Case("letters of no encoding", "noise.csv", holding(b"Email,First name\n" + ANNS.encode() + b",\x81\x8d\x8f\x90\x9d\n"), "letters cannot be read"),
    Case("a mark in the middle", "middle.csv", holding(f"Email,First name\n\ufeff{ANNS},\ufeffAnn\n"), accepted=1),
    Case("lines that end as they did on old Macs", "mac.csv", holding(GOOD.replace("\n", "\r")), accepted=1),
    Case("three kinds of line end", "ends.csv", holding(f"Email,First name\r\n{ANNS},Ann\rbo.hostile@example.org,Bo\n"), accepted=2),
    Case("letters that turn or hide, in headings", "bidi.csv", holding(f"\u202eEm\u200bail\u202c,\u2066First\u00a0name\u2069\n{ANNS},\u202eAnn\n"), accepted=1),
    Case("formulas", "formulas.csv", holding(f"Email,First name\n=cmd|'/c calc'!A1,Bo\n{ANNS},\"=HYPERLINK(\"\"http://127.0.0.1\"\")\"\n"), accepted=1, reasons={NOT_VALID: 1}),
    Case("a cell of 32,767 letters and one more", "cell.csv", holding(f"Email,First name\n{ANNS},{'x' * 32_768}\n"), "32,767 characters"),
    Case("a heading of 30,000 letters", "heading.csv", holding(f"Email,{'x' * 30_000}\n{ANNS},1\n"), accepted=1),
    Case("ethnicity", "special1.csv", holding(f"Email,Ethnicity\n{ANNS},secret\n"), "special-category"),
    Case("ethnicity behind letters that hide", "special2.csv", holding(f"Email,Eth\u200bnic\u00ad Origin\n{ANNS},secret\n"), "special-category"),
    Case("ethnicity in a question", "special3.csv", holding(f"Email,How would you describe your ethnic group?\n{ANNS},secret\n"), "special-category"),
    Case("belief, in a workbook's old capitals", "special4.csv", holding(f"Email,RELIGION_OR_BELIEF\n{ANNS},secret\n"), "special-category"),
    Case("disability", "special5.csv", holding(f"Email,Do you consider yourself disabled?\n{ANNS},secret\n"), "special-category"),
    Case("a workbook by the name of text", "book.csv", holding(_BOOK), "an Excel workbook (XLSX)"),
    Case("a workbook by the name of tabs", "book.tsv", holding(_BOOK), "an Excel workbook (XLSX)"),
    Case("text by the name of a workbook", "text.xlsx", holding(GOOD), "this is plain text"),
    Case("a web page by the name of a workbook", "page.xlsx", holding("<html><table>"), "a document or web page"),
    Case("an old workbook by the name of a new one", "old.xlsx", holding(_OLD_EXCEL), "old Excel workbook"),
    Case("an old workbook by the name of text", "old.csv", holding(_OLD_EXCEL), "old Excel workbook"),
    Case("a document in a zip by the name of a workbook", "letter.xlsx", holding(zipped({"word/document.xml": b"<x/>", "[Content_Types].xml": b"<x/>"})), "a zip and no workbook"),
    Case("an OpenDocument sheet by the name of a workbook", "open.xlsx", holding(zipped({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<x/>"})), "an ODS workbook"),
    Case("a PDF by the name of text", "pdf.csv", holding(b"%PDF-1.7\n" + bytes(range(256))), "a document or web page"),
    Case("a web page by the name of text", "page.csv", holding("\n <!DOCTYPE html><title>x</title>"), "a document or web page"),
    Case("a program by the name of text", "program.csv", holding(_PROGRAM), "letters cannot be read"),
    Case("a picture by the name of text", "picture.csv", holding(_PICTURE), "this is packed, or a picture"),
    Case("gzip by the name of text", "gzip.csv", holding(gzip.compress(GOOD.encode() * 50)), "this is packed, or a picture"),
    Case("a database by the name of text", "database.csv", _database, "headings above it"),
    Case("JSON by the name of text", "json.csv", holding(json.dumps([{"email": ANNS}] * 3)), "this is JSON"),
    Case("an ending that is not read", "list.exe", holding(_PROGRAM), "cannot be read"),
    Case("two endings", "list.csv.exe", holding(GOOD), "cannot be read"),
    Case("no ending", "list", holding(GOOD), "cannot be read"),
)  # fmt: skip
