//! Lines of styled pieces: made safe when they are put together, cut before they are coloured.

use anstyle::{AnsiColor, Style};

use crate::report::safe;

/// What a piece of text means; its colour follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Plain,
    /// Of lesser interest.
    Faint,
    /// Done, available.
    Good,
    /// Under way, or worth a look.
    Busy,
    /// Trouble.
    Bad,
}

impl Tone {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Faint => Style::new().dimmed(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Busy => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default(),
        }
    }

    /// The text in this tone, as it is: it must be safe already.
    pub fn paint(self, safe: &str, color: bool) -> String {
        if !color || self == Self::Plain || safe.is_empty() {
            return safe.to_owned();
        }
        let style = self.style();
        format!("{style}{safe}{style:#}")
    }
}

/// One line for a terminal. Whatever is put into it becomes safe, so nothing that was written by
/// others reaches a terminal as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line(Vec<(Tone, String)>);

impl Line {
    /// An empty line.
    pub fn new() -> Self {
        Self::default()
    }

    /// The line with this text at its end.
    #[must_use]
    pub fn plain(self, text: &str) -> Self {
        self.tone(Tone::Plain, text)
    }

    /// The line with this text in this tone at its end.
    #[must_use]
    pub fn tone(mut self, tone: Tone, text: &str) -> Self {
        self.push(tone, &safe::text(text));
        self
    }

    fn push(&mut self, tone: Tone, safe: &str) {
        match self.0.last_mut() {
            Some((last, text)) if *last == tone => text.push_str(safe),
            _ => self.0.push((tone, safe.to_owned())),
        }
    }

    fn trim_end(&mut self) {
        while let Some((_, text)) = self.0.last_mut() {
            text.truncate(text.trim_end_matches(' ').len());
            if !text.is_empty() {
                break;
            }
            self.0.pop();
        }
    }

    /// The line with all of another one at its end.
    #[must_use]
    pub fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The line broken at spaces into lines of at most so many columns, all but the first
    /// indented. A word that is wider than that stays in one piece, for the terminal to break.
    pub fn wrap(self, columns: usize, indent: usize) -> Vec<Self> {
        let (mut lines, mut line, mut used) = (vec![], Self::new(), 0);
        for (tone, text) in self.0 {
            for word in text.split_inclusive(' ') {
                let wide = safe::width(word.trim_end_matches(' '));
                if used + wide > columns && used > indent {
                    line.trim_end();
                    lines.push(std::mem::take(&mut line));
                    line.push(Tone::Plain, &" ".repeat(indent));
                    used = indent;
                }
                line.push(tone, word);
                used += safe::width(word);
            }
        }
        line.trim_end();
        lines.push(line);
        lines
    }

    /// How many columns it takes.
    pub fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| safe::width(text)).sum()
    }

    /// The line in full, without spaces at its end.
    pub fn paint(&self, color: bool) -> String {
        self.paint_within(usize::MAX, color)
    }

    /// The line cut to so many columns, without spaces at its end.
    pub fn paint_within(&self, columns: usize, color: bool) -> String {
        let mut trimmed = self.clone();
        trimmed.trim_end();
        let fits = trimmed.width() <= columns;
        let mut room = if fits { usize::MAX } else { columns };
        let mut painted = String::new();
        for (tone, text) in &trimmed.0 {
            let wide = safe::width(text);
            if !fits && wide >= room {
                // The piece at the edge carries the ellipsis, even when it would fit itself.
                let marked = format!("{text}…");
                painted.push_str(&tone.paint(&safe::cut(&marked, room), color));
                break;
            }
            room -= wide;
            painted.push_str(&tone.paint(text, color));
        }
        painted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_before_it_is_coloured() {
        let line = Line::new().plain("one ").tone(Tone::Bad, "two ").tone(Tone::Good, "three");
        for (columns, painted) in [
            (80, "one two three"),
            (13, "one two three"),
            (12, "one two thr…"),
            (9, "one two …"),
            (8, "one two…"),
            (7, "one tw…"),
            (4, "one…"),
            (1, "…"),
            (0, ""),
        ] {
            assert_eq!(line.paint_within(columns, false), painted, "{columns}");
            let colored = line.paint_within(columns, true);
            assert_eq!(anstream::adapter::strip_str(&colored).to_string().trim_end(), painted);
        }
        assert_eq!(line.paint(true), "one \u{1b}[31mtwo \u{1b}[0m\u{1b}[32mthree\u{1b}[0m");
    }

    #[test]
    fn a_line_is_broken_at_spaces_and_goes_on_indented() {
        let line = Line::new().plain("  aa bbb ").tone(Tone::Bad, "cccc dd").plain("ee f");
        for (columns, wrapped) in [
            (80, vec!["  aa bbb cccc ddee f"]),
            (20, vec!["  aa bbb cccc ddee f"]),
            (19, vec!["  aa bbb cccc ddee", "    f"]),
            (9, vec!["  aa bbb", "    cccc", "    ddee", "    f"]),
            (3, vec!["  aa", "    bbb", "    cccc", "    dd", "    ee", "    f"]),
        ] {
            let lines: Vec<_> =
                line.clone().wrap(columns, 4).iter().map(|line| line.paint(false)).collect();
            assert_eq!(lines, wrapped, "{columns}");
        }
    }

    #[test]
    fn what_others_wrote_is_safe_in_a_line() {
        let line = Line::new().plain("a\u{1b}[2J").tone(Tone::Bad, "b\n");
        assert_eq!(line.paint(false), r"a\u{1b}[2Jb");
    }
}
