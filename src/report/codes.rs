//! Codes and what they mean: for people, for machines, and as the page docs/codes.md.

use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::Value;

use crate::explain::{self, Entry, Group};
use crate::report::contract;
use crate::report::paint::{Line, Tone};

/// Version of the document. A new minor adds fields, which readers ignore; a new major may change them.
pub const FORMAT: &str = "1.0";

/// Columns where the explanations begin.
const INDENT: usize = 10;

/// Every code with its meaning, by group, with a line break at its end.
pub fn list(color: bool, columns: usize) -> String {
    let all = explain::all();
    let mut lines = Vec::new();
    for group in Group::ALL {
        let of_group: Vec<&Entry> = all.iter().filter(|entry| entry.group == group).collect();
        let widest = of_group.iter().map(|entry| entry.code.len()).max().unwrap_or(0);
        lines.push(vec![Line::new().tone(Tone::Busy, group.title())]);
        for entry in of_group {
            let code = format!("  {:widest$}  ", entry.code);
            lines.push(Line::new().plain(&code).plain(entry.meaning).wrap(columns, widest + 4));
        }
        lines.push(vec![Line::new()]);
    }
    lines.push(vec![
        Line::new().plain("`linkwalk explain CODE` says why it happens and what to do."),
    ]);
    joined(lines.into_iter().flatten(), color)
}

/// All that is said of a code, with a line break at its end.
pub fn text(entries: &[Entry], color: bool, columns: usize) -> String {
    let mut lines = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        if index > 0 {
            lines.push(Line::new());
        }
        let title = Line::new().tone(Tone::Busy, entry.code).plain(&format!(" ({})", entry.group));
        lines.push(title);
        let parts = [("What", entry.meaning), ("Why", entry.why), ("To do", entry.next)];
        let source = entry.source.map(|source| ("AWS", source));
        for (name, said) in parts.into_iter().chain(source) {
            let name = format!("  {name:width$}", width = INDENT - 2);
            lines.extend(Line::new().tone(Tone::Faint, &name).plain(said).wrap(columns, INDENT));
        }
    }
    joined(lines, color)
}

fn joined(lines: impl IntoIterator<Item = Line>, color: bool) -> String {
    lines.into_iter().fold(String::new(), |text, line| text + &line.paint(color) + "\n")
}

/// Codes explained: what `explain -o json` and `explain CODE -o json` write.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Codes")]
struct Document<'a> {
    /// Version of this document, MAJOR.MINOR.
    format: &'static str,
    /// Always `codes`.
    kind: &'static str,
    /// The program's version.
    version: &'static str,
    /// Every code, or all meanings of the one that was asked for.
    codes: &'a [Entry],
}

/// The JSON Schema of the document.
pub fn schema() -> Schema {
    contract::of::<Document<'_>>()
}

/// The codes for machines.
pub fn document(codes: &[Entry]) -> Value {
    let version = env!("CARGO_PKG_VERSION");
    // Plain structs with text keys always serialise.
    serde_json::to_value(Document { format: FORMAT, kind: "codes", version, codes })
        .unwrap_or_default()
}

/// The page docs/codes.md.
pub fn markdown() -> String {
    let all = explain::all();
    let mut page = vec![HEAD.to_owned()];
    for group in Group::ALL {
        page.push(format!("\n## {}\n\n{}\n", group.title(), group.place()));
        for entry in all.iter().filter(|entry| entry.group == group) {
            let Entry { code, meaning, why, next, .. } = entry;
            page.push(format!("\n### `{code}`\n\n{meaning} {why}\n\n**To do:** {next}\n"));
            page.extend(entry.source.map(|source| format!("\nAWS: <{source}>\n")));
        }
    }
    page.concat()
}

/// How the page begins.
const HEAD: &str = "\
# Codes

Every code that linkwalk shows, what it means, why it happens and what to do. `linkwalk explain CODE` prints the
same, `linkwalk explain -o json` all of it for machines. This page is made from the program's own table.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_told_with_all_its_meanings_within_the_terminal() {
        insta::assert_snapshot!(text(&explain::of("dns-attributes-off"), false, 72), @r"
        dns-attributes-off (blocked item)
          What    Private DNS is wanted in a VPC whose DNS attributes are off.
          Why     Private DNS needs `enableDnsSupport` and `enableDnsHostnames`
                  of the VPC; AWS refuses the endpoint otherwise.
          To do   Switch both on in the account (`aws ec2
                  modify-vpc-attribute`), after asking those who rely on them
                  being off; let plans do it with `network.fix_vpc_dns = true`;
                  or set `private_dns = false`.
          AWS     https://docs.aws.amazon.com/vpc/latest/privatelink/interface-endpoints.html

        dns-attributes-off (note)
          What    A gateway endpoint is in a VPC whose DNS attributes are off.
          Why     Routes work without them; but names resolve by other means, or
                  not at all.
          To do   Make sure that clients resolve the service's names to
                  addresses that the gateway's routes cover.
        ");
    }

    #[test]
    fn the_list_names_every_code_once_for_each_group() {
        let list = list(false, usize::MAX);
        for entry in explain::all() {
            let line = format!("  {} ", entry.code);
            let with = |text: &&str| text.starts_with(&line) && text.ends_with(entry.meaning);
            assert_eq!(list.lines().filter(with).count(), 1, "{}", entry.code);
        }
    }
}
