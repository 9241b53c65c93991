//! Pages with opaque tokens: a token only fits the request it came from.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::sandbox::dice::Dice;

/// Which page of a list is wanted.
#[derive(Debug)]
pub(crate) struct Page {
    limit: usize,
    after: Option<String>,
    scope: String,
}

/// A token that was not given out for this request.
#[derive(Debug)]
pub(crate) struct BadToken;

impl Page {
    /// A page of at most `limit` items of the list that `scope` names, after the `token`.
    pub(crate) fn new(scope: &str, limit: usize, token: Option<&str>) -> Result<Self, BadToken> {
        let scope = Dice::new(0, &["page", scope]).hex(12);
        let after = match token {
            None => None,
            Some(token) => Some(open(&scope, token).ok_or(BadToken)?),
        };
        Ok(Self { limit, after, scope })
    }

    /// The items of this page and the token of the next; `items` are in order of their keys.
    pub(crate) fn cut<T>(
        &self,
        items: impl IntoIterator<Item = T>,
        key: impl Fn(&T) -> String,
    ) -> (Vec<T>, Option<String>) {
        let mut page = Vec::new();
        for item in items {
            if self.after.as_ref().is_some_and(|after| key(&item) <= *after) {
                continue;
            }
            if page.len() == self.limit {
                let last = page.last().map(&key).unwrap_or_default();
                return (page, Some(seal(&self.scope, &last)));
            }
            page.push(item);
        }
        (page, None)
    }

    /// A token for the same page again: the way to an empty page that is not the last.
    pub(crate) fn again(&self) -> String {
        seal(&self.scope, self.after.as_deref().unwrap_or_default())
    }

    /// True for the first page.
    pub(crate) fn first(&self) -> bool {
        self.after.is_none()
    }
}

fn seal(scope: &str, key: &str) -> String {
    let check = Dice::new(1, &["token", scope, key]).hex(12);
    URL_SAFE_NO_PAD.encode(format!("{check}{scope}{key}"))
}

fn open(scope: &str, token: &str) -> Option<String> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let key = text.get(24..)?;
    (seal(scope, key) == token).then(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::Page;

    #[test]
    fn pages_add_up_and_a_token_only_fits_its_own_list() {
        let items = ["a", "b", "c", "d", "e"];
        let key = |item: &&str| (*item).to_owned();
        let (first, token) = Page::new("list", 2, None).unwrap().cut(items, key);
        assert_eq!(first, ["a", "b"]);
        let token = token.unwrap();
        let (second, _) = Page::new("list", 2, Some(&token)).unwrap().cut(items, key);
        assert_eq!(second, ["c", "d"]);
        assert!(Page::new("another", 2, Some(&token)).is_err());
        assert!(Page::new("list", 2, Some("c")).is_err());
    }
}
