//! Terraform's language, formatted as `terraform fmt` does: `=` stands in one column in lines that follow
//! each other and hold a whole value each.

use serde_json::Value;

use super::Parameter;

/// Text that is no literal but an expression, as it goes into a [`Value`].
pub(super) fn expression(text: &str) -> Value {
    Value::from(format!("{EXPRESSION}{text}"))
}

/// A document inside `jsonencode`.
pub(super) fn jsonencode(document: &Value) -> Value {
    serde_json::json!({ JSONENCODE: document })
}

const EXPRESSION: &str = "\u{1}";
const JSONENCODE: &str = "\u{1}jsonencode";

/// A block with its attributes: `head {` to `}`.
pub(super) fn block(head: &str, attributes: &[(&str, Value)]) -> String {
    let entries = attributes.iter().map(|(key, value)| ((*key).to_owned(), value));
    format!("{head} {{\n{}}}\n", lines(entries, 2))
}

/// The lines of attributes.
fn lines<'a>(entries: impl Iterator<Item = (String, &'a Value)>, indent: usize) -> String {
    let margin = " ".repeat(indent);
    let entries: Vec<(String, String)> =
        entries.map(|(key, value)| (key, text(value, indent))).collect();
    let mut written = Vec::new();
    for group in entries.chunk_by(|one, next| !one.1.contains('\n') && !next.1.contains('\n')) {
        let width = group.iter().map(|(key, _)| key.chars().count()).max().unwrap_or(0);
        for (key, value) in group {
            written.push(format!("{margin}{key:width$} = {value}\n"));
        }
    }
    written.concat()
}

fn text(value: &Value, indent: usize) -> String {
    let margin = " ".repeat(indent);
    match value {
        Value::String(text) => {
            text.strip_prefix(EXPRESSION).map_or_else(|| string(text), str::to_owned)
        }
        Value::Object(map) => {
            if let Some(document) = map.get(JSONENCODE) {
                return format!("jsonencode({})", self::text(document, indent));
            }
            let entries = map.iter().map(|(name, value)| (key(name), value));
            format!("{{\n{}{margin}}}", lines(entries, indent + 2))
        }
        Value::Array(list) => {
            let item = |value| format!("{margin}  {},\n", text(value, indent + 2));
            format!("[\n{}{margin}]", list.iter().map(item).collect::<String>())
        }
        other => other.to_string(),
    }
}

fn key(name: &str) -> String {
    let is_word = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_word { name.to_owned() } else { string(name) }
}

fn string(text: &str) -> String {
    let whole = |parameter: &&Parameter| *text == parameter.placeholder();
    if let Some(parameter) = Parameter::ALL.iter().find(whole) {
        return format!("var.{}", parameter.variable());
    }
    let replaced = Parameter::ALL.iter().fold(text.to_owned(), |text, parameter| {
        text.replace(&parameter.placeholder(), &format!("${{var.{}}}", parameter.variable()))
    });
    Value::from(replaced).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn equal_signs_stand_in_one_column_between_values_of_several_lines() {
        let document = json!({
            "Version": "2012-10-17",
            "Statement": [{ "Sid": "A", "Effect": "Allow", "Action": ["a:B", "c:D"],
                            "Condition": { "StringEquals": { "aws:RequestTag/x": "${OrganizationId}", "b": "c" } } }],
        });
        let written = block(
            "resource \"a\" \"b\"",
            &[
                ("name", "n".into()),
                ("policy_arn", expression("a.b.arn")),
                ("policy", jsonencode(&document)),
            ],
        );
        let expected = r#"resource "a" "b" {
  name       = "n"
  policy_arn = a.b.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "A"
        Effect = "Allow"
        Action = [
          "a:B",
          "c:D",
        ]
        Condition = {
          StringEquals = {
            "aws:RequestTag/x" = var.organization_id
            b                  = "c"
          }
        }
      },
    ]
  })
}
"#;
        assert_eq!(written, expected);
    }
}
