//! `linkwalk explain`: what a code means, why it happens, what to do.

use super::out;
use super::screen::Screen;
use crate::cli::{ExplainOptions, Output};
use crate::config;
use crate::exit::Exit;
use crate::explain;
use crate::report::{codes, safe};

/// Runs the command.
pub(super) fn run(asked: &ExplainOptions, screen: Screen) -> Exit {
    let entries = match &asked.code {
        None => explain::all(),
        Some(code) => explain::of(code),
    };
    if entries.is_empty() {
        let code = asked.code.as_deref().unwrap_or_default();
        out::error(&format!("there is no code {:?}; {}", safe::text(code), hint(code)));
        return Exit::Usage;
    }
    let columns = screen.columns.unwrap_or(WIDTH).min(WIDTH);
    let text = match (screen.output, &asked.code) {
        (Output::Json | Output::Jsonl, _) => {
            out::json(&codes::document(&entries));
            return Exit::Ok;
        }
        (Output::Text, None) => codes::list(screen.stdout_color, columns),
        (Output::Text, Some(_)) => codes::text(&entries, screen.stdout_color, columns),
    };
    out::stdout(&text);
    Exit::Ok
}

/// Lines longer than this are hard to read.
const WIDTH: usize = 100;

/// The nearest code, or where to find all of them.
fn hint(code: &str) -> String {
    let all = explain::all();
    let lower: Vec<(String, &str)> =
        all.iter().map(|entry| (entry.code.to_ascii_lowercase(), entry.code)).collect();
    let word = code.trim().to_ascii_lowercase().replace([' ', '_'], "-");
    let near = config::nearest(&word, lower.iter().map(|(lower, _)| lower.as_str()));
    let part = || lower.iter().find(|(lower, _)| word.len() > 2 && lower.contains(&word));
    let near = near.and_then(|near| lower.iter().find(|(lower, _)| lower == near)).or_else(part);
    match near {
        Some((_, near)) => format!("did you mean `{near}`?"),
        None => "`linkwalk explain` lists all of them".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_miss_names_the_right_code() {
        for (code, said) in [
            ("dns-atributes-off", "did you mean `dns-attributes-off`?"),
            ("UnauthorisedOperation", "did you mean `UnauthorizedOperation`?"),
            ("vpcendpointlimit", "did you mean `VpcEndpointLimitExceeded`?"),
            ("unreachible", "did you mean `unreachable`?"),
            ("colourless green ideas", "`linkwalk explain` lists all of them"),
        ] {
            assert_eq!(hint(code), said, "{code}");
        }
    }
}
