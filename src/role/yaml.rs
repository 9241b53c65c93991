//! YAML of a template: block style, texts in quotes wherever YAML could take them for something else, and
//! parameters as `CloudFormation`'s `!Ref` and `!Sub`.

use serde_json::Value;

use super::Parameter;

/// `value` as the lines below a key, `indent` columns in.
pub(super) fn block(value: &Value, indent: usize) -> String {
    let mut lines = Vec::new();
    write(&mut lines, value, indent);
    lines.concat()
}

fn write(text: &mut Vec<String>, value: &Value, indent: usize) {
    let margin = " ".repeat(indent);
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                text.push(format!("{margin}{}:", plain_or_quoted(key)));
                after_key(text, value, indent);
            }
        }
        Value::Array(list) => {
            for value in list {
                let item = block(value, indent + 2);
                // The first line of the item stands behind the dash.
                text.push(format!("{margin}- {}", item.trim_start()));
            }
        }
        leaf => text.push(format!("{margin}{}\n", scalar(leaf))),
    }
}

fn after_key(text: &mut Vec<String>, value: &Value, indent: usize) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            text.push("\n".to_owned());
            write(text, value, indent + 2);
        }
        Value::Array(list) if !list.is_empty() => {
            text.push("\n".to_owned());
            write(text, value, indent + 2);
        }
        leaf => text.push(format!(" {}\n", scalar(leaf))),
    }
}

fn scalar(value: &Value) -> String {
    let Value::String(text) = value else { return value.to_string() };
    let whole = |parameter: &&Parameter| *text == parameter.placeholder();
    if let Some(parameter) = Parameter::ALL.iter().find(whole) {
        return format!("!Ref {}", parameter.name());
    }
    if let Some(resource) = text.strip_prefix("!Ref ") {
        return format!("!Ref {resource}");
    }
    let has = |parameter: &Parameter| text.contains(&parameter.placeholder());
    if Parameter::ALL.iter().any(has) {
        return format!("!Sub {}", quoted(text));
    }
    plain_or_quoted(text)
}

/// A word that no reader of YAML takes for a number, a date, a truth value or a mark stays as it is.
fn plain_or_quoted(text: &str) -> String {
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:, ".contains(c);
    let is_word = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
        .contains(&text.to_ascii_lowercase().as_str());
    let is_mark = text.contains(": ") || text.ends_with([':', ' ']);
    if begins && text.chars().all(is_plain) && !is_word && !is_mark {
        return text.to_owned();
    }
    quoted(text)
}

/// JSON's quotes are YAML's as well.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_could_be_misread_is_quoted_and_parameters_are_references() {
        let value = json!({
            "Version": "2012-10-17", "off": "true", "Action": "ec2:DescribeVpcs", "Resource": "*",
            "List": ["no", { "Key": "a: b", "Next": ["o-1"] }],
            "Org": "${OrganizationId}", "Arn": "arn:aws:iam::${TrustedAccount}:root", "Number": 3600,
            "Empty": [],
        });
        let expected = r#"  Version: "2012-10-17"
  "off": "true"
  Action: ec2:DescribeVpcs
  Resource: "*"
  List:
    - "no"
    - Key: "a: b"
      Next:
        - o-1
  Org: !Ref OrganizationId
  Arn: !Sub "arn:aws:iam::${TrustedAccount}:root"
  Number: 3600
  Empty: []
"#;
        assert_eq!(block(&value, 2), expected);
    }
}
