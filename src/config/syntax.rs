//! What TOML's parser has to say, in words for somebody who does not know TOML: one problem per
//! line, and none that only follows from another.

use std::collections::BTreeSet;

use super::problem::{Problem, Span};

/// The syntax errors of a file.
#[derive(Debug, Default)]
pub(super) struct Syntax {
    /// One per line, in the order of the file.
    pub(super) problems: Vec<Problem>,
    /// Where the lines begin that have one.
    broken_lines: BTreeSet<usize>,
    /// Where the rest of the file became part of something that was not closed.
    lost_at: Option<usize>,
}

impl Syntax {
    /// Orders, translates and thins out the parser's errors.
    pub(super) fn new(errors: &[toml::de::Error], source: &str) -> Self {
        let mut errors: Vec<(Span, &str)> = errors
            .iter()
            .map(|error| (error.span().unwrap_or(source.len()..source.len()), error.message()))
            .collect();
        errors.sort_by_key(|(span, _)| (span.start, span.end));
        let mut syntax = Self::default();
        for (span, message) in errors {
            let line = line_start(source, span.start);
            if !syntax.broken_lines.insert(line) {
                continue;
            }
            if swallows_the_file(message, source, &span) {
                syntax.lost_at = Some(span.start);
                syntax.problems.push(Problem::at(
                    span,
                    "a list above this line is not closed",
                    "put `]` behind its last item",
                ));
                break;
            }
            syntax.problems.push(translated(span, message, source));
        }
        syntax
    }

    /// Whether this problem may only follow from a syntax error: it is on the same line or after
    /// the point where the file was lost, or it is that something is not there.
    pub(super) fn may_cause(&self, problem: &Problem, source: &str) -> bool {
        let may_be_hit = |span: &Span| {
            self.lost_at.is_some_and(|at| span.start >= at)
                || self.broken_lines.contains(&line_start(source, span.start))
        };
        problem.span.as_ref().is_some_and(may_be_hit)
            || problem.absence && !self.problems.is_empty()
    }
}

/// Where the line of this place begins.
fn line_start(source: &str, at: usize) -> usize {
    let above = source.as_bytes().get(..at).unwrap_or(source.as_bytes());
    above.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1)
}

/// In a list that is not closed, the keys and tables that follow it are taken for its items.
fn swallows_the_file(message: &str, source: &str, span: &Span) -> bool {
    let start = line_start(source, span.start);
    let Some(before) = source.get(start..span.start) else { return false };
    let line = source[start..].lines().next().unwrap_or_default().trim_start();
    let is_key = line.split_once('=').is_some_and(|(key, _)| {
        key.trim_end().bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
    });
    message.starts_with("missing comma between array elements")
        && before.trim().is_empty()
        && (is_key || line.starts_with('['))
}

fn translated(span: Span, message: &str, source: &str) -> Problem {
    let text = source.get(span.clone()).unwrap_or_default();
    let start = line_start(source, span.start);
    let line = source.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    // The parser points at the zero alone.
    if message.starts_with("unexpected leading zero") && has_bare_account_id(line) {
        return Problem::at(
            span,
            "an account id must be in quotes",
            "write \"012345678901\"; without quotes it is a number, and a number has no leading zeros",
        );
    }
    let (title, help) = if message.starts_with("string values must be quoted") && text.is_empty() {
        ("a value is missing".to_owned(), "write one behind the `=`".to_owned())
    } else if message.starts_with("string values must be quoted") {
        ("text must be in quotes".to_owned(), format!("write \"{text}\""))
    } else if message == "duplicate key" {
        (
            format!("`{text}` is there already"),
            "remove one of the two, or put both into one table".to_owned(),
        )
    } else if message.starts_with("cannot extend value") {
        (
            format!("`{text}` is there already, and is not a table"),
            "remove one of the two".to_owned(),
        )
    } else if message.ends_with("expected `\"`") || message.ends_with("expected `'`") {
        ("a text is not closed".to_owned(), "put the closing quote behind it".to_owned())
    } else {
        (
            message.to_owned(),
            "text goes in quotes, lists in [ ], inline tables in { }; see https://toml.io"
                .to_owned(),
        )
    };
    Problem::at(span, title, help)
}

fn has_bare_account_id(line: &str) -> bool {
    line.split(|c: char| !c.is_ascii_alphanumeric() && c != '"' && c != '\'')
        .any(|word| word.len() == 12 && word.bytes().all(|byte| byte.is_ascii_digit()))
}
