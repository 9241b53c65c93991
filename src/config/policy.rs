//! Reads `policy` of an `[endpoints.NAME]` table, and the file it may name.

use crate::model::policy::PolicyDocument;
use crate::model::spec::PolicySpec;

use super::file;
use super::problem::nearest;
use super::tree::Node;

/// A word, or a file whose policy is read and checked.
pub(super) fn policy(node: &Node<'_>) -> Option<PolicySpec> {
    if node.is_table() {
        let file = node.table("endpoints.*.policy")?.require("file")?;
        return document(&file).map(PolicySpec::Document);
    }
    let wrong = |text| format!("`{}` cannot be `{text}`", node.path);
    match node.as_text() {
        None => node.wrong_type(),
        Some("full") => Some(PolicyDocument::full_access().into()),
        Some("organization") => Some(PolicySpec::Organization),
        Some(text) if text.contains(".json") => {
            node.refuse(wrong(text), format!("write policy = {{ file = \"{text}\" }}"))
        }
        Some(text) => match nearest(text, ["full", "organization"]) {
            Some(near) => node.refuse(wrong(text), format!("did you mean policy = \"{near}\"?")),
            None => node.refuse(
                wrong(text),
                "write policy = \"full\", policy = \"organization\" or policy = { file = \"kms.json\" }",
            ),
        },
    }
}

/// The policy of a file. Everything that is wrong with it is told, each with its line.
fn document(node: &Node<'_>) -> Option<PolicyDocument> {
    let name = node.text()?;
    let path = node.reading.folder.join(name);
    let shown = path.display();
    let bytes = match file::bytes(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            return node.refuse(
                format!("the policy file {shown} cannot be read: {error}"),
                "the name is relative to the folder of accounts.toml",
            );
        }
    };
    let Ok(text) = String::from_utf8(bytes) else {
        return node.refuse(
            format!("the policy file {shown} is not a text file"),
            "a policy is JSON in UTF-8",
        );
    };
    match PolicyDocument::parse(text.trim_start_matches('\u{feff}')) {
        Ok(policy) => Some(policy),
        Err(flaws) => {
            for flaw in flaws {
                let title = format!("policy file {shown}, line {}: {}", flaw.line, flaw.what);
                node.refuse::<()>(title, flaw.help);
            }
            None
        }
    }
}
