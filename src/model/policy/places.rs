//! Where things stand in a JSON text: the line of every value, by its path. The text has been read by a
//! real parser before, so that nothing is checked here.

use std::collections::BTreeMap;

/// Lines of a text's values.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// From the path (`/Statement/0/Effect`) to the line, from 1; of a member the line of its key.
    lines: BTreeMap<String, usize>,
    /// Members that an object has twice, of which a parser keeps the last: the key and its line.
    pub(super) twice: Vec<(String, usize)>,
}

impl Places {
    /// The places of a text that is JSON.
    pub(super) fn of(text: &str) -> Self {
        let mut scanner = Scanner { text, at: 0, line: 1, places: Self::default() };
        scanner.value("");
        scanner.places
    }

    /// The line of the value at a path, or of the nearest one around it.
    pub(super) fn line(&self, path: &str) -> usize {
        let mut path = path;
        loop {
            if let Some(line) = self.lines.get(path) {
                return *line;
            }
            match path.rsplit_once('/') {
                Some((around, _)) => path = around,
                None => return 1,
            }
        }
    }
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    places: Places,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is not white space.
    fn next_token(&mut self) -> Option<u8> {
        while let Some(byte) = self.peek().filter(u8::is_ascii_whitespace) {
            self.line += usize::from(byte == b'\n');
            self.at += 1;
        }
        self.peek()
    }

    fn value(&mut self, path: &str) {
        let token = self.next_token();
        self.places.lines.entry(path.to_owned()).or_insert(self.line);
        match token {
            Some(b'{') => self.object(path),
            Some(b'[') => self.list(path),
            Some(b'"') => drop(self.string()),
            _ => {
                while self.peek().is_some_and(|byte| !b",]} \t\r\n".contains(&byte)) {
                    self.at += 1;
                }
            }
        }
    }

    fn object(&mut self, path: &str) {
        self.at += 1;
        loop {
            match self.next_token() {
                Some(b'"') => {
                    let line = self.line;
                    let key = self.string();
                    let member = format!("{path}/{key}");
                    if self.places.lines.insert(member.clone(), line).is_some() {
                        self.places.twice.push((key, line));
                    }
                    // The colon.
                    self.next_token();
                    self.at += 1;
                    self.value(&member);
                }
                Some(b',') => self.at += 1,
                _ => break,
            }
        }
        self.at += 1;
    }

    fn list(&mut self, path: &str) {
        self.at += 1;
        let mut index = 0;
        loop {
            match self.next_token() {
                Some(b',') => self.at += 1,
                Some(b']') | None => break,
                Some(_) => {
                    self.value(&format!("{path}/{index}"));
                    index += 1;
                }
            }
        }
        self.at += 1;
    }

    /// The text of a string, whose opening quote is next.
    fn string(&mut self) -> String {
        let from = self.at;
        self.at += 1;
        while let Some(byte) = self.peek().filter(|byte| *byte != b'"') {
            self.at += if byte == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
        let quoted = self.text.get(from..self.at).unwrap_or_default();
        serde_json::from_str(quoted).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_its_line() {
        let text = "{\n  \"a\": [1,\n    {\"b\": \"\\\"}\", \n\"c/d\": {}}],\n\"e\":\n true\n}";
        let places = Places::of(text);
        for (path, line) in [
            ("", 1),
            ("/a", 2),
            ("/a/0", 2),
            ("/a/1", 3),
            ("/a/1/b", 3),
            ("/a/1/c/d", 4),
            ("/e", 5),
            ("/a/1/none", 3),
        ] {
            assert_eq!(places.line(path), line, "{path}");
        }
        assert!(places.twice.is_empty());
    }

    #[test]
    fn a_member_that_stands_twice_is_found() {
        let places = Places::of("{\"a\": 1,\n\"b\": {\"a\": 2},\n\"a\": 3}");
        assert_eq!(places.twice, [("a".to_owned(), 3)]);
    }
}
