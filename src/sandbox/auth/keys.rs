//! Access keys that are recognisable as the sandbox's and worth nothing anywhere else: long-term ones begin
//! with `AKIASANDBOX` and hold their account, those of sessions begin with `ASIASANDBOX`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use sha2::{Digest as _, Sha256};

/// How a long-term key begins.
pub(crate) const LONG_TERM: &str = "AKIASANDBOX";
/// How the key of a session begins.
pub(crate) const SESSION: &str = "ASIASANDBOX";

const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The long-term access key of an account's operator: the account's number in base 36 and a final `A`.
pub(crate) fn operator_key(account: &str) -> String {
    let mut number: u64 = account.parse().unwrap_or(0);
    let mut digits = [b'0'; 8];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[usize::try_from(number % 36).unwrap_or(0)];
        number /= 36;
    }
    format!("{LONG_TERM}{}A", String::from_utf8_lossy(&digits))
}

/// The account of a long-term key.
pub(crate) fn account_of(key: &str) -> Option<String> {
    let digits = key.strip_prefix(LONG_TERM)?.strip_suffix('A')?;
    if digits.len() != 8 {
        return None;
    }
    let number = u64::from_str_radix(digits, 36).ok()?;
    Some(format!("{number:012}"))
}

/// The secret that belongs to a key. It protects nothing: it only lets signatures be checked.
pub(crate) fn secret_of(key: &str) -> String {
    let digest = Sha256::digest(format!("linkwalk sandbox: worthless elsewhere: {key}"));
    let mut secret = STANDARD_NO_PAD.encode(digest);
    secret.truncate(40);
    secret
}

#[cfg(test)]
mod tests {
    use super::{account_of, operator_key};

    #[test]
    fn a_long_term_key_names_its_account() {
        for account in ["000000000000", "111122223333", "999999999999"] {
            let key = operator_key(account);
            assert_eq!(key.len(), 20);
            assert_eq!(account_of(&key).as_deref(), Some(account));
        }
        assert_eq!(account_of("AKIAIOSFODNN7EXAMPLE"), None);
    }
}
