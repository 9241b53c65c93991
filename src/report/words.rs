//! Durations, counts and lists, said the same way everywhere.

use std::time::Duration;

use crate::report::progress::Done;

/// What stands above everything that comes out of the sandbox.
pub const SANDBOX: &str = "SANDBOX: no real account is read or changed.";

/// `42s`, `4m12s`, `1h03m`; rounded down, never empty.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, s) => format!("{m}m{s:02}s"),
        (h, m, _) => format!("{h}h{m:02}m"),
    }
}

/// `1 account`, `6 accounts`: for nouns that take an s.
pub fn count(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// `+6 endpoints, +1 security group`; empty when nothing was done.
pub fn done(done: &Done) -> String {
    let parts: Vec<_> =
        done.iter().map(|(symbol, noun, n)| format!("{symbol}{}", count(n, noun))).collect();
    parts.join(", ")
}

/// `43 changed, 6 in sync`: what is not zero.
pub fn counts(counts: impl IntoIterator<Item = (&'static str, usize)>) -> String {
    let parts: Vec<_> = counts
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(label, count)| format!("{count} {label}"))
        .collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_said_in_its_two_largest_units() {
        for (seconds, said) in [
            (0, "0s"),
            (42, "42s"),
            (60, "1m00s"),
            (252, "4m12s"),
            (3599, "59m59s"),
            (3600, "1h00m"),
            (3780, "1h03m"),
            (360_000, "100h00m"),
        ] {
            assert_eq!(duration(Duration::from_secs(seconds)), said);
        }
        assert_eq!(duration(Duration::from_millis(1999)), "1s");
    }

    #[test]
    fn one_is_singular() {
        assert_eq!(count(0, "account"), "0 accounts");
        assert_eq!(count(1, "account"), "1 account");
        assert_eq!(count(2, "account"), "2 accounts");
    }

    #[test]
    fn zeros_are_not_said() {
        assert_eq!(
            counts([("changed", 43), ("failed", 0), ("in sync", 6)]),
            "43 changed, 6 in sync"
        );
        assert_eq!(counts([("changed", 0)]), "");
    }
}
