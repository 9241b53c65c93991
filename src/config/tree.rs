//! The file as a tree in which every value knows its place, and typed readers over it. A reader
//! that finds something wrong reports it and gives `None`; the others go on.

use std::borrow::Cow;
use std::path::PathBuf;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::known;
use super::problem::{Problem, Problems, Span, nearest};
use super::schema::{self, Key};

/// What all readers of one file share.
#[derive(Debug)]
pub(super) struct Reading {
    /// What was found to be wrong.
    pub(super) problems: Problems,
    /// The folder of the file, to which the files it names are relative.
    pub(super) folder: PathBuf,
}

/// A value and where it stands.
#[derive(Clone)]
pub(super) struct Node<'a> {
    /// The keys that lead to it: `organization.regions`.
    pub(super) path: String,
    /// Its place.
    pub(super) span: Span,
    /// What all readers share.
    pub(super) reading: &'a Reading,
    value: &'a DeValue<'a>,
    key: Option<&'static Key>,
    role: Role,
}

/// What a value is to the key of the schema it stands under.
#[derive(Clone, Copy)]
enum Role {
    /// Its value.
    Value,
    /// An item of its list.
    Item,
    /// An entry of its table, under a name of the operator's own.
    Entry,
}

impl<'a> Node<'a> {
    /// Reports that something is wrong with this value.
    pub(super) fn refuse<T>(&self, title: impl Into<String>, help: impl Into<String>) -> Option<T> {
        self.reading.problems.push(Problem::at(self.span.clone(), title, help));
        None
    }

    /// The value if it is text; anything else is reported.
    pub(super) fn text(&self) -> Option<&'a str> {
        let takes = self.key.map_or("", |key| key.takes);
        match self.value {
            DeValue::String(text) => Some(text),
            DeValue::Integer(number)
                if takes.contains("account id") || takes.contains("selectors") =>
            {
                self.refuse(
                    "an account id must be in quotes",
                    format!(
                        "write \"{:0>12}\"; without quotes it is a number, and a number loses its \
                         leading zeros",
                        number.as_str()
                    ),
                )
            }
            _ => self.wrong_type(),
        }
    }

    /// The value if it is text and nothing is said otherwise.
    pub(super) fn as_text(&self) -> Option<&'a str> {
        self.value.as_str()
    }

    /// Whether it is text.
    pub(super) fn is_text(&self) -> bool {
        self.value.is_str()
    }

    /// Whether it is a table.
    pub(super) fn is_table(&self) -> bool {
        self.value.is_table()
    }

    /// Whether it is a list.
    pub(super) fn is_list(&self) -> bool {
        self.value.is_array()
    }

    /// Whether it is the word `false` where a table could stand.
    pub(super) fn is_false(&self) -> bool {
        self.value.as_bool() == Some(false)
    }

    /// The value if it is `true` or `false`; anything else is reported.
    pub(super) fn flag(&self) -> Option<bool> {
        self.value.as_bool().or_else(|| self.wrong_type())
    }

    /// The value if it is a whole number; anything else is reported.
    pub(super) fn whole_number(&self) -> Option<i64> {
        match self.value {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .ok()
                .or_else(|| self.wrong_type()),
            _ => self.wrong_type(),
        }
    }

    /// The items if it is a list; anything else is reported.
    pub(super) fn items(&self) -> Option<Vec<Node<'a>>> {
        let DeValue::Array(items) = self.value else { return self.wrong_type() };
        let node = |item: &'a Spanned<DeValue<'a>>| Node {
            span: item.span(),
            value: item.get_ref(),
            role: Role::Item,
            ..self.clone()
        };
        Some(items.iter().map(node).collect())
    }

    /// Every item, read; wrong ones are reported and left out.
    pub(super) fn each<T>(&self, read: impl Fn(&Node<'a>) -> Option<T>) -> Option<Vec<T>> {
        Some(self.items()?.iter().filter_map(read).collect())
    }

    /// The same, and an empty list is reported.
    pub(super) fn some<T>(&self, read: impl Fn(&Node<'a>) -> Option<T>) -> Option<Vec<T>> {
        let items = self.items()?;
        if items.is_empty() {
            return self.refuse(
                format!("`{}` is an empty list", self.path),
                format!("remove it, or give it something: {}", self.example()),
            );
        }
        Some(items.iter().filter_map(read).collect())
    }

    /// The entries if it is a table with names of the operator's own; anything else is reported.
    pub(super) fn entries(&self) -> Option<Vec<Entry<'a>>> {
        let DeValue::Table(table) = self.value else { return self.wrong_type() };
        let node = |(name, value): (&'a Spanned<_>, &'a Spanned<DeValue<'a>>)| {
            let span_of_name = name.span();
            let name: &'a Cow<'a, str> = name.get_ref();
            let value = Node {
                path: format!("{}.{name}", self.path),
                span: value.span(),
                value: value.get_ref(),
                role: Role::Entry,
                ..self.clone()
            };
            Entry { name, at: Node { span: span_of_name, ..value.clone() }, value }
        };
        Some(table.iter().map(node).collect())
    }

    /// The value if it is a table with keys of this schema; anything else, and other keys, are
    /// reported.
    pub(super) fn table(&self, schema: &'static str) -> Option<Table<'a>> {
        let DeValue::Table(keys) = self.value else { return self.wrong_type() };
        let span = Some(self.span.clone());
        Some(Table::open(schema, self.path.clone(), span, keys, self.reading))
    }

    /// Reports that the value is of another type than the schema says.
    pub(super) fn wrong_type<T>(&self) -> Option<T> {
        let takes = self.key.map_or("something else", |key| key.takes);
        let (path, is) = (&self.path, type_name(self.value));
        let title = match self.role {
            Role::Value => format!("`{path}` must be {takes}, not {is}"),
            Role::Item => format!("`{path}` must be {takes}, and this item is {is}"),
            Role::Entry if takes == "a table of tables" => {
                format!("`{path}` must be a table, not {is}")
            }
            Role::Entry => format!("`{path}` must be a string, not {is}"),
        };
        self.refuse(title, format!("for example: {}", self.example()))
    }

    fn example(&self) -> &'static str {
        self.key.map_or("", |key| key.example)
    }
}

