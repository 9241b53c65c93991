//! A small writer of the XML that EC2 and STS answer with.

use std::fmt::Display;

/// The inside of an answer, written from the outside in.
#[derive(Debug, Default, Clone)]
pub(crate) struct Xml(String);

impl Xml {
    /// An empty body.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// `<name>value</name>`.
    pub(crate) fn leaf(&mut self, name: &str, value: impl Display) -> &mut Self {
        self.start(name);
        escape(&mut self.0, &value.to_string());
        self.end(name)
    }

    /// The leaf, if there is a value.
    pub(crate) fn maybe(&mut self, name: &str, value: Option<impl Display>) -> &mut Self {
        if let Some(value) = value {
            self.leaf(name, value);
        }
        self
    }

    /// `<name>…</name>` with what `inside` writes.
    pub(crate) fn element(&mut self, name: &str, inside: impl FnOnce(&mut Self)) -> &mut Self {
        self.start(name);
        inside(self);
        self.end(name)
    }

    /// `<name><item>…</item>…</name>`: EC2's lists. An empty list is an empty element, as in EC2.
    pub(crate) fn set<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        self.element(name, |xml| {
            for item in items {
                xml.element("item", |xml| each(xml, item));
            }
        })
    }

    /// A list of plain values.
    pub(crate) fn values<T: Display>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        self.element(name, |xml| {
            for item in items {
                xml.leaf("item", item);
            }
        })
    }

    /// `<return>true</return>`, the answer of actions that have nothing to say.
    pub(crate) fn done() -> Self {
        let mut xml = Self::new();
        xml.leaf("return", true);
        xml
    }

    /// What was written.
    pub(crate) fn into_string(self) -> String {
        self.0
    }

    fn start(&mut self, name: &str) {
        self.0.push('<');
        self.0.push_str(name);
        self.0.push('>');
    }

    fn end(&mut self, name: &str) -> &mut Self {
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
        self
    }
}

/// Writes text so that it may stand between tags. Characters that XML 1.0 cannot hold become U+FFFD.
pub(crate) fn escape(out: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#xd;"),
            '\n' | '\t' => out.push(letter),
            control if control.is_control() => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
}
