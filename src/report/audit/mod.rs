//! The audit's reports: each is a rendering of one [`Audit`], and of nothing else. Text for people goes
//! through [`crate::report::safe`] or the format's own escaping; documents for machines keep the exact
//! text.

mod asff;
mod csv;
mod html;
mod json;
mod junit;
mod markdown;
mod ocsf;
mod places;
mod resource;
mod sarif;
pub mod text;
pub(super) mod verdict;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde_json::Value;

use crate::audit::Audit;
use crate::report::safe;

pub use json::schema;

/// How an audit is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// For a terminal.
    Text,
    /// The document itself; `schemas/audit.schema.json` describes it.
    Json,
    /// For a GitHub step summary, or a comment.
    Markdown,
    /// `JUnit` XML, which every CI system shows as tests.
    Junit,
    /// SARIF 2.1.0, for code scanning: results at lines of accounts.toml.
    Sarif,
    /// OCSF compliance findings, for data lakes and SIEMs.
    Ocsf,
    /// AWS Security Finding Format, in batches for `BatchImportFindings`.
    Asff,
    /// A row per finding, for spreadsheets.
    Csv,
    /// One page that needs nothing else.
    Html,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Text,
        Self::Json,
        Self::Markdown,
        Self::Junit,
        Self::Sarif,
        Self::Ocsf,
        Self::Asff,
        Self::Csv,
        Self::Html,
    ];

    /// Its name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Markdown => "markdown",
            Self::Junit => "junit",
            Self::Sarif => "sarif",
            Self::Ocsf => "ocsf",
            Self::Asff => "asff",
            Self::Csv => "csv",
            Self::Html => "html",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Text that names no format; says which there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownFormat(String);

impl fmt::Display for UnknownFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Format::ALL.map(Format::as_str).join(", ");
        write!(f, "`{}` is not a report format: there are {names}", self.0)
    }
}

impl std::error::Error for UnknownFormat {}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let known = Self::ALL.into_iter().find(|format| format.as_str() == name);
        known.ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

/// The whole report, ending in a line break.
pub fn render(audit: &Audit, format: Format) -> String {
    match format {
        Format::Text => text::render(audit),
        Format::Json => json::render(audit),
        Format::Markdown => markdown::render(audit),
        Format::Junit => junit::render(audit),
        Format::Sarif => sarif::render(audit),
        Format::Ocsf => ocsf::render(audit),
        Format::Asff => asff::render(audit),
        Format::Csv => csv::render(audit),
        Format::Html => html::render(audit),
    }
}

/// One side of a drift, for people: `none`, `a, b`, or JSON.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(is_on) => if *is_on { "on" } else { "off" }.to_owned(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            items.iter().map(shown).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// `23 November 2026, 06:00 UTC`; a text that is no time stays as it is.
fn day(rfc_3339: &str) -> String {
    match rfc_3339.parse::<Timestamp>() {
        Ok(time) => time.strftime("%-d %B %Y, %H:%M UTC").to_string(),
        Err(_) => safe::text(rfc_3339),
    }
}

/// `2026-11-23T06:00:00Z`, as HTML knows times; a text that is no time stays as it is.
fn seconds(rfc_3339: &str) -> String {
    match rfc_3339.parse::<Timestamp>() {
        Ok(time) => time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Err(_) => safe::text(rfc_3339),
    }
}

/// At most so many characters, the last of them an ellipsis where the text was longer.
fn cut(text: &str, characters: usize) -> String {
    if text.char_indices().nth(characters).is_none() {
        return text.to_owned();
    }
    let kept: String = text.chars().take(characters.saturating_sub(1)).collect();
    kept + "…"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_format_is_found_by_its_name_and_no_other_is() {
        for format in Format::ALL {
            assert_eq!(format.as_str().parse(), Ok(format));
        }
        let error = "pdf".parse::<Format>().unwrap_err().to_string();
        assert!(error.starts_with("`pdf` is not a report format: there are text, json"), "{error}");
    }

    #[test]
    fn a_value_is_shown_as_people_say_it() {
        for (value, said) in [
            (json!(null), "none"),
            (json!([]), "none"),
            (json!(""), "\"\""),
            (json!("ipv4"), "ipv4"),
            (json!(false), "off"),
            (json!(["subnet-1", "subnet-2"]), "subnet-1, subnet-2"),
            (json!([{ "from": 443 }]), r#"[{"from":443}]"#),
        ] {
            assert_eq!(shown(&value), said);
        }
    }

    #[test]
    fn a_time_is_said_to_the_minute_and_written_to_the_second() {
        let time = "2026-11-03T05:04:09.392104975Z";
        assert_eq!(day(time), "3 November 2026, 05:04 UTC");
        assert_eq!(seconds(time), "2026-11-03T05:04:09Z");
        assert_eq!(day("yester\u{7}day"), r"yester\u{7}day");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(cut("東京本社", 4), "東京本社");
        assert_eq!(cut("東京本社", 3), "東京…");
    }
}
