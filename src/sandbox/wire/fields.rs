//! The members of an AWS JSON 1.1 request, with a memory of which were read.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::refusal::Refusal;

/// The members of one request.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    members: Map<String, Value>,
    read: RefCell<BTreeSet<String>>,
}

impl Fields {
    /// Reads a JSON body; an empty one counts as `{}`.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let broken =
            || Refusal::new("SerializationException", "The request body is not a JSON object");
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self::default());
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => Ok(Self { members, read: RefCell::default() }),
            Ok(_) | Err(_) => Err(broken()),
        }
    }

    /// A text, if there is one.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Refusal> {
        match self.value(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(unexpected(name)),
        }
    }

    /// A text that must be there.
    pub(crate) fn need(&self, name: &str) -> Result<String, Refusal> {
        self.text(name)?.ok_or_else(|| {
            let message =
                format!("You provided a value that does not match the required pattern: {name}");
            Refusal::new("InvalidInputException", message).because("INPUT_REQUIRED")
        })
    }

    /// A whole number, if there is one.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        match self.value(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_u64().map(Some).ok_or_else(|| unexpected(name)),
        }
    }

    /// `[{"Key": …, "Value": …}]`.
    pub(crate) fn tags(&self, name: &str) -> Result<BTreeMap<String, String>, Refusal> {
        let Some(value) = self.value(name) else {
            return Ok(BTreeMap::new());
        };
        let items = value.as_array().ok_or_else(|| unexpected(name))?;
        let part = |item: &Value, key: &str| item.get(key)?.as_str().map(str::to_owned);
        items
            .iter()
            .map(|item| Some((part(item, "Key")?, part(item, "Value")?)))
            .collect::<Option<_>>()
            .ok_or_else(|| unexpected(name))
    }

    /// A list of texts.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>, Refusal> {
        let Some(value) = self.value(name) else {
            return Ok(Vec::new());
        };
        let items = value.as_array().ok_or_else(|| unexpected(name))?;
        items
            .iter()
            .map(|item| item.as_str().map(str::to_owned).ok_or_else(|| unexpected(name)))
            .collect()
    }

    /// The members of a request in CBOR; an empty body counts as `{}`.
    pub(crate) fn parse_cbor(body: &[u8]) -> Result<Self, Refusal> {
        match super::cbor::read(body) {
            Some(Value::Object(members)) => Ok(Self { members, read: RefCell::default() }),
            _ if body.is_empty() => Ok(Self::default()),
            _ => Err(Refusal::new("SerializationException", "The request body is not a CBOR map")),
        }
    }

    /// All members at once, as a type that knows them all.
    pub(crate) fn typed<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_value(Value::Object(self.members.clone()))
            .map_err(|error| Refusal::new("SerializationException", error.to_string()).unknown())
    }

    /// Refuses what nobody read.
    pub(crate) fn finish(&self) -> Result<(), Refusal> {
        let read = self.read.borrow();
        let left = self.members.keys().find(|name| !read.contains(*name));
        left.map_or(Ok(()), |name| {
            let message = format!("Unknown member {name}");
            Err(Refusal::new("SerializationException", message).unknown())
        })
    }

    /// All members but the named, as one text.
    pub(crate) fn fingerprint(&self, without: &[&str]) -> String {
        let kept = self.members.iter().filter(|(key, _)| !without.contains(&key.as_str()));
        let kept: BTreeMap<_, _> = kept.map(|(key, value)| (key, value.to_string())).collect();
        kept.iter().map(|(key, value)| format!("{key}={value}\n")).collect::<Vec<_>>().concat()
    }

    fn value(&self, name: &str) -> Option<&Value> {
        let value = self.members.get(name)?;
        self.read.borrow_mut().insert(name.to_owned());
        Some(value)
    }
}

fn unexpected(name: &str) -> Refusal {
    Refusal::new("SerializationException", format!("Unexpected value for member {name}"))
}
