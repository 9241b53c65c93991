//! What a page shows of what a command prints, compared with what it prints.
//!
//! The lines are those of stdout, or those of stderr. They follow each other without a gap, from the first to the last; a line
//! `...` stands for any number of lines, and `...` in a line for any text. What differs from run to run may
//! differ: ids that AWS gives (`vpce-0a1b...`), ids of runs, lengths of time, moments, days, ports, who runs on
//! which machine, and how wide the gap between two columns is.

use super::shell::Outcome;

/// A `console` block.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// Lines before the first command: they go on with what the last one printed.
    pub(super) goes_on: Vec<String>,
    /// Commands, each with the lines it prints.
    pub(super) commands: Vec<(String, Vec<String>)>,
}

impl Shown {
    pub(super) fn read(text: &str) -> Self {
        let mut shown = Self::default();
        let mut is_open = false;
        for line in text.lines() {
            if let Some(command) = line.strip_prefix("$ ") {
                shown.commands.push((command.to_owned(), Vec::new()));
                is_open = command.ends_with('\\');
            } else if let (true, Some((command, _))) = (is_open, shown.commands.last_mut()) {
                *command = format!("{command}\n{line}");
                is_open = line.ends_with('\\');
            } else {
                match shown.commands.last_mut() {
                    Some((_, printed)) => printed.push(line.to_owned()),
                    None => shown.goes_on.push(line.to_owned()),
                }
            }
        }
        if !shown.goes_on.is_empty() {
            shown.goes_on.insert(0, "...".to_owned());
            shown.goes_on.push("...".to_owned());
        }
        shown
    }
}

/// Whether one of the two streams is as shown; nothing shown is as everything.
pub(super) fn matches(shown: &[String], printed: &Outcome) -> Result<(), String> {
    if shown.iter().all(|line| line.trim().is_empty()) {
        return Ok(());
    }
    let is = |stream: &str| {
        let lines: Vec<String> = stream.lines().map(plain).collect();
        follows(&shown.iter().map(|line| plain(line)).collect::<Vec<_>>(), &lines)
    };
    if is(&printed.stdout) || is(&printed.stderr) {
        return Ok(());
    }
    Err(format!(
        "shown:\n{}\n\nprinted to stdout:\n{}\nprinted to stderr:\n{}",
        shown.join("\n"),
        printed.stdout,
        printed.stderr
    ))
}

/// Whether the lines are as shown, from the first to the last.
fn follows(shown: &[String], lines: &[String]) -> bool {
    match shown {
        [] => lines.iter().all(String::is_empty),
        [first, rest @ ..] if first.trim() == "..." => {
            (0..=lines.len()).any(|skipped| follows(rest, &lines[skipped..]))
        }
        [first, rest @ ..] => {
            lines.first().is_some_and(|line| is_as_shown(first, line)) && follows(rest, &lines[1..])
        }
    }
}

/// Whether a line is as shown, where `...` stands for any text.
fn is_as_shown(shown: &str, line: &str) -> bool {
    let mut parts = shown.split("...").map(str::trim);
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = line.trim().strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// A line without what differs from run to run.
fn plain(line: &str) -> String {
    let body = line.trim_start();
    let indent = &line[..line.len() - body.len()];
    let words = body.split(' ').filter(|word| !word.is_empty()).map(word);
    format!("{indent}{}", words.collect::<Vec<_>>().join(" "))
}

/// A word: its punctuation, and a name of its kind where its value differs.
fn word(word: &str) -> String {
    let is_punctuation = |c: char| !c.is_ascii_alphanumeric();
    let core = word.trim_matches(is_punctuation);
    match kind(core) {
        Some(kind) if !core.is_empty() => word.replacen(core, kind, 1),
        _ => word.to_owned(),
    }
}

fn kind(core: &str) -> Option<&'static str> {
    let is_hex = |text: &str| text.chars().all(|c| c.is_ascii_hexdigit());
    if let Some((prefix, drawn)) = core.split_once('-') {
        let is_prefix = prefix.chars().all(|c| c.is_ascii_lowercase());
        if is_prefix && !prefix.is_empty() && drawn.len() >= 8 && is_hex(drawn) {
            return Some("ID");
        }
    }
    let digits: String = core.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    if digits.starts_with("00000000T000000Z-") {
        return Some("RUN");
    }
    if digits.starts_with("0000-00-00") {
        return Some("MOMENT");
    }
    if core.starts_with("127.0.0.1") || core.starts_with("http://127.0.0.1") {
        return Some("ADDRESS");
    }
    if core.contains('@') && !core.contains('.') {
        return Some("WHO");
    }
    let is_time = core.starts_with(|c: char| c.is_ascii_digit())
        && core.ends_with(['s', 'm', 'h'])
        && core.chars().all(|c| c.is_ascii_digit() || "hms.".contains(c));
    is_time.then_some("TIME")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_follow_each_other_and_dots_stand_for_some() {
        let printed = "one  vpce-0a1b2c3d4e5f60718\ntwo 17s, done\nthree\n";
        let printed = Outcome { stdout: printed.to_owned(), ..Outcome::default() };
        for (shown, is) in [
            ("one vpce-00000000000000000\ntwo 3m02s, done\nthree", true),
            ("one vpce-00000000000000000\n...", true),
            ("...\nthree", true),
            ("...\ntwo...\nthree", true),
            ("one ...\ntwo ... done\nthree", true),
            ("one ...\ntwo ... gone\nthree", false),
            ("...\ntwo 17s, do...\n...", true),
            ("one vpce-00000000000000000\nthree", false),
            ("one vpce-00000000000000000", false),
            ("two 17s, done\nthree", false),
            ("...\nthree\ntwo...", false),
            ("one sg-00000000000000000x\n...", false),
        ] {
            let shown: Vec<String> = shown.lines().map(str::to_owned).collect();
            assert_eq!(matches(&shown, &printed).is_ok(), is, "{shown:?}");
        }
    }
}