/// One entry of a table with names of the operator's own.
pub(super) struct Entry<'a> {
    /// The name.
    pub(super) name: &'a str,
    /// The name, as a place to point at.
    pub(super) at: Node<'a>,
    /// The value.
    pub(super) value: Node<'a>,
}

/// A table whose keys are fixed.
pub(super) struct Table<'a> {
    /// Its place; `None` for the file itself.
    pub(super) span: Option<Span>,
    /// What all readers share.
    pub(super) reading: &'a Reading,
    schema: &'static str,
    path: String,
    keys: &'a DeTable<'a>,
}

impl<'a> Table<'a> {
    /// The file itself.
    pub(super) fn root(keys: &'a DeTable<'a>, reading: &'a Reading) -> Self {
        Self::open("", String::new(), None, keys, reading)
    }

    fn open(
        schema: &'static str,
        path: String,
        span: Option<Span>,
        keys: &'a DeTable<'a>,
        reading: &'a Reading,
    ) -> Self {
        let table = Self { span, reading, schema, path, keys };
        for (name, value) in keys {
            if schema::key(schema, name.get_ref()).is_none() {
                table.unknown(name.span(), name.get_ref(), value.get_ref());
            }
        }
        table
    }

    /// The value of a key, if it is there.
    pub(super) fn get(&self, name: &'static str) -> Option<Node<'a>> {
        let key = schema::key(self.schema, name);
        debug_assert!(key.is_some(), "`{name}` is not in the schema of `{}`", self.schema);
        let value = self.keys.get(name)?;
        Some(Node {
            path: join(&self.path, name),
            span: value.span(),
            reading: self.reading,
            value: value.get_ref(),
            key,
            role: Role::Value,
        })
    }

    /// The value of a key, read.
    pub(super) fn read<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(&Node<'a>) -> Option<T>,
    ) -> Option<T> {
        read(&self.get(name)?)
    }

    /// The value of a key that is itself a table of fixed keys.
    pub(super) fn table(&self, name: &'static str, schema: &'static str) -> Option<Table<'a>> {
        self.get(name)?.table(schema)
    }

    /// Whether nothing is said of a key, not even under a misspelt name, which was reported.
    pub(super) fn is_silent_on(&self, name: &'static str) -> bool {
        self.get(name).is_none()
            && !self.keys.keys().any(|key| self.probably_meant(key.get_ref()) == Some(name))
    }

    /// Reports a key that must be there and is not.
    pub(super) fn require(&self, name: &'static str) -> Option<Node<'a>> {
        self.get(name).or_else(|| {
            if !self.is_silent_on(name) {
                return None;
            }
            let example = schema::key(self.schema, name).map_or("", |key| key.example);
            self.reading.problems.push(Problem::missing(
                self.span.clone(),
                format!("`{}` is missing", join(&self.path, name)),
                format!("add it, for example: {example}"),
            ));
            None
        })
    }

    /// Where a key's name stands, for keys that are there.
    pub(super) fn key_span(&self, name: &str) -> Option<Span> {
        self.keys.get_key_value(name).map(|(key, _)| key.span())
    }

    fn probably_meant(&self, name: &str) -> Option<&'static str> {
        nearest(name, schema::keys_of(self.schema))
    }

    fn unknown(&self, span: Span, name: &str, value: &DeValue<'_>) {
        let place = match self.schema {
            "" => "at the top of the file".to_owned(),
            "selection" => format!("in `{}`", self.path),
            _ => format!("in [{}]", self.path),
        };
        let above = self.path.strip_prefix("endpoints.").filter(|_| value.is_table());
        if above.is_some_and(known::begins_full_names) {
            // The table's name is reported, with the cure for both.
            return;
        }
        let dotted = above
            .map(|above| format!("{above}.{name}"))
            .filter(|dotted| known::service(dotted).is_some());
        let known_keys = || schema::keys_of(self.schema);
        let help = if let Some(dotted) = dotted {
            format!("a name with a dot needs quotes: [endpoints.\"{dotted}\"]")
        } else if let Some(near) = self.probably_meant(name) {
            format!("did you mean `{near}`?")
        } else if schema::key("", name).is_some() {
            format!("`{name}` belongs to the top of the file, above the first [table]")
        } else if let Some(table) = schema::tables_with(name).next() {
            format!("`{name}` belongs into [{}]", table.replace('*', "NAME"))
        } else {
            format!("known here: {}", known_keys().collect::<Vec<_>>().join(", "))
        };
        let title = format!("unknown key `{name}` {place}");
        self.reading.problems.push(Problem::at(span, title, help));
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
