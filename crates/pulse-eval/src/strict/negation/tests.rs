//! Denials in sentences, behind names, as values and in headings.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::strict::words::words;

/// `X` is what is asked about, `Y` and `Z` are known, too.
fn denied(text: &str) -> bool {
    let words = words(text);
    let is_name = |at: usize| ["X", "Y", "Z"].contains(&words[at].text);
    let start = words.iter().position(|word| word.text == "X").unwrap();
    stance(&words, start, start + 1, is_name) == Stance::Denied
}

#[test]
fn denials_reach_as_far_as_they_are_meant() {
    let cases = [
        ("no X", true),
        ("There is no evidence of acute X", true),
        ("AFL rather than X", true),
        ("X rather than AFL", false),
        ("no AF, X", false),
        ("no AF, MI or X", true),
        ("no AF, X or MI", true),
        ("no AF but X", false),
        ("No AF. X", false),
        ("not only X but also Y", false),
        ("X, not AF", false),
        ("X and not AF", false),
        ("X", false),
        ("isn't X", true),
    ];
    for (text, expected) in cases {
        assert_eq!(denied(text), expected, "{text}");
    }
}

#[test]
fn denials_behind_are_seen() {
    for text in [
        "X is unlikely",
        "X is not seen",
        "X not seen",
        "X was not present",
        "X isn't there",
        "X does not fit",
        "X can be ruled out",
        "X is ruled out",
        "X is very unlikely",
        "X is less likely",
        "X is wrong",
        "X no longer seen",
        "X or Y is unlikely",
        "X and Y are absent",
        "X/Y: no",
        "X & Y: no",
        "X or Y: no",
        "X and Y: absent",
        "X, Y and Z are not present",
        "X absent, Y present",
    ] {
        assert!(denied(text), "{text}");
    }
    for text in [
        "X",
        "X is likely",
        "X is present",
        "X is not unlikely",
        "X cannot be ruled out",
        "X is not only seen here",
        "X and not Y",
        "X, Y is absent",
        "X/Y: yes",
        "Y absent X present",
        "X and Y absent in no lead",
        "X rather than Y",
        "X negative for Y",
    ] {
        assert!(!denied(text), "{text}");
    }
}

#[test]
fn values_behind_a_mark_are_read() {
    for text in [
        "X: no",
        "X: No, Y: yes",
        "X: no Y: yes",
        "X - absent",
        "X \u{2013} no",
        "X \u{2014} not seen",
        "X = 0, Y = 1",
        "X: negative",
        "X: none",
        "X: false",
        "X (no)",
        "X (absent)",
        "X [no]",
        "X? No.",
        "**X**: No",
        "**X:** no",
        "| X | no | Y | yes |",
        "| X | absent |",
        "{\"X\": false, \"Y\": true}",
        "- X: no\n- Y: yes",
        "X: not present",
        "X: is not present",
        "X: no evidence",
        "X: no signs of it",
        "X: ruled out",
        "X:\nno\n",
    ] {
        assert!(denied(text), "{text}");
    }
    for text in [
        "X: yes",
        "no, X is present",
        "X, no Y",
        "X. No other findings",
        "X: yes, Y: no",
        "Y: no, X: yes",
        "Y: no X: yes",
        "| Y | no | X | yes |",
        "Y: absent, X",
        "X (no Y)",
        "X - no Y",
        "X: no Y",
        "X: no evidence of Y",
        "X: no P waves, irregular",
        "X: not Y",
        "X\n- No other findings",
        "X - no other findings",
        "X: present",
        "X: not only here",
        "{\"Y\": false, \"X\": true}",
    ] {
        assert!(!denied(text), "{text}");
    }
}

#[test]
fn headings_deny_their_lists() {
    for text in [
        "Absent: X",
        "Absent: Y, X and Z",
        "Present: Y. Not present: Z, X",
        "Ruled out: X",
        "Present labels: Y. Absent labels: Z, X",
        "**Negative:** X",
    ] {
        assert!(denied(text), "{text}");
    }
    for text in [
        "Present: X. Absent: Y",
        "Present labels: X. Absent labels: Y",
        "Absent: Y. X",
        "Absent: Y; present: X",
        "Y? No: X",
        "Y: absent\nX: present",
        "Diagnosis: X",
    ] {
        assert!(!denied(text), "{text}");
    }
}
