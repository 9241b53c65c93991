//! Lines of text with colour and wrapping. Everything put on a page is made safe for a terminal.

use unicode_width::UnicodeWidthStr;

use crate::report::safe;

/// How a piece of text is drawn where there is colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Ink {
    Plain,
    Bold,
    Dim,
    Green,
    Yellow,
    Red,
}

impl Ink {
    /// The colour of a change, by its symbol.
    pub(in crate::report) fn of(symbol: char) -> Self {
        match symbol {
            '+' | '=' => Self::Green,
            '~' => Self::Yellow,
            '-' | '!' => Self::Red,
            _ => Self::Plain,
        }
    }

    fn style(self) -> anstyle::Style {
        let colour = |colour: anstyle::AnsiColor| colour.on_default();
        match self {
            Self::Plain => anstyle::Style::new(),
            Self::Bold => anstyle::Style::new().bold(),
            Self::Dim => anstyle::Style::new().dimmed(),
            Self::Green => colour(anstyle::AnsiColor::Green),
            Self::Yellow => colour(anstyle::AnsiColor::Yellow),
            Self::Red => colour(anstyle::AnsiColor::Red),
        }
    }
}

/// A page being written.
#[derive(Debug)]
pub(in crate::report) struct Page {
    color: bool,
    width: usize,
    column: usize,
    /// Whether the line is empty or ends in a space, colours aside.
    spaced: bool,
    text: String,
}

impl Page {
    /// `width` in columns; 0 for one without end.
    pub(in crate::report) fn new(color: bool, width: usize) -> Self {
        let width = if width == 0 { usize::MAX } else { width.max(30) };
        Self { color, width, column: 0, spaced: true, text: String::new() }
    }

    /// Whether the page is too narrow for columns.
    pub(in crate::report) fn is_narrow(&self) -> bool {
        self.width < 60
    }

    /// Puts text where the line is, as it is.
    pub(in crate::report) fn put(&mut self, ink: Ink, text: &str) -> &mut Self {
        let safe = safe::text(text);
        self.column += safe.width();
        self.spaced = safe.chars().next_back().map_or(self.spaced, |last| last == ' ');
        if self.color && ink != Ink::Plain && !safe.trim().is_empty() {
            let style = ink.style();
            self.text.extend([style.render().to_string(), safe, style.render_reset().to_string()]);
        } else {
            self.text.push_str(&safe);
        }
        self
    }

    /// Moves to a column, by at least one space unless the line is empty.
    pub(in crate::report) fn tab(&mut self, column: usize) -> &mut Self {
        let least = usize::from(self.column > 0);
        let spaces = column.saturating_sub(self.column).max(least);
        self.text.push_str(&" ".repeat(spaces));
        self.column += spaces;
        self.spaced = true;
        self
    }

    /// Puts words, going on to the next line where one does not fit, and starting that at `hang`.
    pub(in crate::report) fn words(&mut self, ink: Ink, hang: usize, text: &str) -> &mut Self {
        self.pieces(ink, hang, safe::text(text).split(' ').filter(|word| !word.is_empty()))
    }

    /// The same with pieces that are not to be torn apart.
    pub(in crate::report) fn pieces<'t>(
        &mut self,
        ink: Ink,
        hang: usize,
        pieces: impl IntoIterator<Item = &'t str>,
    ) -> &mut Self {
        for piece in pieces {
            let piece = safe::text(piece);
            let gap = usize::from(!self.spaced);
            if self.column + gap + piece.width() > self.width && self.column > hang {
                self.end().tab(hang);
            } else if gap > 0 {
                self.text.push(' ');
                self.column += 1;
            }
            self.put(ink, &piece);
        }
        self
    }

    /// Ends the line.
    pub(in crate::report) fn end(&mut self) -> &mut Self {
        while self.text.ends_with(' ') {
            self.text.pop();
        }
        self.text.push('\n');
        self.column = 0;
        self.spaced = true;
        self
    }

    /// What is left of the line.
    pub(in crate::report) fn room(&self) -> usize {
        self.width.saturating_sub(self.column)
    }

    /// The page's text.
    pub(in crate::report) fn finish(self) -> String {
        self.text
    }
}
