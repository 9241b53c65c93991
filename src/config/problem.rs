//! What is wrong with a file: every problem at once, each with its place and what to do about it.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;

use annotate_snippets::{
    AnnotationKind, Group, Level, Origin, Renderer, Snippet, normalize_untrusted_str,
};

use super::syntax::Syntax;

/// A place in the file, in bytes.
pub(super) type Span = Range<usize>;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// Where; `None` where it is about the whole file.
    pub(super) span: Option<Span>,
    /// What is wrong, in one line.
    pub(super) title: String,
    /// What to do about it.
    pub(super) help: String,
    /// Another place it has to do with, and how.
    related: Option<(Span, &'static str)>,
    /// Whether it is that something is not there. After a syntax error that proves nothing.
    pub(super) absence: bool,
}

impl Problem {
    /// A problem at a place.
    pub(super) fn at(span: Span, title: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            span: Some(span),
            title: title.into(),
            help: help.into(),
            related: None,
            absence: false,
        }
    }

    /// A problem of the whole file.
    pub(super) fn of_file(title: impl Into<String>, help: impl Into<String>) -> Self {
        Self { span: None, ..Self::at(0..0, title, help) }
    }

    /// Something that is not there and should be.
    pub(super) fn missing(
        span: Option<Span>,
        title: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self { span, absence: true, ..Self::of_file(title, help) }
    }

    /// Points at another place as well.
    pub(super) fn with_related(self, span: Span, label: &'static str) -> Self {
        Self { related: Some((span, label)), ..self }
    }
}

/// Collects problems while a file is read. Readers share it and none of them stops at the first.
#[derive(Debug, Default)]
pub(super) struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    /// Adds one.
    pub(super) fn push(&self, problem: Problem) {
        self.0.borrow_mut().push(problem);
    }

    /// All of them and the syntax errors, in the order of the file. What may only follow from a
    /// syntax error is left out: the cure for the one may cure the other.
    pub(super) fn into_sorted(self, syntax: Syntax, source: &str) -> Vec<Problem> {
        let mut all: Vec<_> = self.0.into_inner();
        all.retain(|problem| !syntax.may_cause(problem, source));
        all.extend(syntax.problems);
        all.sort_by_key(|problem| problem.span.clone().map(|span| (span.start, span.end)));
        all.dedup();
        all
    }
}

/// Everything that is wrong with a file.
#[derive(Debug, Clone)]
pub struct ConfigError {
    path: String,
    source: String,
    problems: Vec<Problem>,
}

impl ConfigError {
    pub(super) fn new(path: String, source: String, problems: Vec<Problem>) -> Self {
        Self { path, source, problems }
    }

    /// How many problems there are; at least one.
    pub fn count(&self) -> usize {
        self.problems.len()
    }

    /// All problems as rustc shows its own: file, line and column, the source line with the place
    /// underlined, and what to do about it. Control characters of the file are made visible.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let lines: Vec<usize> = self.source.match_indices('\n').map(|(at, _)| at + 1).collect();
        let mut text = String::new();
        for problem in &self.problems {
            text.push_str(&renderer.render(&[self.group(problem, &lines)]));
            text.push_str("\n\n");
        }
        if let [_, _, ..] = self.problems.as_slice() {
            let path = normalize_untrusted_str(&self.path);
            let total = format!("{} problems in {path}", self.problems.len());
            text.push_str(
                &renderer.render(&[Group::with_title(Level::ERROR.primary_title(total))]),
            );
        }
        text.trim_end().to_owned()
    }

    /// One problem. The renderer is given no more than the lines it shows: it reads all it is given,
    /// and there may be as many problems as lines. `lines` is where each but the first begins.
    fn group<'a>(&'a self, problem: &'a Problem, lines: &[usize]) -> Group<'a> {
        let title = Level::ERROR.primary_title(normalize_untrusted_str(&problem.title));
        let help = Level::HELP.message(normalize_help(&problem.help));
        let Some(span) = &problem.span else {
            return title.element(Origin::path(&self.path)).element(help);
        };
        let primary = within_line(&self.source, span);
        let related =
            problem.related.as_ref().map(|(span, label)| (within_line(&self.source, span), label));
        let first =
            related.as_ref().map_or(primary.start, |(span, _)| span.start.min(primary.start));
        let last = related.as_ref().map_or(primary.end, |(span, _)| span.end.max(primary.end));
        let number = lines.partition_point(|begin| *begin <= first);
        let from = if number == 0 { 0 } else { lines[number - 1] };
        let to = self.source[last..].find('\n').map_or(self.source.len(), |at| last + at);
        let within = |span: Span| span.start - from..span.end - from;
        title
            .element(
                Snippet::source(&self.source[from..to])
                    .line_start(number + 1)
                    .path(&self.path)
                    .annotation(AnnotationKind::Primary.span(within(primary)))
                    .annotations(related.map(|(span, label)| {
                        AnnotationKind::Context.span(within(span)).label(*label)
                    })),
            )
            .element(help)
    }
}

/// Help may have several lines of its own, but nothing else that moves the cursor.
fn normalize_help(help: &str) -> String {
    help.lines().map(normalize_untrusted_str).collect::<Vec<_>>().join("\n")
}

fn start_in(source: &str, span: &Span) -> usize {
    (0..=span.start.min(source.len())).rev().find(|at| source.is_char_boundary(*at)).unwrap_or(0)
}

/// The part of a span on its first line, on character boundaries and never empty of meaning: an
/// unclosed string would otherwise underline the rest of the file.
fn within_line(source: &str, span: &Span) -> Span {
    let start = start_in(source, span);
    let line_end = source[start..].find(['\n', '\r']).map_or(source.len(), |at| start + at);
    let end = span.end.clamp(start, line_end);
    let end = (end..=line_end).find(|at| source.is_char_boundary(*at)).unwrap_or(line_end);
    start..end
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for ConfigError {}

/// The candidate that was probably meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_outside_the_text_or_inside_a_character_is_moved_to_one_that_can_be_shown() {
        let source = "a = \"é\nrest\"\n";
        for (span, shown) in [(4..12, 4..7), (6..6, 5..7), (90..95, 14..14), (4..6, 4..7)] {
            assert_eq!(within_line(source, &span), shown, "{span:?}");
        }
    }

    #[test]
    fn the_nearest_name_is_near_or_none() {
        let names = ["eu-west-1", "eu-west-2", "us-west-1"];
        assert_eq!(nearest("eu-wset-1", names), Some("eu-west-1"));
        assert_eq!(nearest("atlantis", names), None);
    }
}
