//! How a run is shown, decided once and from arguments alone.

/// How progress is shown on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A live area that is redrawn.
    Tty,
    /// A line per finished target and a heartbeat.
    Plain,
    /// Not at all; the summary still says what went wrong.
    Quiet,
}

/// What standard error is, and what was asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Surroundings<'a> {
    /// Standard error is a terminal.
    pub stderr_is_terminal: bool,
    /// `TERM`
    pub term: Option<&'a str>,
    /// `CI`: systems that give their jobs a terminal keep what it shows as a log.
    pub ci: Option<&'a str>,
    /// `--quiet`
    pub quiet: bool,
}

/// | `--quiet` | terminal | `TERM`          | `CI`          | mode  |
/// |-----------|----------|-----------------|---------------|-------|
/// | yes       | any      | any             | any           | Quiet |
/// | no        | no       | any             | any           | Plain |
/// | no        | yes      | `dumb` or unset | any           | Plain |
/// | no        | yes      | another         | set           | Plain |
/// | no        | yes      | another         | unset, `false`| Tty   |
pub fn resolve_mode(around: &Surroundings<'_>) -> Mode {
    let is_ci = around.ci.is_some_and(|ci| !ci.is_empty() && ci != "false");
    if around.quiet {
        Mode::Quiet
    } else if around.stderr_is_terminal && understands_escapes(around.term) && !is_ci {
        Mode::Tty
    } else {
        Mode::Plain
    }
}

/// `--color`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColorChoice {
    /// As the surroundings say.
    #[default]
    Auto,
    /// Whatever they say.
    Always,
    /// Whatever they say.
    Never,
}

/// What decides about colour on one stream.
#[derive(Debug, Clone, Copy, Default)]
pub struct ColorHints<'a> {
    /// `--color`
    pub choice: ColorChoice,
    /// The stream is a terminal.
    pub is_terminal: bool,
    /// `TERM`
    pub term: Option<&'a str>,
    /// `NO_COLOR`: set and not empty means no, whatever it says (<https://no-color.org>).
    pub no_color: Option<&'a str>,
    /// `CLICOLOR_FORCE`: set and not `0` means yes, on a pipe too (<https://bixense.com/clicolors>).
    pub clicolor_force: Option<&'a str>,
}

/// Whether one stream gets colours: `--color` beats `NO_COLOR`, which beats `CLICOLOR_FORCE`, which
/// beats what the stream is.
pub fn resolve_color(hints: &ColorHints<'_>) -> bool {
    match hints.choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if hints.no_color.is_some_and(|value| !value.is_empty()) => false,
        ColorChoice::Auto if hints.clicolor_force.is_some_and(|v| !v.is_empty() && v != "0") => {
            true
        }
        ColorChoice::Auto => hints.is_terminal && understands_escapes(hints.term),
    }
}

fn understands_escapes(term: Option<&str>) -> bool {
    term.is_some_and(|term| !term.is_empty() && term != "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_live_area_is_for_people_at_a_terminal() {
        let tty = Surroundings {
            stderr_is_terminal: true,
            term: Some("xterm-256color"),
            ci: None,
            quiet: false,
        };
        for (around, mode) in [
            (tty, Mode::Tty),
            (Surroundings { ci: Some("false"), ..tty }, Mode::Tty),
            (Surroundings { ci: Some("true"), ..tty }, Mode::Plain),
            (Surroundings { term: Some("dumb"), ..tty }, Mode::Plain),
            (Surroundings { term: None, ..tty }, Mode::Plain),
            (Surroundings { stderr_is_terminal: false, ..tty }, Mode::Plain),
            (Surroundings { quiet: true, ..tty }, Mode::Quiet),
        ] {
            assert_eq!(resolve_mode(&around), mode, "{around:?}");
        }
    }

    #[test]
    fn colour_is_asked_for_then_forbidden_then_forced_then_guessed() {
        let tty = ColorHints { is_terminal: true, term: Some("xterm"), ..ColorHints::default() };
        let pipe = ColorHints { is_terminal: false, ..tty };
        let always = ColorChoice::Always;
        for (hints, color) in [
            (tty, true),
            (pipe, false),
            (ColorHints { term: Some("dumb"), ..tty }, false),
            (ColorHints { no_color: Some("1"), ..tty }, false),
            (ColorHints { no_color: Some("0"), ..tty }, false),
            (ColorHints { no_color: Some(""), ..tty }, true),
            (ColorHints { clicolor_force: Some("1"), ..pipe }, true),
            (ColorHints { clicolor_force: Some("0"), ..pipe }, false),
            (ColorHints { clicolor_force: Some("1"), no_color: Some("1"), ..pipe }, false),
            (ColorHints { choice: always, no_color: Some("1"), ..pipe }, true),
            (ColorHints { choice: ColorChoice::Never, clicolor_force: Some("1"), ..tty }, false),
        ] {
            assert_eq!(resolve_color(&hints), color, "{hints:?}");
        }
    }
}
