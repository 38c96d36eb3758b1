"""Files that attack, mislead or are merely broken: made when needed, none of them kept here."""
