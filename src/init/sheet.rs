//! Lines of TOML: text of others can neither leave a comment nor a string.

use std::fmt::Write as _;

use crate::report::safe;

/// Where comments wrap.
const WIDTH: usize = 100;

/// A file in the making.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    text: String,
}

impl Sheet {
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// A line of TOML, as it is.
    pub(super) fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// An empty line, and the head of a table.
    pub(super) fn table(&mut self, head: &str) {
        self.line("");
        self.line(head);
    }

    /// A comment, made safe and wrapped.
    pub(super) fn comment(&mut self, comment: &str) {
        self.wrapped("", comment);
    }

    /// The same, indented, inside a list.
    pub(super) fn inner(&mut self, comment: &str) {
        self.wrapped("  ", comment);
    }

    /// A line with a comment behind it.
    pub(super) fn aside(&mut self, line: &str, comment: &str) {
        let comment = safe::text(comment);
        self.line(&if comment.is_empty() {
            line.to_owned()
        } else {
            format!("{line} # {comment}")
        });
    }

    fn wrapped(&mut self, indent: &str, comment: &str) {
        let mut line = String::new();
        for word in safe::text(comment).split(' ').filter(|word| !word.is_empty()) {
            if !line.is_empty() && safe::width(&line) + safe::width(word) + 3 + indent.len() > WIDTH
            {
                self.line(&format!("{indent}# {line}"));
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        if !line.is_empty() {
            self.line(&format!("{indent}# {line}"));
        }
    }
}

/// A basic string: on one line, and whatever is not plainly visible escaped.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' ' => quoted.push(c),
            _ if c.is_ascii_graphic() || (!c.is_ascii() && c.is_alphanumeric()) => quoted.push(c),
            // Writing to a string cannot fail.
            _ => drop(write!(quoted, "\\U{:08X}", u32::from(c))),
        }
    }
    quoted.push('"');
    quoted
}

/// A list of strings on one line.
pub(super) fn list<T: AsRef<str>>(items: &[T]) -> String {
    let items: Vec<_> = items.iter().map(|item| quoted(item.as_ref())).collect();
    format!("[{}]", items.join(", "))
}

/// A key, bare where TOML allows it.
pub(super) fn key(key: &str) -> String {
    let is_bare = !key.is_empty()
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if is_bare { key.to_owned() } else { quoted(key) }
}

/// A pattern that matches this text and no other.
pub(super) fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if "*?[]{}\\!,".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::spec::Glob;

    /// What people, and those who mean harm, put into names.
    const NASTY: [&str; 12] = [
        "plain",
        "a\nrole = \"evil\"",
        "a\r\n[endpoints.kms]",
        "\"quoted\"",
        "back\\slash",
        "\u{1b}[2Jgone",
        "\u{202e}txt",
        "tab\tbed\u{0}",
        "*?[a-z]{b,c}!",
        "Ünïcödé 日本",
        "'''\n\"\"\"",
        "# not a comment",
    ];

    #[test]
    fn a_string_comes_back_as_it_was() {
        for text in NASTY {
            let line = format!("{} = {}", key(text), quoted(text));
            assert_eq!(line.lines().count(), 1);
            let table: toml::Table = line.parse().unwrap();
            assert_eq!(table[text].as_str(), Some(text), "{line}");
        }
    }

    #[test]
    fn a_comment_stays_a_comment() {
        for text in NASTY.into_iter().chain([NASTY.join(" ").repeat(20).as_str()]) {
            let mut sheet = Sheet::default();
            sheet.comment(text);
            let written = sheet.into_text();
            assert!(written.parse::<toml::Table>().unwrap().is_empty(), "{written}");
            assert!(written.lines().all(|line| line.starts_with("# ")), "{written}");
        }
    }

    #[test]
    fn a_literal_pattern_matches_its_text_alone() {
        for text in NASTY {
            let glob = Glob::new(&literal(text)).unwrap();
            assert!(glob.matches(text), "{text}");
            assert!(!glob.matches(&format!("{text}x")) && !glob.matches(&format!("x{text}")));
        }
        assert!(!Glob::new(&literal("*")).unwrap().matches("a"));
    }
}
