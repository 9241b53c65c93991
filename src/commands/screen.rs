//! How this run is shown, decided once.

use std::env;
use std::io::{self, IsTerminal};

use serde_json::Value;

use super::out;
use crate::cli::{Color, Common, Output};
use crate::report::Reporter;
use crate::report::jsonl::Jsonl;
use crate::report::mode::{
    ColorChoice, ColorHints, Mode, Surroundings, resolve_color, resolve_mode,
};
use crate::report::paint::{Line, Tone};
use crate::report::plain::Plain;
use crate::report::summary;
use crate::report::tty::Tty;
use crate::report::words;

/// How this run is shown.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about the run")]
pub(super) struct Screen {
    pub(super) output: Output,
    pub(super) stdout_color: bool,
    pub(super) stderr_color: bool,
    /// Columns of stdout's terminal; `None` on a pipe, where lines stay whole.
    pub(super) columns: Option<usize>,
    /// Whether everything happens in the sandbox.
    pub(super) sandbox: bool,
    mode: Mode,
    verbose: bool,
}

impl Screen {
    pub(super) fn new(common: &Common, sandbox: bool) -> Self {
        let var = |name: &str| env::var(name).ok();
        let (term, ci) = (var("TERM"), var("CI"));
        let (no_color, clicolor_force) = (var("NO_COLOR"), var("CLICOLOR_FORCE"));
        let choice = match common.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        let color = |is_terminal| {
            resolve_color(&ColorHints {
                choice,
                is_terminal,
                term: term.as_deref(),
                no_color: no_color.as_deref(),
                clicolor_force: clicolor_force.as_deref(),
            })
        };
        let mode = resolve_mode(&Surroundings {
            stderr_is_terminal: io::stderr().is_terminal(),
            term: term.as_deref(),
            ci: ci.as_deref(),
            quiet: common.quiet,
        });
        Self {
            output: common.output.output(),
            stdout_color: color(io::stdout().is_terminal()),
            stderr_color: color(io::stderr().is_terminal()),
            columns: terminal_size::terminal_size_of(io::stdout())
                .map(|(width, _)| usize::from(width.0)),
            sandbox,
            mode,
            verbose: common.verbose,
        }
    }

    /// Writes data for people to stdout; what comes out of the sandbox says so.
    pub(super) fn text(&self, text: &str) {
        if self.sandbox {
            let line = Line::new().tone(Tone::Busy, words::SANDBOX).paint(self.stdout_color);
            out::stdout(&format!("{line}\n"));
        }
        out::stdout(text);
    }

    /// Writes a document to stdout; every one says whether it comes out of the sandbox.
    pub(super) fn json(&self, mut document: Value) {
        document["sandbox"] = self.sandbox.into();
        out::json(&document);
    }

    /// How the summary is written.
    pub(super) fn summary(&self) -> summary::Options {
        summary::Options { color: self.stdout_color, verbose: self.verbose, columns: self.columns }
    }

    /// The reporters of this run: people watch stderr, machines read events on stdout.
    pub(super) fn reporter(&self) -> Box<dyn Reporter> {
        let mut reporters: Vec<Box<dyn Reporter>> = Vec::new();
        match self.mode {
            Mode::Tty => reporters.push(Box::new(Tty::stderr(self.stderr_color, self.verbose))),
            Mode::Plain => {
                let plain = Plain::new(io::stderr(), self.stderr_color, self.verbose);
                reporters.push(Box::new(plain));
            }
            Mode::Quiet => {}
        }
        if self.output == Output::Jsonl {
            reporters.push(Box::new(Jsonl::new(io::stdout())));
        }
        Box::new(reporters)
    }
}
