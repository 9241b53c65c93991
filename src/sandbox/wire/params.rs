//! The parameters of an EC2 or STS query, with a memory of which were read: what nobody read is unknown,
//! and an unknown parameter is refused.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use percent_encoding::percent_decode_str;

use super::refusal::{Refusal, bad_value, missing};

/// The most parameters one request may carry; AWS's own limit is on the size of the request.
const MOST: usize = 20_000;

/// The parameters of one request.
#[derive(Debug, Default, Clone)]
pub(crate) struct Params {
    fields: BTreeMap<String, String>,
    read: RefCell<BTreeSet<String>>,
}

impl Params {
    /// Reads `a=b&c=d` texts.
    pub(crate) fn parse(texts: &[&str]) -> Result<Self, Refusal> {
        let mut fields = BTreeMap::new();
        for pair in texts.iter().flat_map(|text| text.split('&')).filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (key, value) = (decode(key)?, decode(value)?);
            if fields.insert(key.clone(), value).is_some() {
                return Err(malformed(&format!("the parameter {key} is there twice")));
            }
            if fields.len() > MOST {
                return Err(malformed("too many parameters"));
            }
        }
        Ok(Self { fields, read: RefCell::default() })
    }

    /// A value, if there is one. Empty values count as none, as in EC2.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let value = self.fields.get(name)?;
        self.read.borrow_mut().insert(name.to_owned());
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// The same, as an owned text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// A value that must be there.
    pub(crate) fn need(&self, name: &str) -> Result<String, Refusal> {
        self.text(name).ok_or_else(|| missing(name))
    }

    /// A truth value.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some("true" | "True" | "1") => Ok(Some(true)),
            Some("false" | "False" | "0") => Ok(Some(false)),
            Some(other) => Err(bad_value(name, other)),
        }
    }

    /// A number.
    pub(crate) fn number<N: FromStr>(&self, name: &str) -> Result<Option<N>, Refusal> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|_| bad_value(name, text))
    }

    /// `Name.1`, `Name.2`, …: the values in order of their numbers.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        self.indices(name)
            .into_iter()
            .filter_map(|index| self.text(&format!("{name}.{index}")))
            .collect()
    }

    /// The prefixes `Name.1`, `Name.2`, … of a list of structures.
    pub(crate) fn structures(&self, name: &str) -> Vec<String> {
        self.indices(name).into_iter().map(|index| format!("{name}.{index}")).collect()
    }

    /// Refuses what nobody read.
    pub(crate) fn finish(&self) -> Result<(), Refusal> {
        let read = self.read.borrow();
        let left = self.fields.keys().find(|name| !read.contains(*name));
        left.map_or(Ok(()), |name| {
            let message = format!("The parameter {name} is not recognized");
            Err(Refusal::new("UnknownParameter", message).unknown())
        })
    }

    /// Everything but the named parameters, as one text to compare requests by.
    pub(crate) fn fingerprint(&self, without: &[&str]) -> String {
        let kept = self.fields.iter().filter(|(key, _)| !without.contains(&key.as_str()));
        kept.map(|(key, value)| format!("{key}={value}\n")).collect::<Vec<_>>().concat()
    }

    /// True for a call without ids, filters and pages.
    pub(crate) fn is_plain(&self) -> bool {
        self.fields.keys().all(|key| matches!(key.as_str(), "Action" | "Version" | "DryRun"))
    }

    /// True if a create call gives tags to what it makes.
    pub(crate) fn gives_tags(&self) -> bool {
        self.fields.keys().any(|key| key.starts_with("TagSpecification."))
    }

    /// True if this is a dry run.
    pub(crate) fn is_dry_run(&self) -> bool {
        self.fields.get("DryRun").is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    fn indices(&self, name: &str) -> BTreeSet<u32> {
        let prefix = format!("{name}.");
        let after = self.fields.range(prefix.clone()..);
        after
            .take_while(|(key, _)| key.starts_with(&prefix))
            .filter_map(|(key, _)| key[prefix.len()..].split('.').next()?.parse().ok())
            .collect()
    }
}

fn decode(text: &str) -> Result<String, Refusal> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    decoded.map(std::borrow::Cow::into_owned).map_err(|_| malformed("not UTF-8"))
}

fn malformed(why: &str) -> Refusal {
    Refusal::new("MalformedQueryString", format!("The query string is malformed: {why}"))
}
