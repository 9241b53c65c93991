//! Text written by others (account names, tags, AWS's messages), made safe for a terminal and for one
//! cell of a table. Nothing is lost from view: what cannot be shown as it is becomes visible, as
//! `\u{1b}`. Machines get the exact text, see [`json`].

use serde::Serialize;
use unicode_width::UnicodeWidthChar;

/// Marks that may stand on one letter. Scripts need up to four; a pile of hundreds covers the lines
/// above and below.
const MARKS_PER_LETTER: usize = 4;

/// The text on one line, without anything that a terminal would obey rather than show: controls and
/// escape sequences, bidirectional overrides, invisible and unassigned characters are written as
/// `\u{..}`; white space of every kind becomes a space. Applying it twice changes nothing more.
pub fn text(untrusted: &str) -> String {
    let mut safe = String::with_capacity(untrusted.len());
    let mut marks = MARKS_PER_LETTER;
    for c in untrusted.chars() {
        if c.is_whitespace() {
            safe.push(' ');
            marks = MARKS_PER_LETTER;
        } else if !is_printable(c) {
            safe.extend(c.escape_unicode());
            marks = 0;
        } else if c.width() == Some(0) {
            // Marks without a letter would stand on a neighbour's text. A variation selector
            // only picks a drawing, and not every terminal agrees how wide that is.
            if marks < MARKS_PER_LETTER && !matches!(c, '\u{fe00}'..='\u{fe0f}') {
                safe.push(c);
                marks += 1;
            }
        } else {
            safe.push(c);
            marks = 0;
        }
    }
    safe
}

/// Whether Unicode calls the character printable: the standard library's own table, as `{:?}` uses
/// it. It has no function of its own, but a printable character comes out of `escape_debug` as it is.
fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_graphic();
    }
    // Marks are escaped only at the start of a text.
    let mut bytes = [b'x'; 5];
    let end = 1 + c.encode_utf8(&mut bytes[1..]).len();
    std::str::from_utf8(&bytes[..end]).is_ok_and(|text| text.escape_debug().nth(1) == Some(c))
}

/// How many columns a safe text takes. Characters are counted one by one, so that a terminal which
/// joins them takes fewer and never more.
pub fn width(safe: &str) -> usize {
    safe.chars().filter_map(UnicodeWidthChar::width).sum()
}

/// The text made safe and exactly `columns` wide: padded with spaces, or cut with an ellipsis.
pub fn fit(untrusted: &str, columns: usize) -> String {
    pad(&cut(&text(untrusted), columns), columns)
}

/// The text made safe and at least `columns` wide: padded with spaces, never cut.
pub fn pad(untrusted: &str, columns: usize) -> String {
    let mut padded = text(untrusted);
    padded.extend(std::iter::repeat_n(' ', columns.saturating_sub(width(&padded))));
    padded
}

/// A safe text of at most this many columns, cut with an ellipsis.
pub fn cut(safe: &str, columns: usize) -> String {
    if width(safe) <= columns {
        return safe.to_owned();
    }
    let mut room = columns.saturating_sub(1);
    let mut short: String = safe
        .chars()
        .take_while(|c| {
            let wide = c.width().unwrap_or(0);
            let fits = wide <= room;
            room = room.saturating_sub(wide);
            fits
        })
        .collect();
    if columns > 0 {
        short.push('…');
    }
    short
}

/// One line of JSON with the exact text: what a terminal would obey is written as `\u001b`, which
/// every reader of JSON turns back.
///
/// # Errors
/// When the value cannot be JSON, such as a map with keys that are not text.
pub fn json(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string(value).map(escape)
}

/// As [`json`], indented for people.
///
/// # Errors
/// As [`json`].
pub fn json_pretty(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string_pretty(value).map(escape)
}

/// Outside of its strings JSON is ASCII, so every other character can be escaped where it stands.
fn escape(json: String) -> String {
    let harmless = |c: char| c == '\n' || c == ' ' || is_printable(c);
    if json.chars().all(harmless) {
        return json;
    }
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if harmless(c) {
            escaped.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            escaped.extend(["\\u", &format!("{unit:04x}")]);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_terminal_would_obey_becomes_visible() {
        for (nasty, safe) in [
            ("plain name", "plain name"),
            (r#"it's "quoted" \ and <b>"#, r#"it's "quoted" \ and <b>"#),
            ("Überwachung für 東京", "Überwachung für 東京"),
            ("\u{1b}]0;title\u{7}", r"\u{1b}]0;title\u{7}"),
            ("\u{1b}[31mred\u{1b}[0m", r"\u{1b}[31mred\u{1b}[0m"),
            ("\u{1b}]8;;http://x\u{1b}\\link", r"\u{1b}]8;;http://x\u{1b}\link"),
            ("\u{9b}2J\u{9d}\u{7f}\u{0}", r"\u{9b}2J\u{9d}\u{7f}\u{0}"),
            ("two\r\nlines\tand\u{2028}more\u{85}", "two  lines and more "),
            ("\u{202e}gnp.exe\u{2066}", r"\u{202e}gnp.exe\u{2066}"),
            ("pay\u{200b}roll\u{feff}\u{ad}", r"pay\u{200b}roll\u{feff}\u{ad}"),
            ("tag\u{e0041}", r"tag\u{e0041}"),
            ("no\u{a0}break\u{3000}wide", "no break wide"),
            ("👩\u{200d}💻 ❤\u{fe0f}", r"👩\u{200d}💻 ❤"),
            ("e\u{301} ok", "e\u{301} ok"),
            ("\u{301}no letter", "no letter"),
            ("private \u{e000} unassigned \u{378}", r"private \u{e000} unassigned \u{378}"),
        ] {
            assert_eq!(text(nasty), safe, "{nasty:?}");
        }
    }

    #[test]
    fn a_pile_of_marks_does_not_reach_the_neighbouring_lines() {
        let pile = format!("a{}b", "\u{301}".repeat(100));
        assert_eq!(text(&pile), format!("a{}b", "\u{301}".repeat(MARKS_PER_LETTER)));
    }

    #[test]
    fn a_cell_has_exactly_its_width() {
        for (content, columns, cell) in [
            ("staging", 10, "staging   "),
            ("staging", 7, "staging"),
            ("staging-01", 7, "stagin…"),
            ("東京本社", 8, "東京本社"),
            ("東京本社", 7, "東京本…"),
            ("東京本社", 6, "東京… "),
            ("e\u{301}te\u{301}s", 2, "e\u{301}…"),
            ("\u{1b}[1mx", 8, r"\u{1b}[…"),
            ("x", 0, ""),
            ("xy", 1, "…"),
        ] {
            assert_eq!(fit(content, columns), cell, "{content:?} in {columns}");
        }
    }

    #[test]
    fn json_keeps_the_exact_text_and_has_nothing_to_obey() {
        let nasty = "\u{1b}[2J\u{9b}31m\u{202e}\u{7f}\u{e0041} 東京 \"\\\n";
        for json in [json(&nasty).unwrap(), json_pretty(&nasty).unwrap()] {
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), nasty);
            assert_eq!(text(&json), json);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_safe_once_and_for_all(any in any::<String>(), columns in 0..50_usize) {
            let safe = text(&any);
            prop_assert_eq!(text(&safe), safe.clone());
            prop_assert!(!safe.chars().any(char::is_control));
            prop_assert_eq!(width(&fit(&any, columns)), columns);
            prop_assert!(!fit(&any, columns).contains('\n'));
        }
    }
}
